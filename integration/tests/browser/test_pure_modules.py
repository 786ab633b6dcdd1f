"""The page's pure modules, called in the browser that they are written for."""
import random

import pytest

CALL = """
const [name, call, values, done] = arguments;
const plain = (x) => x instanceof Node ? x.textContent : x;
import(`/static/${name}.js`).then((m) => done(plain(m[call](...values))), (e) => done(`${e}`));
"""


@pytest.fixture
def call(page):
    """call("format.count", 3)"""
    page.open("/system")

    def of(function, *values):
        name, function = function.split(".")
        return page.driver.execute_async_script(CALL, name, function, list(values))
    return of


def buckets(draw, n):
    """Ascending, with holes, as of a distribution of differences."""
    edges = sorted(draw.sample(range(-10**6, 10**6), 2 * n))
    return [[edges[2 * i], edges[2 * i + 1], draw.randint(1, 1000)] for i in range(n)]


# Bins


def test_bins_hold_each_request_once(call):
    draw = random.Random(1)
    for scale in ("linear", "log"):
        for n in (1, 2, 5, 40):
            one, other = (buckets(draw, n) for _ in range(2))
            if scale == "log":
                one, other = ([[abs(a) + 1, abs(a) + 1 + b - a, c] for a, b, c in side] for side in (one, other))
            made = call("bins.make", [one, other], scale)
            assert made["edges"] == sorted(made["edges"]) and len(made["edges"]) == 49
            total = sum(bucket[2] for bucket in one + other)
            inside = sum(sum(share) * sum(bucket[2] for bucket in side)
                         for share, side in zip(made["shares"], (one, other)))
            assert inside + made["outside"] == pytest.approx(total, abs=1)
            assert made["outside"] <= (0 if scale == "log" else total * 0.5)
            assert all(share >= 0 for side in made["shares"] for share in side)


def test_bins_of_one_value_are_one_bin(call):
    made = call("bins.make", [[[500, 500, 7]]], "log")
    assert sorted(made["shares"][0])[-2:] == [0, 1]
    assert made["outside"] == 0


def test_ticks_lie_inside_and_are_round(call):
    draw = random.Random(2)
    for scale in ("linear", "log"):
        made = call("bins.make", [[[abs(a) + 1, abs(a) + abs(b) + 2, c] for a, b, c in buckets(draw, 9)]], scale)
        low, high = made["edges"][0], made["edges"][-1]
        assert made["ticks"] and all(low * 0.999 <= tick <= high * 1.001 for tick in made["ticks"])
        assert all(tick == float(f"{tick:.1e}") for tick in made["ticks"])


def test_a_quantile_lies_in_its_bucket(call):
    some = [[0, 10, 50], [20, 30, 49], [1000, 3000, 1]]
    assert [call("bins.quantile", some, q) for q in (0, 0.5, 0.9, 1)] == [5, 5, 25, 2000]
    assert call("bins.quantile", list(reversed(some)), 0.9) == 25
    assert call("bins.quantile", [], 0.5) is None


# Differences of texts


def joined(parts):
    return "".join(part["text"] for part in parts)


def test_a_difference_holds_both_texts_and_marks_what_is_not_common(call):
    draw = random.Random(3)
    words = ["a", "1.5", "<b>", '"x":', " ", "\n", "é", "\U0001f4a9", "-2", "{", "}", ",", "\0"]
    for _ in range(40):
        one, other = ("".join(draw.choices(words, k=draw.randrange(30))) for _ in range(2))
        a, b = call("diff.diff", one, other)
        assert (joined(a), joined(b)) == (one, other)
        same = ["".join(part["text"] for part in side if not part["differs"]) for side in (a, b)]
        assert same[0] == same[1]
        assert all(part["text"] for part in a + b)


def test_only_the_number_that_differs_is_marked(call):
    a, b = call("diff.diff", '{"score": 0.71, "n": 3}', '{"score": 0.17, "n": 3}')
    assert [part["text"] for part in a if part["differs"]] == ["0.71"]
    assert [part["text"] for part in b if part["differs"]] == ["0.17"]
    assert call("diff.diff", "same", "same") == [[{"text": "same", "differs": False}]] * 2
    assert call("diff.diff", "", "x") == [[], [{"text": "x", "differs": True}]]


def test_very_long_texts_are_compared_by_their_ends(call):
    one, other = ("[" + ",".join(str(i * factor) for i in range(1, 3000)) + "]" for factor in (1, 2))
    a, b = call("diff.diff", one, other)
    assert (joined(a), joined(b)) == (one, other)
    assert [part["differs"] for part in a] == [False, True, False]


# Numbers and words


