"""The console's list of tests: filtered, sorted and paged as its description says."""
import pytest

from console_client import Console
from control import NOWHERE, shadow_tests
from definitions import definitions, endpoint, variant
from waiting import until

NAMES = ["a-first", "b-later", "c-other", "d-first", "e-set"]


@pytest.fixture
def console(umbra):
    """Five tests, each a generation of its own: b-later is not begun, c-other is of another endpoint,
    d-first is cancelled, e-set was modified after all of them were created."""
    other = f"{umbra.endpoint}-b"
    umbra.run("umbractl", "init")
    umbra.apply(definitions(*(endpoint(name, [variant(f"{name}-v1", NOWHERE)]) for name in (umbra.endpoint, other))))
    for name in reversed(NAMES):  # so that the order of creation is not that of the names
        settings = {"start": "2099-01-01T00:00:00Z", "end": "2099-02-01T00:00:00Z"} if name == "b-later" else {}
        umbra.apply(shadow_tests(other if name == "c-other" else umbra.endpoint, name, sampling=5.0, **settings))
    umbra.run("umbractl", "cancel", "d-first")
    umbra.run("umbractl", "set", "e-set", "sampling=6")
    console = Console(umbra)
    until(lambda: len(console.get("tests")["tests"]) == 5, "all are read")
    return console


def names(console, **query):
    return [test["name"] for test in console.get("tests", **query)["tests"]]


def test_filters_leave_what_they_name(console):
    assert names(console) == NAMES
    assert names(console, name_contains="first") == ["a-first", "d-first"]
    assert names(console, name_contains="%") == []
    assert names(console, endpoint=f"{console.umbra.endpoint}-b") == ["c-other"]
    assert names(console, status="created") == ["b-later"]
    assert names(console, status="cancelled") == ["d-first"]
    assert names(console, status="running") == ["a-first", "c-other", "e-set"]
    assert names(console, status="running", name_contains="e", endpoint=console.umbra.endpoint) == ["e-set"]


def test_ranges_of_time_hold_their_beginning_and_not_their_end(console):
    created = {test["name"]: test["created"] for test in console.get("tests")["tests"]}
    modified = {test["name"]: test["modified"] for test in console.get("tests")["tests"]}
    assert names(console, created_after=created["b-later"]) == ["a-first", "b-later"]
    assert names(console, created_before=created["b-later"]) == ["c-other", "d-first", "e-set"]
    assert names(console, created_after=created["d-first"], created_before=created["b-later"]) == ["c-other", "d-first"]
    assert modified["e-set"] > modified["d-first"] > created["a-first"] == modified["a-first"]
    assert names(console, modified_after=modified["d-first"]) == ["d-first", "e-set"]
    assert names(console, modified_before=modified["d-first"]) == ["a-first", "b-later", "c-other"]


def test_every_order_has_its_reverse(console):
    orders = {"name": NAMES, "created": NAMES[::-1],
              "modified": ["c-other", "b-later", "a-first", "d-first", "e-set"],
              "status": ["b-later", "a-first", "c-other", "e-set", "d-first"]}
    for word, expected in orders.items():
        assert names(console, sort_by=word) == expected
        assert names(console, sort_by=word, order="desc") == expected[::-1]


def pages(console, **query):
    """The names of each page."""
    found, token = [], None
    while token or not found:
        answer = console.get("tests", **query, **({"page_token": token} if token else {}))
        found.append([test["name"] for test in answer["tests"]])
        token = answer["next_page_token"]
    return found


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_each_test_once_in_order(console, order):
    for word in ("name", "created", "modified", "status"):
        whole = names(console, sort_by=word, order=order)
        for size in (1, 2, 5):
            found = pages(console, sort_by=word, order=order, max_results=size)
            assert sum(found, []) == whole and {len(page) for page in found[:-1]} <= {size}
    assert pages(console, order=order, max_results=2, status="running") == (
        [["a-first", "c-other"], ["e-set"]] if order == "asc" else [["e-set", "c-other"], ["a-first"]])


def test_a_page_goes_on_where_the_last_one_ended_though_a_test_is_gone(console):
    first = console.get("tests", max_results=2)
    console.umbra.run("umbractl", "cancel", "b-later")
    console.umbra.run("umbractl", "delete", "b-later", "--yes")
    until(lambda: "b-later" not in names(console), "it is gone")
    rest = console.get("tests", max_results=3, page_token=first["next_page_token"])
    assert [test["name"] for test in rest["tests"]] == NAMES[2:] and rest["next_page_token"] is None
    console.get("tests", max_results=2, sort_by="created", page_token=first["next_page_token"], expect=422)
