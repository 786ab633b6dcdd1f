"""The console's page in a browser, on the demo's data: what it shows, and what a person can do."""
import datetime
import re

import pytest
from selenium.webdriver.common.keys import Keys

import png
from axe import complaints
from demo import TEST
from reading import as_text, ask, told
from waiting import until

VIEWS = {"list": "/", "test": f"/tests/{TEST}", "mismatches": f"/tests/{TEST}/mismatches",
         "settings": f"/tests/{TEST}/settings", "system": "/system"}


@pytest.mark.parametrize("population", ["compared", "all"])
def test_every_number_on_the_page_is_the_reports(demo, page, population):
    report = demo.report()
    page.open(f"/tests/{TEST}?population={population}")
    facts = {key: fact for key, fact in page.facts().items() if not key.startswith(("headline", "test"))}
    assert len(facts) >= 30
    assert {f"quality|shadow|churn-v2|{side}.accuracy" for side in ("production", "own")} <= facts.keys()
    for key, (raw, shown) in facts.items():
        number = told(report, key)
        assert raw == "null" if number is None else abs(float(raw) - number) <= abs(number) * 1e-9, key
        digits = as_text(key, number).replace("-", "").split(" ")[0]
        assert digits in shown, (key, shown, number)


def test_the_bar_adds_up(demo, page):
    [account] = demo.report()["accounting"]
    page.open(f"/tests/{TEST}")
    parts = page.run("return [...document.querySelector('.accounting .bar').children].map((e) => Number(e.style.flexGrow))")
    assert sum(parts) == account["sampled"] > 0
    assert f"sampled {account['sampled']:,} = paired {account['paired']:,} + lost" in page.text(".identity")


def test_the_head_says_where_the_test_stands(demo, page):
    report = demo.report()
    [account], [comparison] = report["accounting"], report["comparison"]
    page.open(f"/tests/{TEST}")
    sentence = page.text(".sentence")
    assert sentence.startswith("Running, day 1 of 7: ")
    assert f"{account['paired']:,} pairs" in sentence
    assert f"{100 * comparison['match'] / comparison['compared']:.1f} %" in sentence


def test_the_list_shows_every_test_and_leads_to_it(demo, page):
    [comparison] = demo.report()["comparison"]
    page.open("/")
    row = page.text("tbody tr")
    for word in (TEST, "running", demo.endpoint, "churn-v2", "50 %", f"{comparison['compared']:,}"):
        assert word in row
    page.click("tbody a", TEST)
    assert page.path() == f"/tests/{TEST}"
    page.wait_text("Every copy for churn-v2")
    page.driver.back()
    page.wait_text("Name contains")


def test_the_list_is_searched_by_name(page):
    page.open("/")
    page.one("#search").send_keys("nothing-like-it")
    page.wait_text("No test fits.")
    assert page.query() == {"name_contains": "nothing-like-it"}


# Charts


@pytest.mark.parametrize("metric", ["invocations", "model_latency", "overhead_latency", "cpu", "memory", "disk"])
def test_charts_draw_both_variants(page, metric):
    page.open(f"/tests/{TEST}")
    page.wait_chart(metric)
    until(lambda: page.pixels(metric, "--production-0"), "production is drawn")
    assert page.pixels(metric, "--shadow-0")
    assert page.run("return document.querySelector(`.chart[data-metric=\"${arguments[0]}\"] .legend`).innerText", metric).split("\n") == [
        "production churn-v1", "shadow churn-v2"]


def test_zoom_holds_for_all_charts_and_can_be_sent_to_a_colleague(page):
    page.open(f"/tests/{TEST}")
    page.drag("model_latency", 0.3, 0.8)
    until(lambda: "from" in page.query(), "the address has the stretch")
    page.wait_text("Zoom out")
    stretch = page.query()
    page.open("/")
    page.open(f"/tests/{TEST}?from={stretch['from']}&to={stretch['to']}")
    assert "Zoom out" in page.text(".zoomed")
    page.wait_chart("invocations")
    times = [row[0].replace(" ", "T") + "Z" for row in until(lambda: page.table_of("invocations"), "rows")]
    start = datetime.datetime.strptime(stretch["from"], "%Y-%m-%dT%H:%M:%SZ") - datetime.timedelta(seconds=10)
    assert start.strftime("%Y-%m-%dT%H:%M:%SZ") <= times[0] and times[-1] <= stretch["to"]
    page.click(".zoomed button")
    until(lambda: "from" not in page.query(), "all is seen again")


