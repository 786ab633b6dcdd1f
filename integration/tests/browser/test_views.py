"""The views of a test whose numbers are known: its sentence, its books, its mismatches, its history."""
import re

import pytest

from control import history
from waiting import until
from written import GAP, KINDS, N

ROWS = [i for i in range(N) if i not in (GAP, GAP + 1)]


@pytest.fixture
def page(written_page):
    return written_page


# The head


def failing(report, role):
    [arm] = [v for v in report["variants"] if v["population"] == "all" and v["role"] == role]
    return 100 * (1 - arm["outcomes"]["ok"] / arm["invocations"])


def sentence_of(report):
    """What the report's numbers say, in the page's words."""
    [account], [comparison] = report["accounting"], report["comparison"]
    arms = {(v["population"], v["role"]): v for v in report["variants"]}
    p99 = [arms["compared", role]["model_latency_us"]["p99"] for role in ("production", "shadow")]
    fails = [failing(report, role) for role in ("production", "shadow")]
    change, points = p99[1] / p99[0] - 1, fails[1] - fails[0]
    assert change > 0.005 and points > 0.005
    return (f"{account['paired']:,} pairs. t-v2: it agrees with production in {100 * comparison['match'] / comparison['compared']:.1f} % of the "
            f"compared requests, its p99 is {100 * change:.0f} % slower, it fails in {points:.2f} percentage points more of its calls.")


def test_the_sentence_is_the_reports_numbers_in_words(written, page):
    page.open("/tests/t")
    assert re.fullmatch(r"Running, day \d+ of \d+: " + re.escape(sentence_of(written.report())), page.text(".sentence"))
    test = written.console.get("tests/t")
    assert (test["health"], test["health_reason"]) == ("attention", page.text(".head .small").split("attention ")[1].split(" Endpoint ")[0])


def in_ms(report, role):
    [arm] = [v for v in report["variants"] if v["population"] == "compared" and v["role"] == role]
    return f"{arm['model_latency_us']['p99'] / 1000:.2f} ms"