@pytest.mark.parametrize("function, values, text", [
    ("count", [1204331], "1,204,331"), ("count", [0], "0"), ("count", [None], "–"),
    ("duration", [0], "0 µs"), ("duration", [999], "999 µs"), ("duration", [1000], "1.00 ms"),
    ("duration", [-1500], "-1.50 ms"), ("duration", [2500000], "2.50 s"), ("duration", [7200e6], "2 hours"),
    ("duration", [None], "–"), ("long", [86400e6], "1 day"), ("long", [5400e6], "1.5 hours"),
    ("percent", [0.98326], "98.33 %"), ("percent", [0.5, 0], "50 %"), ("percent", [None], "–"),
    ("signed", ["3 %", 3], "+3 %"), ("signed", ["-3 %", -3], "-3 %"), ("signed", ["0 %", 0], "0 %"),
    ("bytes", [1023], "1023 B"), ("bytes", [1536], "1.5 KiB"), ("bytes", [3 * 2**40], "3.0 TiB"),
    ("value", [0.5, "ratio"], "50.00 %"), ("value", [12.34, "percent"], "12.3 %"), ("value", [1500, "us"], "1.50 ms"),
    ("value", [7, "count"], "7"), ("value", [None, "us"], "–"),
    ("time", ["2026-11-23T21:04:30.5Z"], "2026-11-23 21:04:30"), ("time", [None], "–"),
    ("clock", ["2026-11-23T21:04:30Z"], "21:04:30"),
    ("step", [10e6], "10 s"), ("step", [600e6], "10 min"), ("step", [3600e6], "1 h"), ("step", [86400e6], "1 d"),
    ("words", ["not_delivered_yet"], "not delivered yet")])
def test_numbers_read_as_people_write_them(call, function, values, text):
    assert call(f"format.{function}", *values) == text


# Addresses


@pytest.mark.parametrize("name", ["churn-v2", "a/b", "<i>&amp;", "é?#%", "%2F"])
def test_a_name_of_any_kind_comes_back_from_its_address(call, page, name):
    for view in ("", "mismatches", "settings"):
        address = call("url.test", name, view)
        page.run("history.replaceState(null, '', arguments[0])", address)
        found = call("url.route")
        assert (found["view"], found["name"]) == (view or "test", name)


def test_an_address_of_nothing_leads_nowhere(call, page):
    for path, view in (("/", "list"), ("/system", "system"), ("/tests/", "nowhere"), ("/tests/a/b", "nowhere"),
                       ("/tests/%ff", "nowhere"), ("/tests/a/mismatches/", "mismatches")):
        page.run("history.replaceState(null, '', arguments[0])", path)
        assert call("url.route")["view"] == view, path


def test_the_look_of_a_view_stands_in_the_query(call, page):
    page.run("history.replaceState(null, '', '/system?a=1&b=2')")
    call("url.change", {"a": None, "b": "3", "c": "&="}, {"replace": True})
    assert page.query() == {"b": "3", "c": "&="}
    page.open("/system")


# Sentences


def difference(**facts):
    return {"candidate": "v2", "agreement": None, "p99_change": None, "error_change": None, **facts}


@pytest.mark.parametrize("facts, words", [
    ({}, "v2: nothing was compared yet."),
    ({"agreement": 0.983, "p99_change": 0.12, "error_change": 0},
     "v2: it agrees with production in 98.3 % of the compared requests, its p99 is 12 % slower, errors are equal."),
    ({"agreement": 1, "p99_change": -0.3, "error_change": 0.0123},
     "its p99 is 30 % faster, it fails in 1.23 percentage points more of its calls."),
    ({"agreement": 1, "p99_change": 0.004, "error_change": -0.5},
     "its p99 is that of production, it fails in 50.00 percentage points fewer of its calls.")])
def test_a_sentence_says_where_a_test_stands(call, facts, words):
    headline = {"state": "running", "day": 2, "days": 7, "pairs": 1204331, "candidates": [difference(**facts)]}
    said = call("sentence.sentence", {"candidates": ["v2"], "headline": headline})
    assert said.startswith("Running, day 2 of 7: 1,204,331 pairs. ") and said.endswith(words), said
    headline.update(state="completed", pairs=1)
    assert call("sentence.sentence", {"candidates": ["v2"], "headline": headline}).startswith("Completed: 1 pair. ")


def test_a_name_of_markup_stays_text(call, page):
    headline = {"state": "running", "day": 1, "days": 1, "pairs": 0,
                "candidates": [difference(candidate="<img src=x onerror=alert(1)>")]}
    assert "<img src=x onerror=alert(1)>: nothing" in call("sentence.sentence", {"candidates": [], "headline": headline})