def stand_on_a_value(page, metric):
    """By the keyboard: from the left to the first time at which both models have a value."""
    page.run("arguments[0].querySelector('.figure').focus()", page.wait_chart(metric))
    page.press(Keys.HOME)

    def look():
        if re.search(r"churn-v1 \d.* [µm]s\nshadow churn-v2 \d.* [µm]s\nat ", page.legend(metric)):
            return True
        page.press(Keys.ARROW_RIGHT)
        return False
    until(look, lambda: f"a time with two values: {page.legend(metric)}")


def test_the_crosshair_stands_in_every_chart(page):
    page.size(1400, 3000)
    page.open(f"/tests/{TEST}")
    for metric in ("invocations", "model_latency", "overhead_latency"):
        page.wait_chart(metric)
    page.hover("model_latency")
    until(lambda: len(page.all(".crosshair:not([hidden])")) >= 3, "the crosshair is in all charts")
    stand_on_a_value(page, "model_latency")
    when = page.legend("model_latency").rsplit("at ", 1)[1]
    assert page.legend("overhead_latency").endswith(f"at {when}")


def test_the_crosshair_stays_when_newer_numbers_come(demo, page):
    page.open(f"/tests/{TEST}")
    stand_on_a_value(page, "model_latency")
    when = page.legend("model_latency").rsplit("at ", 1)[1]
    aria = page.one('.chart[data-metric="model_latency"] .figure').get_attribute("aria-label")
    demo.send(300)
    until(lambda: page.one('.chart[data-metric="model_latency"] .figure').get_attribute("aria-label") != aria,
          "the chart is drawn again", 60)
    assert "at " in page.legend("model_latency"), when
    assert page.one('.chart[data-metric="model_latency"] .crosshair').is_displayed()


def test_distributions_stand_beside_the_paired_difference(page):
    page.open(f"/tests/{TEST}")
    page.wait_text("Model latency, same requests", ".histogram")
    assert len(page.all(".histogram svg path.production-0")) == 1
    assert len(page.all(".histogram svg path.shadow-0")) == 2
    page.run("const s = document.querySelector('.histogram').parentElement.previousElementSibling.querySelector('select'); "
             "s.value = 'overhead_latency'; s.dispatchEvent(new Event('change'))")
    page.wait_text("Overhead latency, all requests", ".histogram")


# Over time


def test_it_is_live_without_a_reload(demo, page):
    page.open(f"/tests/{TEST}")
    page.run("window.was_here = true")
    before = demo.sent
    demo.send(300)
    key = "all|production|churn-v1|invocations"
    until(lambda: page.facts()[key][0] == str(before + 300), lambda: page.facts()[key], 30)
    assert page.run("return window.was_here")


def test_it_says_when_it_is_stale(demo, page):
    page.open(f"/tests/{TEST}")
    assert not page.one("#banner").is_displayed()
    demo.console.suspend()
    try:
        page.wait_text("No connection to the console since", "#banner", 40)
        assert page.text("#freshness") == "Stale"
        page.picture("stale")
        assert "Every copy for churn-v2" in page.text()
    finally:
        demo.console.resume()
    until(lambda: not page.one("#banner").is_displayed(), "it is live again", 40)
    page.wait_text("Live", "#freshness")
    page.errors()  # what was asked meanwhile was not answered


# Other views


def test_settings_show_what_is_in_force_and_who_changed_it(demo, page):
    demo.run("umbractl", "set", TEST, "sampling=49.5")
    page.open(VIEWS["settings"])
    page.wait_text("sampling: 50 % → 49.5 %")
    assert "test churn-v2-vs-v1 created" in page.text()
    assert ask(demo.address, f"tests/{TEST}")["sampling_percent"] == 49.5
    demo.run("umbractl", "set", TEST, "sampling=50")
    page.wait_text("sampling: 49.5 % → 50 %")


