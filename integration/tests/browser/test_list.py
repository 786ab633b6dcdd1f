"""The list of tests: what a row says, and how a person filters, sorts and pages it."""
import pytest
from selenium.webdriver.support.ui import Select

from chromium import Browser
from console_client import Console
from control import NOWHERE, shadow_tests
from definitions import definitions, endpoint, variant
from installation import Installation
from reading import as_text
from waiting import until

NAMES = ["a-first", "b-later", "c-other", "d-first", "e-set"]


@pytest.fixture(scope="module")
def console(kafka, tmp_path_factory):
    """b-later is not begun, d-first is cancelled, e-set was modified last; created in the reverse order."""
    umbra = Installation(kafka, tmp_path_factory.mktemp("list"))
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", NOWHERE)])))
    for name in reversed(NAMES):
        settings = {"start": "2099-01-01T00:00:00Z", "end": "2099-02-01T00:00:00Z"} if name == "b-later" else {}
        umbra.apply(shadow_tests(umbra.endpoint, name, sampling=5.0, **settings))
    umbra.run("umbractl", "cancel", "d-first")
    umbra.run("umbractl", "set", "e-set", "sampling=6.25")
    console = Console(umbra)
    until(lambda: len(console.get("tests")["tests"]) == 5, "all are read")
    yield console
    umbra.close()


@pytest.fixture(scope="module")
def page(console):
    browser = Browser(f"http://{console.address}")
    yield browser
    errors = browser.errors()
    browser.close()
    assert errors == []


def names(page):
    return page.texts("tbody th a")


def wait_names(page, *wanted):
    until(lambda: names(page) == list(wanted), lambda: f"{wanted}: {names(page)}")


def choose(page, control, text):
    """As a person does, by what the option says."""
    Select(page.one(f"#{control}")).select_by_visible_text(text)


def cells(page, selector="tbody tr"):
    return dict(page.run("return [...document.querySelectorAll(`${arguments[0]} td`)].map((c) => [c.dataset.label, c.innerText])", selector))


def test_a_row_says_how_the_test_stands(written, written_page):
    page = written_page
    page.open("/?name_contains=t")
    test = written.console.get("tests/t")
    shown = cells(page, "tbody tr:first-child")
    assert shown["Progress"].strip() == f"{100 * test['progress']:.0f} %" and 0 < test["progress"] < 1
    assert float(page.one("progress").get_attribute("value")) == pytest.approx(test["progress"], abs=1e-6)
    assert shown["Agreement"] == f"{100 * test['agreement']:.2f} %" and shown["Compared"] == as_text("compared", test["compared"])
    mark, _, rest = shown["Health"].partition("attention")
    assert mark.strip() == "!" and rest.strip().startswith(test["health_reason"])
    assert (shown["State"], shown["Sampling"], shown["Candidate"]) == ("running", "50 %", "t-v2")
    heads = page.texts("thead th")
    assert heads == ["Test", "State", "Endpoint", "Candidate", "Sampling", "Progress", "Compared", "Agreement", "Health"]


def test_what_nothing_is_known_of_is_a_dash(page):
    page.open("/?name_contains=e-set")
    assert cells(page) == {**cells(page), "Sampling": "6.25 %", "Compared": "0", "Agreement": "–", "Progress": " 0 %"}
    assert "waiting" in cells(page)["Health"]


@pytest.mark.parametrize("state, wanted", [("created", ["b-later"]), ("cancelled", ["d-first"]), ("running", ["a-first", "c-other", "e-set"]), ("failed", [])])
def test_a_state_is_chosen(page, state, wanted):
    page.open("/")
    wait_names(page, *NAMES)
    choose(page, "status", state)
    wait_names(page, *wanted)
    assert page.query() == {"status": state}
    if not wanted:
        page.wait_text("No test fits.")
        page.click("main p a", "Show all tests")
    else:
        choose(page, "status", "all")
    wait_names(page, *NAMES)
    assert page.query() == {}


@pytest.mark.parametrize("sort, wanted", [("created", NAMES[::-1]), ("changed", ["c-other", "b-later", "a-first", "d-first", "e-set"]),
                                          ("state", ["b-later", "a-first", "c-other", "e-set", "d-first"]), ("test", NAMES)])
def test_it_is_sorted_both_ways(page, sort, wanted):
    page.open("/")
    choose(page, "sort", sort)
    wait_names(page, *wanted)
    choose(page, "order", "descending")
    wait_names(page, *wanted[::-1])
    query = page.query()
    page.open(page.driver.current_url.removeprefix(page.origin))
    wait_names(page, *wanted[::-1])
    assert page.query() == query, "the address can be sent to a colleague"
    assert Select(page.one("#order")).first_selected_option.text == "descending"
    assert Select(page.one("#sort")).first_selected_option.text == sort


def test_a_long_list_has_pages(page):
    page.open("/?max_results=2&order=desc")
    seen = []
    for _ in range(2):
        until(lambda: names(page) and names(page) != seen[-2:], "the next page")
        assert len(names(page)) == 2
        seen += names(page)
        page.click("main button", "Next tests")
    wait_names(page, "a-first")
    assert seen == NAMES[:0:-1]
    assert "Next tests" not in page.texts("main button"), "it is the last page"
    page.driver.back()
    wait_names(page, *seen[2:])
    choose(page, "order", "ascending")
    wait_names(page, "a-first", "b-later")
    assert "page_token" not in page.query(), "another order begins at its first page"


def test_on_a_phone_each_cell_has_its_name(page):
    page.size(360, 740)
    page.open("/?name_contains=a-first")
    assert page.run("return [...document.querySelectorAll('tbody td')].every((c) => getComputedStyle(c, '::before').content === `\"${c.dataset.label} \"`)")
    right = page.run("return Math.max(...[...document.querySelectorAll('tbody td')].map((c) => c.getBoundingClientRect().right))")
    assert right <= 360
    page.size(1400, 1600)
