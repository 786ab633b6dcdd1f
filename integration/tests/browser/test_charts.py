"""The charts of a test, each with both variants' data: lines, tables, units, gaps, and what is asked."""
import datetime
import re

import pytest

from reading import as_value, table_of
from waiting import until
from windows import WINDOW
from written import GAP, N

ARMS = {"production-0": "production {}-v1", "shadow-0": "shadow t-v2"}
CANDIDATE = {"shadow-0": "shadow t-v2"}
REASONS = {"reason-0": "not delivered", "reason-1": "shed"}
CHARTS = {"invocations": ARMS, "invocations_per_instance": ARMS, "errors_4xx": ARMS, "errors_5xx": ARMS, "errors_other": ARMS,
          "model_latency": ARMS, "overhead_latency": ARMS, "queue": ARMS, "latency_difference": CANDIDATE, "agreement": CANDIDATE,
          "losses": REASONS, "cpu": ARMS, "memory": ARMS, "disk": ARMS}
LATENCIES = ["model_latency", "overhead_latency", "queue", "latency_difference"]
LOADS = ["cpu", "memory", "disk"]


@pytest.fixture
def page(written_page):
    """In place of the demo's."""
    return written_page


def iso(us):
    return datetime.datetime.utcfromtimestamp(us / 1e6).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def stretch(written):
    """The address's words for the windows that were written."""
    return f"from={iso(written.first)}&to={iso(written.first + N * WINDOW)}"


def rows_of(page, metric):
    return {row[0]: row[1:] for row in until(lambda: page.table_of(metric), f"{metric} has a table")}


def compare(page, metric, data, least):
    """The table is the API's answer, where both have the time."""
    rows, wanted = rows_of(page, metric), table_of(data)
    both = [time for time in rows if time in wanted]
    assert {time: rows[time] for time in both} == {time: wanted[time] for time in both}
    assert sum(any(text != "–" for text in wanted[time]) for time in both) >= least
    return data


@pytest.mark.parametrize("metric", CHARTS)
def test_each_chart_draws_every_line_and_has_the_api_s_numbers(written, page, metric):
    def ask():
        return written.series(metric=metric, last="15m", **({"population": "compared"} if metric == "model_latency" else {}))
    if metric in LOADS:
        until(lambda: any(None not in point[1:] for point in ask()["points"]), lambda: f"both hosts were asked twice: {ask()}", 60, every=0.5)
    page.open("/tests/t?range=15m")
    page.wait_chart(metric)
    titles = [title.format(written.umbra.endpoint) for title in CHARTS[metric].values()]
    assert page.legend(metric).split("\n") == titles
    for name in CHARTS[metric]:
        until(lambda: page.pixels(metric, f"--{name}") >= (6 if metric in LOADS else 40), f"{name} is drawn")
    data = compare(page, metric, ask(), 1 if metric in LOADS else N - 2)
    assert len(data["columns"]) == len(titles)
    used = [v for point in data["points"] for v in point[1:] if v]
    assert used, "not only zeros"
    aria = page.one(f'.chart[data-metric="{metric}"] .figure').get_attribute("aria-label")
    assert all(title in aria for title in titles) and as_value(max(used), data["unit"]) in aria


def test_the_hosts_load_is_what_their_pages_say(written, page):
    page.open("/tests/t?range=15m")
    shown = {}
    for metric in LOADS:
        page.wait_chart(metric)
        shown[metric] = [row for row in rows_of(page, metric).values() if "–" not in row]
        assert shown[metric], metric
    assert shown["memory"][0] == ["1.0 MiB", "2.0 MiB"] and shown["disk"][0] == ["3.0 MiB", "6.0 MiB"]
    for text, share in zip(shown["cpu"][0], (25, 50)):
        assert float(text.removesuffix(" %")) == pytest.approx(share, rel=0.2)


