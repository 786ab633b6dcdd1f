"""Headless Chromium, driven by Debian's chromedriver: what the tests of the page do with it."""
import json
import pathlib
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from program import ROOT
from waiting import until

PICTURES = ROOT / "build" / "results" / "browser"
IDLE = "return document.getElementById('view').getAttribute('aria-busy') === 'false'"


class Browser:
    """One window. `origin` is the console's address; paths are relative to it."""

    def __init__(self, origin, width=1400, height=1600, arguments=()):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars", f"--window-size={width},{height}", *arguments):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.origin = origin
        self.size(width, height)

    def close(self):
        self.driver.quit()

    # Where it looks

    def size(self, width, height):
        """Also narrower than a window may be."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def prefer(self, scheme):
        """What the system says: dark or light."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def open(self, path):
        self.driver.get(self.origin + path)
        self.wait_idle()
        return self

    def wait_idle(self):
        until(lambda: self.run(IDLE), "the view is filled")

    def query(self):
        parts = urllib.parse.urlsplit(self.driver.current_url)
        return dict(urllib.parse.parse_qsl(parts.query))

    def path(self):
        return urllib.parse.urlsplit(self.driver.current_url).path

    # What stands there

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector="main"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        """Of all of them at one moment: what is live may be made anew at the next."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector)

    def wait_text(self, wanted, selector="main", seconds=30):
        until(lambda: wanted in self.text(selector), lambda: f"{wanted!r} in {self.text(selector)!r}", seconds, every=0.1)

    def facts(self):
        """{key: (raw number as text, what is shown)}: every number that is one of the report's."""
        return {key: (raw, shown) for key, raw, shown in self.run(
            "return [...document.querySelectorAll('[data-fact]')].map((e) => [e.dataset.fact, e.dataset.value, e.textContent])")}

    def chart(self, metric):
        return self.one(f'.chart[data-metric="{metric}"]')

    def wait_chart(self, metric):
        """Scrolled to and drawn."""
        self.run("arguments[0].scrollIntoView({block: 'center'})", self.chart(metric))
        until(lambda: self.all(f'.chart.has-data[data-metric="{metric}"] canvas'), f"{metric} is drawn")
        return self.chart(metric)

    def legend(self, metric):
        return self.text(f'.chart[data-metric="{metric}"] .legend')

    def columns(self, metric, variable):
        """The x of the chart's pixels that have this colour of the style sheet, once for each of them, ascending."""
        return sorted(set(self.places(metric, variable)))

    def pixels(self, metric, variable):
        return len(self.places(metric, variable))

    def places(self, metric, variable):
        return self.run("""
            const [metric, variable] = arguments;
            const probe = document.createElement("canvas").getContext("2d");
            probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
            probe.fillRect(0, 0, 1, 1);
            const wanted = probe.getImageData(0, 0, 1, 1).data;
            return [...document.querySelectorAll(`.chart[data-metric="${metric}"] canvas`)].flatMap((canvas) => {
                const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const found = [];
                for (let i = 0; i < data.length; i += 4)
                    if (data[i + 3] > 200 && [0, 1, 2].every((c) => Math.abs(data[i + c] - wanted[c]) < 6))
                        found.push(i / 4 % canvas.width);
                return found;
            });""", metric, variable)

    def table_of(self, metric):
        """The chart's table for screen readers, opened: its rows as texts."""
        return self.run("""
            const details = document.querySelector(`.chart[data-metric="${arguments[0]}"] details`);
            details.open = true;
            details.dispatchEvent(new Event("toggle"));
            return [...details.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
            """, metric)

    # What a person does

    def click(self, selector, text=None):
        """Once more, if it was made anew between looking and clicking."""
        try:
            self.click_now(selector, text)
        except StaleElementReferenceException:
            self.click_now(selector, text)

    def click_now(self, selector, text):
        found = [e for e in self.all(selector) if text is None or e.text == text]
        assert found, f"{selector} {text!r} is not there"
        self.run("arguments[0].scrollIntoView({block: 'center'})", found[0])
        found[0].click()

    def choose(self, selector, value):
        """An option of a list."""
        self.run("const [at, value] = arguments; const list = document.querySelector(at); list.value = value; "
                 "list.dispatchEvent(new Event('change'))", selector, value)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, holds, limit=80):
        """Presses Tab until the script about `e`, the focused element, holds."""
        for _ in range(limit):
            self.press(Keys.TAB)
            if self.run(f"const e = document.activeElement; return Boolean({holds})"):
                return
        raise AssertionError(f"Tab does not reach {holds}")

    def drag(self, metric, start, end):
        """Over the chart, from one part of its width to another."""
        canvas = self.run("return arguments[0].querySelector('canvas:last-of-type')", self.wait_chart(metric))
        width = canvas.size["width"]
        chain = ActionChains(self.driver).move_to_element_with_offset(canvas, int(width * (start - 0.5)), 0)
        chain.click_and_hold().move_by_offset(int(width * (end - start)), 0).release().perform()

    def hover(self, metric):
        self.wait_chart(metric)
        ActionChains(self.driver).move_to_element(self.one(f'.chart[data-metric="{metric}"] .figure')).perform()

    # What it noticed

    def errors(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requested(self):
        """The addresses that the page asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def picture(self, name, whole=False):
        """Kept in build/results/browser."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = pathlib.Path(PICTURES / f"{name}.png")
        if whole:
            self.size(self.run("return innerWidth"), self.run("return document.documentElement.scrollHeight"))
            self.wait_idle()
        self.driver.save_screenshot(str(path))
        return path
