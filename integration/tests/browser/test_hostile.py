"""Names, answers and headers full of markup and control characters show as text, in every view."""
import time

import pytest

from chromium import Browser
from console_client import Console
from control import NOWHERE
from definitions import definitions, endpoint, test, variant
from installation import Installation
from waiting import until
from windows import WINDOW, histogram, production, window, write_keyed

MARKUP = ('<img class=evil src=/evil onerror="window.evil=1"><script class=evil>window.evil=1</script>'
          '<svg class=evil onload="window.evil=1">"\'><a class=evil href="javascript:window.evil=1">&lt;b&gt;&amp;')
CONTROLS = "\x01\x07\x1b[31m\u202e\u2028\ud7ff\x7f"
EVIL = """return {ran: window.evil ?? null, made: document.querySelectorAll('.evil, main script, main img, main iframe').length,
    odd: [...document.querySelectorAll('a')].filter((a) => a.protocol !== location.protocol).length}"""
PLACES = "return [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => `${e.tagName} ${a.name}=${a.value}`))"


def hostile(name, controls=CONTROLS):
    return f"{name} {MARKUP}{controls}"


def mismatch(i):
    answer = hostile("answer").encode()
    return {"rank": i, "kind": hostile(f"kind-{i % 2}"), "request_id": hostile("id"), "source_topic": hostile("topic"),
            "source_partition": 0, "source_offset": i, "production": answer + b"\xff\xfe\x00", "production_size": len(answer) + 3,
            "candidate": b'{"a": "' + answer + b'"}', "candidate_size": len(answer) + 9}


def rows(umbra):
    """One of a variant whose name is markup, too: the console leaves out what is no name."""
    first = (int(time.time() * 1e6) - 60_000_000) // WINDOW * WINDOW
    counts = [{"name": hostile("word"), "count": 8}]
    for i in range(3):
        for name in ("t-v2", hostile("variant")):
            yield window(umbra, window_start=first + i * WINDOW, variant=name, losses=[{"name": hostile("reason"), "count": 2}],
                         not_comparable=counts, outcomes=[{"name": "ok", "count": 140}, *counts], confusion=[{"name": hostile("label"), "count": 140}],
                         mismatches=[mismatch(10 * i + j + len(name)) for j in range(2)], overhead_latency=histogram(256, 148), queue=histogram(64, 148))
        yield {**production(umbra), "window_start": first + i * WINDOW}


@pytest.fixture(scope="module")
def console(kafka, tmp_path_factory):
    umbra = Installation(kafka, tmp_path_factory.mktemp("hostile"))
    text = MARKUP  # the language of definitions has no control characters
    umbra.run("umbractl", "init")
    umbra.apply(definitions(
        endpoint(umbra.endpoint, [variant(f"{umbra.endpoint}-v1", NOWHERE)]),
        test("t", umbra.endpoint, [variant("t-v2", NOWHERE, headers=[{"name": "x-evil", "value": f"header {text}"}])],
             sampling=50.0, start="2023-01-01T00:00:00Z", end="2100-01-01T00:00:00Z", compare={"kind": "label", "label": f"/label {text}"})))
    umbra.run("umbractl", "set", "t", "sampling=49", "--author", hostile("author"), "--reason", hostile("why"))
    write_keyed(umbra, *((row, False) for row in rows(umbra)))
    console = Console(umbra)
    until(lambda: console.get("tests/t/mismatches")["examples"] and console.get("tests/t")["invocations"] == 3000, lambda: console.get("tests/t"))
    yield console
    umbra.close()


@pytest.fixture(scope="module")
def window_of(console):
    browser = Browser(f"http://{console.address}")
    yield browser
    browser.close()


@pytest.fixture
def page(window_of):
    window_of.size(1400, 3000)
    window_of.errors(), window_of.requested()
    yield window_of
    assert [error for error in window_of.errors() if "/api/v1/tests/%3Cimg" not in error] == []
    assert not [url for url in window_of.requested() if not url.startswith(window_of.origin + "/") or url.endswith("/evil") and "%" not in url]


def check(page, *pieces):
    """Nothing of it was read as markup, and each piece stands there in full."""
    assert page.run(EVIL) == {"ran": None, "made": 0, "odd": 0}
    text = page.run("return document.querySelector('main').textContent")
    for piece in pieces:
        assert piece in text, piece.split(" ")[0]
    assert not [place for place in page.run(PLACES) if place.split(" ")[1].startswith("on")]


def test_the_overview(page):
    page.open("/tests/t?range=15m")
    page.wait_chart("losses")
    reason = hostile("reason")
    until(lambda: page.pixels("losses", "--reason-0"), "losses are drawn")
    page.table_of("losses")
    check(page, reason.replace("_", " "), hostile("word").replace("_", " "))
    assert reason.replace("_", " ") in page.run("return document.querySelector('.chart[data-metric=losses] .legend').textContent")
    page.hover("losses")
    check(page)
    assert page.facts()["accounting|shadow|t-v2|sampled"][0] == "450" and "variant <img" not in page.text()


def test_mismatches(page):
    page.open("/tests/t/mismatches")
    assert len(page.all(".example")) == 6
    kind, answer = hostile("kind-0").replace("_", " "), hostile("answer")
    check(page, kind, hostile("kind-1").replace("_", " "), hostile("id"), f"{hostile('topic')}/0/1", answer)
    assert page.run("return document.querySelector('.example pre').textContent").endswith("\\xff\\xfe\\x00"), "what is no text is written out"
    page.run("[...document.querySelectorAll('.buttons button')].find((e) => e.textContent.startsWith('kind-1')).click()")
    until(lambda: page.query().get("kind") == hostile("kind-1"), lambda: page.query())
    page.wait_idle()
    assert len(page.all(".example")) == 3
    check(page, hostile("kind-1"))
    page.open(page.driver.current_url.removeprefix(page.origin))
    check(page, hostile("kind-1"))


def test_settings_and_history(page):
    page.open("/tests/t/settings")
    check(page, f"/label {MARKUP}", f"header {MARKUP}", hostile("author"), hostile("why"))


def test_the_list_and_the_system(page, console):
    for path in ("/", "/system"):
        page.open(path)
        check(page, console.umbra.endpoint)


@pytest.mark.parametrize("view", ["", "/mismatches", "/settings"])
def test_an_address_of_markup(page, view):
    name = "%3Cimg%20class=evil%20src=evil%20onerror=window.evil=1%3E%1b"
    page.open(f"/tests/{name}{view}?kind={name}&range={name}&statistic={name}&from={name}&to={name}")
    check(page, "<img class=evil src=evil onerror=window.evil=1>")


def test_a_search_for_markup(page):
    page.open("/")
    page.one("#search").send_keys(MARKUP)
    page.wait_text("No test fits.")
    check(page)
    page.open(page.driver.current_url.removeprefix(page.origin))
    assert page.run("return document.getElementById('search').value") == MARKUP
    check(page)