@pytest.mark.parametrize("statistic", ["average", "p50", "p90", "p99", "p99.9", "max", "min", "sum", "count"])
def test_every_statistic_is_that_of_all_latencies(written, page, stretch, statistic):
    page.open(f"/tests/t?{stretch}")
    page.choose("#statistic", statistic)
    assert page.query().get("statistic", "p50") == statistic
    start, end = (word.split("=")[1] for word in stretch.split("&"))
    for metric in LATENCIES:
        page.wait_chart(metric)
        page.wait_text(f"{statistic}, ", f'.chart[data-metric="{metric}"] .small')
        compare(page, metric, written.series(metric=metric, statistic=statistic, population="compared" if metric == "model_latency" else "all",
                                             **{"from": start, "to": end}), N - 2)


@pytest.mark.parametrize("word, text", [("15m", "15 min"), ("1h", "1 h"), ("6h", "6 h"), ("1d", "1 d"), ("7d", "7 d"), ("30d", "30 d"), ("all", "All")])
def test_every_range_button_is_what_all_numbers_are_of(page, word, text):
    page.open("/tests/t?range=" + ("1h" if word != "1h" else "6h"))
    page.requested()
    page.click(".buttons button", text)
    page.wait_chart("invocations")
    asked = []

    def look():
        asked.extend(url for url in page.requested() if "/tests/t/" in url)
        return all(any(f"/{kind}?" in url or url.endswith(f"/{kind}") for url in asked) for kind in ("report", "series", "histogram"))
    until(look, lambda: f"it asks again: {asked}")
    assert all((f"last={word}" in url) == (word != "all") and "last=" not in url.replace(f"last={word}", "") for url in asked), asked
    assert page.query().get("range", "all") == word
    pressed = page.run("return [...document.querySelectorAll('[aria-label=Range] [aria-pressed=true]')].map((e) => e.dataset.word)")
    assert pressed == [word]


def test_same_requests_or_all_is_asked_of_model_latency_alone(page, stretch):
    for population, words in (("compared", "same requests"), ("all", "all requests")):
        page.open(f"/tests/t?{stretch}&population=all" if population == "compared" else f"/tests/t?{stretch}")
        page.requested()
        page.click(".buttons button", words.capitalize())
        page.wait_chart("model_latency")
        page.wait_text(words, '.chart[data-metric="model_latency"] .small')
        page.wait_chart("queue")
        asked = page.requested()
        populations = {url.split("population=")[1].split("&")[0] for url in asked if "/series?" in url and "metric=model_latency" in url}
        assert populations == {population}, asked
        assert not [url for url in asked if "/series?" in url and "population=" in url and "metric=model_latency" not in url]
        assert words in page.text(".histogram h3")


def test_what_was_not_measured_is_a_gap(written, page, stretch):
    page.open(f"/tests/t?{stretch}")
    page.wait_chart("invocations")
    until(lambda: page.pixels("invocations", "--production-0"), "production is drawn")
    columns = page.columns("invocations", "--production-0")
    holes = [(a, b) for a, b in zip(columns, columns[1:]) if b - a > 3]
    assert len(holes) == 1, columns
    step = (columns[-1] - columns[0]) / (N - 1)
    assert holes[0][1] - holes[0][0] == pytest.approx(3 * step, abs=10), "from the last point before it to the first one after"
    rows = rows_of(page, "invocations")
    assert [time for time, texts in rows.items() if texts == ["–", "–"]] == [
        iso(written.first + i * WINDOW).replace("T", " ").rstrip("Z") for i in (GAP, GAP + 1)]


def labels(page, metric):
    page.wait_chart(metric)
    return page.run("return [...document.querySelectorAll(`.chart[data-metric=\"${arguments[0]}\"] .dygraph-axis-label-y`)].map((e) => e.textContent)", metric)


def test_axes_begin_at_zero_unless_told(page, stretch):
    page.open(f"/tests/t?{stretch}")
    assert "0" in labels(page, "model_latency") and "0 %" in labels(page, "agreement")
    page.click(".controls input[type=checkbox]")
    assert page.query()["zero"] == "no"
    until(lambda: "0" not in labels(page, "model_latency") and "0 %" not in labels(page, "agreement"), lambda: labels(page, "agreement"))
    page.click(".controls input[type=checkbox]")
    assert "zero" not in page.query()