def test_at_a_glance_it_is_the_reports_numbers(written, page):
    page.open("/tests/t")
    report = written.report()
    [comparison] = report["comparison"]
    tiles = dict(zip(*(page.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", f".tile {part}") for part in ("dt", "dd"))))
    assert tiles["Answers that agree"].split("\n") == [
        f"{100 * comparison['match'] / comparison['compared']:.2f} %", f"{comparison['match']:,} of {comparison['compared']:,} pairs"]
    slower, more = re.search(r"its p99 is (\d+ %) slower, it fails in ([\d.]+) percentage", sentence_of(report)).groups()
    assert tiles["p99 latency"].startswith(f"{slower} slower\nproduction {in_ms(report, 'production')}, t-v2 {in_ms(report, 'shadow')}, same requests")
    assert tiles["Failed calls"] == f"{more} points more\nproduction {failing(report, 'production'):.2f} %, t-v2 {failing(report, 'shadow'):.2f} % of the calls"
    assert "Right answers" not in tiles, "there are no labels"


# Accounting


def segments(page):
    return {title.split(":")[0] if not title.startswith("lost") else title.split(": ")[1]: float(n) for title, n in page.run(
        "return [...document.querySelector('.accounting .bar').children].map((e) => [e.title, e.style.flexGrow])")}


def test_the_bar_shows_each_reason_and_what_is_pending(written, page):
    page.open("/tests/t")
    [account] = written.report()["accounting"]
    assert account["pending"] == 2 * len(ROWS) and set(account["losses"]) == {"shed", "not_delivered"}
    shown = segments(page)
    assert shown == {"paired": account["paired"], "not delivered": account["losses"]["not_delivered"], "shed": account["losses"]["shed"],
                     "pending": account["pending"]}
    assert sum(shown.values()) == account["sampled"]
    keys = page.text(".accounting .key-list")
    for name, n in (("paired", account["paired"]), ("lost: shed", account["losses"]["shed"]), ("pending", account["pending"])):
        assert f"{name} {n:,} ({100 * n / account['sampled']:.2f} %)" in keys
    widths = page.run("return [...document.querySelector('.accounting .bar').children].map((e) => e.getBoundingClientRect().width)")
    assert all(width >= 3 for width in widths), "what is little can be seen"
    label = page.one(".accounting .bar").get_attribute("aria-label")
    assert f"lost: shed {account['losses']['shed']:,}" in label and f"pending {account['pending']:,}" in label


def test_every_pair_of_answers_is_on_the_second_bar(written, page):
    page.open("/tests/t")
    [comparison], [account] = written.report()["comparison"], written.report()["accounting"]
    parts = page.run("return [...document.querySelectorAll('.accounting .bar')[1].children].map((e) => Number(e.style.flexGrow))")
    assert parts == [comparison["match"], comparison["mismatch"], *comparison["not_comparable"].values()]
    assert sum(parts) == account["paired"]


def test_copies_that_nobody_accounts_for_are_a_part_of_the_bar_and_an_alarm(written, page):
    page.open("/tests/u")
    [account] = written.report("u")["accounting"]
    assert segments(page)["not accounted for"] == 200 - account["paired"] - 2 - 2 == 48
    assert "not accounted for 48 (24.00 %)" in page.text(".accounting .key-list")
    assert written.console.get("tests/u")["alarms"]
    assert page.text(".alarm").startswith("Alarm: ") and "broken" in page.text(".health")


# Mismatches


def examples(page):
    return page.run("""return [...document.querySelectorAll('.example')].map((e) => ({
        text: e.textContent, sides: [...e.querySelectorAll('pre')].map((p) => p.textContent),
        marks: [...e.querySelectorAll('pre')].map((p) => [...p.querySelectorAll('mark')].map((m) => m.textContent))}))""")


def test_mismatches_show_both_answers_and_mark_what_differs(written, page):
    page.open("/tests/t/mismatches")
    told = written.console.get("tests/t/mismatches", limit=50)["examples"]
    shown = examples(page)
    assert len(shown) == len(told) >= 10
    for example, (one, other) in zip(shown, ((e["production"], e["candidate"]) for e in told)):
        assert example["sides"] == [one, other]
        assert example["marks"] == [["no"], ["yes"]] or example["marks"][1][0].strip('"') == "x", example
    for example, facts in zip(shown, told):
        source = facts["source"]
        for piece in (facts["kind"], facts["request_id"], f"{source['topic']}/{source['partition']}/{source['offset']}", "t-v2"):
            assert piece in example["text"]


def test_mismatches_of_one_kind_have_an_address(written, page):
    page.open("/tests/t/mismatches")
    buttons = page.texts("[aria-label='Kind of difference'] button")
    kinds = written.console.get("tests/t/mismatches")["kinds"]
    n = kinds["not json"]
    assert kinds.keys() == KINDS.keys() and n >= 2
    assert buttons == [f"All ({sum(kinds.values())})", *(f"{kind} ({number})" for kind, number in kinds.items())]
    page.click("[aria-label='Kind of difference'] button", f"not json ({n})")
    until(lambda: len(examples(page)) == n, "only this kind is left")
    assert page.query() == {"kind": "not json"}
    page.open("/tests/t/mismatches?kind=not+json")
    assert len(examples(page)) == n and all("not json" in example["text"] for example in examples(page))
    assert page.run("return document.querySelector('[aria-label=\"Kind of difference\"] [aria-pressed=true]').textContent") == f"not json ({n})"
    page.open("/tests/t/mismatches?kind=none")
    assert "There is no example of this kind." in page.text()


def test_the_place_of_a_request_is_copied(written, page):
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {"origin": page.origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    page.open("/tests/t/mismatches")
    page.click(".example button")
    page.wait_text("Copied", ".example button")
    source = written.console.get("tests/t/mismatches", limit=1)["examples"][0]["source"]
    copied = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](`${e}`))")
    assert copied == f"{source['topic']}/{source['partition']}/{source['offset']}"


def test_mismatches_are_those_of_the_stretch_in_the_address(written, page):
    page.open("/tests/t?range=15m")
    page.click(".tabs a", "Mismatches")
    page.wait_text("All (")
    assert page.query() == {"range": "15m"}
    assert any("last=15m" in url for url in page.requested() if "/mismatches" in url)
    page.open("/tests/t/mismatches?from=2023-02-01T00:00:00Z&to=2023-02-02T00:00:00Z")
    assert "There are no examples" in page.text() and "2023-02-01 00:00:00 to 2023-02-02 00:00:00 UTC" in page.text(".zoomed")
    page.click(".zoomed button")
    until(lambda: len(examples(page)) >= 10, "all are seen again")
    assert page.query() == {}


# Settings and history


def leaves(value):
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list) and value:
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def test_all_that_is_in_force_is_shown(written, page):
    page.open("/tests/t/settings")
    definition = written.console.get("tests/t")["definition"]
    rows = page.run("return [...document.querySelectorAll('[aria-label=\"Settings of the test\"] tbody tr:not(.group)')].map((r) => [...r.cells].map((c) => c.textContent))")
    assert len(rows) == len(leaves(definition)) > 20
    values = {name: value for name, value in rows}
    for name, text in (("sampling", "50 %"), ("start", "2023-01-01 00:00:00 UTC"), ("end", "2100-01-01 00:00:00 UTC"), ("timeout", "2 seconds"),
                       ("metrics.disk", "disk_used_bytes"), ("url", written.models[1].url), ("max_response_bytes", "6.0 MiB")):
        assert values[name] == text
    models = page.text("[aria-label=Models]")
    for model in written.models:
        assert model.url in models


def test_history_says_who_changed_what_when_and_why(written, page):
    written.umbra.run("umbractl", "set", "u", "sampling=12.5", "--author", "ada@example", "--reason", "the candidate is slow")
    page.open("/tests/u/settings")
    page.wait_text("sampling: 50 % → 12.5 %")
    cells = page.run("return [...document.querySelector('[aria-label=History] tbody tr').cells].map((c) => c.innerText)")
    record = written.console.get("history", object="u", limit=1)["records"][0]
    assert cells[:4] == [str(record["generation"]), record["time"][:19].replace("T", " "), "ada@example", "the candidate is slow"]
    assert cells[4].split("\n")[0] == "test u changed"
    created = page.run("return [...document.querySelectorAll('[aria-label=History] tbody tr')].at(-1).innerText")
    assert "test u created" in created and history(written.umbra)[-1]["author"] == "ada@example"
