"""What the page says where there is nothing to show, and where what it shows is old."""
import time

import pytest

import windows
from axe import complaints
from chromium import Browser
from console_client import Console
from control import one_endpoint, shadow_tests
from records import Record
from waiting import until
import witness


@pytest.fixture
def look():
    """Opens a browser on a console; it must have found nothing wrong."""
    made = []

    def open_browser(console):
        made.append(Browser(f"http://{console.address}"))
        return made[-1]
    yield open_browser
    errors = [error for browser in made for error in browser.errors()]
    for browser in made:
        browser.close()
    assert errors == []


# Nothing


def test_what_to_do_first_is_explained_step_by_step(umbra, look):
    """From nothing over an endpoint to a test, without a reload."""
    umbra.run("umbractl", "init")
    page = look(Console(umbra))
    page.open("/")
    page.wait_text("Nothing is tested yet: the first step")
    assert "umbractl -b BROKER apply -f churn.conf" in page.text() and "integration/demo" in page.text()
    assert complaints(page) == []
    page.picture("empty")
    umbra.apply(one_endpoint(umbra))
    page.wait_text("No test so far")
    assert f"There is one endpoint: {umbra.endpoint}." in page.text() and f'endpoint = "{umbra.endpoint}"' in page.text("pre")
    assert complaints(page) == []
    page.picture("first-test")
    umbra.apply(shadow_tests(umbra.endpoint, "t"))
    until(lambda: page.texts("tbody a") == ["t"], "the test is listed")
    page.click("tbody a")
    page.wait_text("Nothing has been counted yet")
    assert f"umbractl describe endpoint {umbra.endpoint}" in page.text()
    assert not page.one(".controls").is_displayed(), "there is nothing to look at"
    assert complaints(page) == []
    page.picture("no-data")
    page.click("main li a", "System")
    page.wait_text("Programs seen")


def test_the_definitions_it_proposes_are_taken(umbra, look):
    """Word by word, but for the hosts, which are nobody's."""
    umbra.run("umbractl", "init")
    page = look(Console(umbra))
    page.open("/")
    page.wait_text("the first step")
    umbra.apply(page.text("pre").replace("churn", umbra.endpoint))
    page.wait_text(f"{umbra.endpoint}-v2-vs-v1")
    umbra.run("umbractl", "delete", f"{umbra.endpoint}-v2-vs-v1", "--yes")
    page.wait_text("No test so far")
    umbra.apply(page.text("pre"))
    page.wait_text(f"{umbra.endpoint}-trial")


# Old


def now_window(umbra):
    return {**windows.window(umbra), "window_start": int(time.time() * 1e6) // windows.WINDOW * windows.WINDOW, "provisional": True}


def test_it_says_of_a_running_test_that_nothing_comes(umbra, look):
    windows.install(umbra)
    windows.write_keyed(umbra, (windows.window(umbra), False))
    page = look(Console(umbra))
    page.open("/tests/t")
    page.wait_text("Nothing has come since 2023-11-14T22:13:30Z", "#banner")
    assert "mild" in page.one("#banner").get_attribute("class") and page.text("#freshness").startswith("Quiet, data to")
    assert complaints(page) == []
    page.picture("quiet")
    page.open("/")
    page.wait_text("Nothing has come since", "tbody")
    assert not page.one("#banner").is_displayed()
    page.open("/tests/t/settings")
    page.wait_text("Nothing has come since", "#banner")
    windows.write_keyed(umbra, (now_window(umbra), False))
    until(lambda: not page.one("#banner").is_displayed(), "something came")
    page.wait_text("Live, data to", "#freshness")


def test_it_says_that_the_console_is_behind(own_broker, new_umbra, look):
    umbra = new_umbra(own_broker.address)
    windows.install(umbra)
    windows.write_keyed(umbra, (now_window(umbra), False))
    console = Console(umbra)
    page = look(console)
    page.open("/tests/t")
    page.wait_text("Live, data to", "#freshness")
    own_broker.kill()
    page.wait_text("The console is behind: ", "#banner", 90)
    assert page.text("#freshness") == "Stale" and "The newest numbers are of " in page.text("#banner")
    assert "148 pairs" in page.text(".sentence"), "what it knows stays"
    page.picture("behind")
    page.open("/system")
    assert page.text(".alarm").startswith("Alarm: ")
    own_broker.start()
    until(lambda: "The console is behind" not in page.text("#banner"), lambda: page.text("#banner"), 90)
    until(lambda: not page.all(".alarm"), lambda: f"the alarm is over: {console.get('system')}, {page.text()}", 60)


# A long history


def test_the_history_does_not_call_the_oldest_that_it_knows_the_creation(ready, look):
    [record] = witness_control(ready)
    definition = next(c["definition"] for c in record["changes"] if c["name"] == "t")
    ready.kafka.produce(ready.own_topic("control"), [Record(None, witness.encode("control_record", {
        "generation": generation, "write_id": f"00000000-0000-4000-8000-{generation:012}", "author": "ada", "time": 1, "reason": "",
        "changes": [{"kind": "TEST", "action": "PUT", "name": "t", "definition": definition.replace('"sampling":500000', f'"sampling":{generation}')}]}), [],
        partition=0) for generation in range(record["generation"] + 1, record["generation"] + 203)])
    console = Console(ready)
    until(lambda: console.get("tests/t")["generation"] == record["generation"] + 202, lambda: console.get("tests/t"))
    page = look(console)
    page.open("/tests/t/settings")
    rows = page.texts("[aria-label=History] tbody tr")
    assert len(rows) == 200 and all("test t changed" in row for row in rows[:199])
    assert "test t written" in rows[199] and "sampling" not in rows[199]
    assert "umbractl history" in page.text()
    page.open("/tests/u/settings")
    assert "test u created" in page.text()


def witness_control(umbra):
    """The newest record of the control log."""
    return [witness.decode(record.value)[1] for record in witness.read(umbra.kafka.brokers, umbra.own_topic("control"))][-1:]


# The picture in the README


def test_the_readme_shows_a_picture_of_it():
    from program import ROOT
    picture = ROOT / "integration" / "console.png"
    assert "(integration/console.png)" in (ROOT / "README.md").read_text()
    data = picture.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) < 300 * 1024
    width, height = (int.from_bytes(data[i:i + 4], "big") for i in (16, 20))
    assert width >= 1200 and height >= 1000