@pytest.mark.parametrize("metric, form", [("model_latency", r"\d+(\.\d+)? ms"), ("latency_difference", r"\d+(\.\d+)? ms"), ("agreement", r"\d+ %"),
                                          ("memory", r"(256|512|768|1|1\.5|2)( KiB| MiB)"), ("disk", r"[1-6] MiB"), ("cpu", r"\d+ %"),
                                          ("invocations", r"\d+|1,\d{3}")])
def test_axes_have_their_unit(page, stretch, metric, form):
    page.open("/tests/t?range=15m" if metric in LOADS else f"/tests/t?{stretch}")
    numbers = [label for label in labels(page, metric) if label.strip("0 %B")]
    assert numbers and all(re.fullmatch(form, label) for label in numbers), numbers


def test_a_question_without_an_answer_says_so_and_the_next_one_says_what_it_found(page):
    page.open("/tests/t?from=2023-01-02T00:00:00Z&to=2023-01-02T01:00:00Z")
    page.run("arguments[0].scrollIntoView()", page.chart("queue"))
    page.wait_text("No data in this range.", '.chart[data-metric="queue"] .no-data')
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/series*"]})
    page.choose("#statistic", "p90")
    page.wait_text("No answer from the console.", '.chart[data-metric="queue"]')
    assert "No data in this range." in page.text('.chart[data-metric="queue"]'), "what is known stays"
    page.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    page.choose("#statistic", "p99")
    until(lambda: "No answer" not in page.text('.chart[data-metric="queue"]'), "it is answered")
    assert page.text('.chart[data-metric="queue"] .no-data') == "No data in this range."
    page.errors()  # what was blocked


# For eyes that see few colours


KINDS = ["production-0", "production-1", "production-2", "shadow-0", "shadow-1", "shadow-2", *(f"reason-{i}" for i in range(6))]
DEFICIENCIES = {  # Machado, Oliveira and Fernandes 2009, all of the deficiency, on linear RGB
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))}


def linear(text):
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (int(text[i:i + 2], 16) / 255 for i in (1, 3, 5))]


def luminance(colour):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), colour))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(colour):
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    x, y, z = (sum(w * max(0, min(1, c)) for w, c in zip(row, colour)) / white for row, white in zip(rows, (0.9505, 1, 1.089)))
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(one, other, matrix):
    seen = ([sum(w * c for w, c in zip(row, colour)) for row in matrix] for colour in (one, other))
    return sum((a - b) ** 2 for a, b in zip(*map(lab, seen))) ** 0.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_roles_colours_stand_apart_for_every_eye(page, scheme):
    page.prefer(scheme)
    page.open("/system")
    colour = {name: linear(page.run("return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()", f"--{name}"))
              for name in [*KINDS, "card"]}
    for name in KINDS:
        assert contrast(colour[name], colour["card"]) >= 3, name
    for kind, matrix in DEFICIENCIES.items():
        assert distance(colour["production-0"], colour["shadow-0"], matrix) >= 40, kind


def test_lines_differ_by_more_than_their_colour(page, stretch):
    page.open(f"/tests/t?{stretch}")
    keys = {name: page.run("return import('/static/colours.js').then((m) => [m.dashes(arguments[0]), m.is_square(arguments[0])])", name) for name in KINDS}
    for kind in ("production", "shadow", "reason"):
        dashes = [str(keys[name][0]) for name in KINDS if name.startswith(kind)]
        assert len(set(dashes)) == len(dashes), dashes
    assert not {str(keys[f"production-{i}"]) for i in range(3)} & {str(keys[f"shadow-{i}"]) for i in range(3)}
    page.wait_chart("invocations")
    assert page.all('.chart[data-metric="invocations"] .key.production-0 rect') and page.all('.chart[data-metric="invocations"] .key.shadow-0 circle')
    until(lambda: page.pixels("invocations", "--shadow-0"), "the candidate is drawn")
    columns = page.columns("invocations", "--shadow-0")
    step = (columns[-1] - columns[0]) / (N - 1)
    holes = [b - a for a, b in zip(columns, columns[1:]) if b - a > 2]
    assert len([hole for hole in holes if hole < step]) >= N, "its line is dashed"