def test_the_system_shows_programs_and_lag(demo, page):
    def rows(label):
        return [tuple(row) for row in page.run("return [...document.querySelectorAll(`[aria-label=\"${arguments[0]}\"] tbody tr`)].map("
                                               "(r) => [...r.cells].map((c) => c.textContent))", label)]
    page.open("/system")
    system = until(lambda: (told := ask(demo.address, "system")) and len(told["programs"]) >= 4 and told, "every program is seen", 60)
    until(lambda: {row[:3] for row in rows("Programs seen")} == {(p["program"], p["role"], p["instance"]) for p in system["programs"]},
          lambda: rows("Programs seen"), 40)
    assert {row[0] for row in rows("Programs seen")} >= {"umbra-console", "umbra-splitter", "umbra-shadow", "umbra-aggregator"}
    assert [row[:3] for row in rows("Lags")] == [(lag["program"], lag["role"], lag["topic"]) for lag in system["lags"]]
    until(lambda: {row[3] for row in rows("Lags") if row[0] in ("umbra-splitter", "umbra-shadow")} == {"0"},
          lambda: f"it is seen that all was read: {rows('Lags')}", 90, every=0.5)
    page.click("main summary")
    assert len(rows("Partitions")) == len(system["partitions"]) > 0
    assert f"churn-v1, weight 1: {demo.model_url('churn-v1')}" in page.text()


def test_mismatches_show_what_differs(demo, page):
    answer = ask(demo.address, f"tests/{TEST}/mismatches?limit=50")
    page.open(VIEWS["mismatches"])
    assert len(page.all(".example")) == len(answer["examples"]) > 0
    assert len(page.all(".example mark")) >= 2 * len(answer["examples"]), "label and probability differ"
    for example in answer["examples"][:3]:
        source = example["source"]
        assert f"{source['topic']}/{source['partition']}/{source['offset']}" in page.text()


def test_an_address_that_does_not_exist_says_so(page):
    page.open("/no/such/page")
    assert "There is no such page" in page.text()
    page.open("/tests/never-made")
    page.wait_text("never-made")
    assert page.all(".trouble")
    assert all("404" in error for error in page.errors())


# For everyone


@pytest.mark.parametrize("view", VIEWS)
def test_360_pixels_are_enough(page, view):
    page.size(360, 740)
    page.open(VIEWS[view])
    assert page.run("return document.documentElement.scrollWidth") <= 360
    page.picture(f"{view}-360")


def test_a_wall_screen_is_filled(page):
    page.size(3840, 2160)
    page.open(VIEWS["test"])
    page.wait_chart("invocations")
    columns = page.run("return getComputedStyle(document.querySelector('.grid')).gridTemplateColumns").split(" ")
    assert len(columns) >= 5
    page.picture("wall")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_accessibility_rules_find_nothing_serious(page, view, scheme):
    page.prefer(scheme)
    page.open(VIEWS[view])
    if view == "test":
        page.wait_chart("model_latency")
        page.table_of("model_latency")
    assert complaints(page) == []
    page.picture(f"{view}-{scheme}", whole=True)


def test_dark_is_dark_and_can_be_chosen(page):
    brightness = "return Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    page.prefer("dark")
    page.open("/")
    assert page.run(brightness) < 60
    page.prefer("light")
    until(lambda: page.run(brightness) > 200, "it follows the system")
    page.click("#theme")
    assert page.text("#theme") == "Theme: dark"
    assert page.run(brightness) < 60
    page.open("/system")
    assert page.run(brightness) < 60
    page.click("#theme")
    page.click("#theme")
    assert page.text("#theme") == "Theme: auto"


def test_the_keyboard_is_enough(page):
    page.open("/")
    page.press(Keys.TAB)
    assert page.run("return document.activeElement.textContent") == "Skip to the content"
    page.tab_to("e.closest('tbody') && e.matches('a')")
    page.press(Keys.ENTER)
    page.wait_text("Every copy for churn-v2")
    assert page.run("return document.activeElement.tagName") == "H1"
    page.tab_to("e.dataset.word === '1h'")
    page.press(Keys.ENTER)
    assert page.query()["range"] == "1h"
    page.wait_chart("invocations")
    page.tab_to("e.matches('.figure')")
    page.press(Keys.END)
    until(lambda: "production churn-v1" in page.run("return document.getElementById('announce').textContent"), "the values are announced")
    assert page.all(".crosshair:not([hidden])")
    page.press("+")
    until(lambda: "from" in page.query(), "it is zoomed")
    page.press("0")
    until(lambda: "from" not in page.query(), "all is seen again")


def test_the_readme_has_room_for_a_picture_of_it(page):
    page.size(1280, 1910)
    page.open(f"/tests/{TEST}?statistic=p99")
    for metric in ("model_latency", "agreement", "invocations"):
        page.wait_chart(metric)
    page.run("scrollTo(0, 0)")
    picture = page.picture("console")
    picture.write_bytes(png.smaller(picture.read_bytes()))
    assert picture.stat().st_size < 300 * 1024
