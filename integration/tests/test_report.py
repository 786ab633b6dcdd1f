"""umbractl report: on records of umbra.aggregates that the tests write themselves, by the schema, and
on what the programs write, against the events."""
import csv
import io
import json
import math

import pytest

from aggregates import latest
from model_server import Answer
from path import QUICK, TEST, Path
from records import Record
from waiting import until
from windows import LONG_AGO, install, production, window, write


@pytest.fixture
def installed(umbra):
    return install(umbra)


def report(umbra, *arguments, expect=0):
    done = umbra.run("umbractl", "report", "t", "-o", "json", *arguments, expect=expect)
    return json.loads(done.stdout)


def test_the_json_is_the_contract(installed):
    write(installed, *(f(installed, n) for n in range(3) for f in (production, window)))
    found = report(installed)
    assert (found["test"], found["endpoint"], found["state"]) == ("t", installed.endpoint, "running")
    assert found["alarms"] == []
    variants = {(v["role"], v["population"]): v for v in found["variants"]}
    assert variants["production", "all"]["invocations"] == 3000
    assert variants["shadow", "all"]["outcomes"] == {"ok": 420, "timeout": 24}
    assert {variants[role, "compared"]["invocations"] for role in ("production", "shadow")} == {420}
    assert variants["production", "compared"]["model_latency_us"]["max"] == 2048
    assert variants["shadow", "compared"]["model_latency_us"]["mean"] == 4096
    assert found["accounting"] == [{"variant": "t-v2", "role": "shadow", "sampled": 450, "paired": 444,
                                    "losses": {"shed": 6}, "pending": 0, "sample_ratio": None}]
    [compared] = found["comparison"]
    assert (compared["compared"], compared["match"], compared["mismatch"]) == (420, 399, 21)
    assert compared["not_comparable"] == {"candidate_failed": 24}
    assert compared["latency_difference_us"]["p50"] == pytest.approx(2048, rel=0.011)


def test_people_get_a_table_and_scripts_get_csv(installed):
    write(installed, production(installed), window(installed), window(installed, 1, provisional=True))
    table = installed.run("umbractl", "report", "t").stdout
    assert "sampled 300 = paired 296 + lost 4 (shed 4) + pending 0" in table
    assert "95.00 %: 266 of 280 compared answers match" in table
    text = installed.run("umbractl", "report", "t", "-o", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["variant"], row["provisional"], row["sampled"]) for row in rows] == [
        (f"{installed.endpoint}-v1", "false", "0"), ("t-v2", "false", "150"), ("t-v2", "true", "150")]


def test_a_part_of_the_time_is_a_part_of_the_numbers(installed):
    write(installed, *(window(installed, n) for n in range(4)))
    middle = ["--from", "2023-11-14T22:13:30Z", "--to", "2023-11-14T22:13:50Z"]
    assert LONG_AGO == 1_700_000_000_000_000
    assert report(installed, *middle)["accounting"][0]["sampled"] == 300
    assert report(installed, "--last", "1h", expect=4)["accounting"] == []
    before = ["--last", "20s", "--to", "2023-11-14T22:13:40Z"]
    assert report(installed, *before)["accounting"][0]["sampled"] == 300
    assert report(installed, *before)["from"] == "2023-11-14T22:13:20Z"


def test_copies_count_however_long_after_the_tests_end_their_windows_lie(umbra):
    """Their requests may wait long for production, or for Kafka to take their events."""
    install(umbra, end="2023-11-14T22:13:40Z")
    write(umbra, *(f(umbra, n) for n in (0, 90) for f in (production, window)))
    found = report(umbra)
    assert found["accounting"][0]["sampled"] == 300
    assert found["variants"][0]["invocations"] == 1000  # production after the test is not of it
    assert found["to"] == "2023-11-14T22:14:00Z"
    until_then = report(umbra, "--to", "2023-11-14T22:14:00Z")
    assert until_then["accounting"][0]["sampled"] == 150


def test_too_little_to_decide_on_is_a_status_of_its_own(installed):
    report(installed, expect=4)
    write(installed, window(installed))
    report(installed)
    report(installed, "--least", "141", expect=4)
    installed.run("umbractl", "report", "t", "-o", "csv")
    done = installed.run("umbractl", "report", "t", "-o", "csv", "--least", "141", expect=4)
    assert len(done.stdout.splitlines()) == 2  # it is printed all the same


def test_windows_whose_events_were_deleted_unread_are_an_alarm(installed):
    write(installed, window(installed))
    write(installed, window(installed, 1, test=None, variant="", role="production", sampled=0,
                            paired=0, losses=[], unwritten_windows=1))
    found = report(installed)
    assert ["at least 1 window is missing" in alarm for alarm in found["alarms"]] == [True]
    assert "" not in [variant["name"] for variant in found["variants"]]
    installed.run("umbractl", "report", "t", "-o", "csv")


def test_what_must_not_be_stands_on_top(installed):
    write(installed, window(installed, sampled=151, wrong_sampling_decisions=3, given_up_events=5))
    alarms = report(installed)["alarms"]
    assert [words for words in ("do not close", "not what their hash", "have a gap")
            if not any(words in alarm for alarm in alarms)] == []
    table = installed.run("umbractl", "report", "t").stdout
    assert table.splitlines()[2].startswith("ALARM: the books of t-v2 do not close")


def test_what_models_say_cannot_drive_the_terminal(installed):
    """U+009B begins a terminal's commands, as ESC [ does."""
    label, shown = "no\u009b2J", "no\\xc2\\x9b2J"
    example = {"rank": 1, "kind": f"label yes > {label}", "request_id": label, "source_topic": label,
               "source_partition": 0, "source_offset": 7, "production": label.encode(), "candidate": b"",
               "production_size": 6, "candidate_size": 0}
    write(installed, window(installed, confusion=[{"name": f"{label}\t{label}", "count": 7}],
                            mismatches=[example]))
    for verb, words in (("report", f"production {shown}, t-v2 {shown}"),
                        ("diff", f"label yes > {shown}  request {shown} at {shown}/0/7")):
        printed = installed.run("umbractl", verb, "t").stdout
        assert words in printed and "\u009b" not in printed


def test_records_that_are_no_windows_are_told_and_left_out(installed):
    installed.kafka.produce(installed.own_topic("aggregates"), [Record(b"k", b"garbage", [])])
    write(installed, window(installed))
    done = installed.run("umbractl", "report", "t")
    assert "1 records of" in done.stderr and "left out" in done.stderr
    assert "sampled 150 = " in done.stdout


def test_watching_shows_what_arrives_later(installed):
    write(installed, window(installed))
    program = installed.start("umbractl", "report", "t", "--watch", admin=False)
    until(lambda: "sampled 150 = " in program.output(), "the first window is shown")
    write(installed, window(installed, 1))
    until(lambda: "sampled 300 = " in program.output(), "the second window is shown too")
    assert program.is_running()


def test_a_test_that_is_not_there_and_times_that_are_none_are_told(installed):
    assert "no test" in installed.run("umbractl", "report", "tt", expect=1).stderr
    assert "--from must be a time" in installed.run(
        "umbractl", "report", "t", "--from", "yesterday", expect=2).stderr
    assert "leave one out" in installed.run(
        "umbractl", "report", "t", "--from", "2023-11-14T22:13:20Z", "--last", "1h", expect=2).stderr


# On what the programs write

def quantile(values, q):
    """The value at or below which the share q of them lies."""
    return sorted(values)[max(math.ceil(q * len(values)), 1) - 1]


def check_latency(found, values):
    assert (found["count"], found["min"], found["max"]) == (len(values), min(values), max(values))
    assert found["mean"] == pytest.approx(sum(values) / len(values))
    for name, q in (("p50", .5), ("p90", .9), ("p99", .99), ("p999", .999)):
        assert found[name] == pytest.approx(quantile(values, q), rel=0.011)


def check_against_events(found, path):
    """Every number of the report that the events can tell."""
    account = path.account()
    asked = account.pairs
    both = [(p, s) for p, s in asked if p["outcome"] == s["outcome"] == "ok"]
    arms = {(v["role"], v["population"]): v for v in found["variants"]}
    ratio = found["accounting"][0].pop("sample_ratio")
    assert (ratio["requests"], ratio["sampled"], ratio["expected"]) == (300, account.sampled, 240)
    assert found["accounting"] == [{
        "variant": f"shadow-{TEST}", "role": "shadow", "sampled": account.sampled,
        "paired": account.paired, "losses": {}, "pending": 0}]
    check_latency(arms["shadow", "all"]["model_latency_us"], [s["model_latency_us"] for _, s in asked])
    for role, events in (("production", [p for p, _ in both]), ("shadow", [s for _, s in both])):
        assert arms[role, "compared"]["invocations"] == len(both)
        check_latency(arms[role, "compared"]["model_latency_us"],
                      [event["model_latency_us"] for event in events])
    [compared] = found["comparison"]
    matches = sum(p["response_body"] == s["response_body"] for p, s in both)
    assert (compared["compared"], compared["match"]) == (len(both), matches)
    assert compared["not_comparable"] == {"candidate_failed": len(asked) - len(both)}
    differences = [s["model_latency_us"] - p["model_latency_us"] for p, s in both]
    assert compared["latency_difference_us"]["mean"] == pytest.approx(
        sum(differences) / len(differences))
    assert arms["production", "all"]["invocations"] == 300


def test_open_or_closed_the_windows_say_what_the_events_say(umbra, new_model):
    def candidate(request):
        n = json.loads(request.body)["n"]
        return Answer(500) if n % 10 == 0 else Answer(body=b'{"p": %d}' % (n % 2))

    def told():
        done = umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "50")
        return json.loads(done.stdout)

    path = Path(umbra, new_model(lambda request: Answer(body=b'{"p": 1}')), new_model(candidate))
    path.define(sampling=80.0).start()
    umbra.start("umbra-aggregator", *QUICK, "--horizon", "20s").wait_ready()
    path.produce(300)
    account = path.wait_account(lambda account: account.pending == 0)
    until(lambda: told_of(umbra, "paired") == account.sampled, "all are paired")
    assert any(record["provisional"] for record in latest(umbra).values())
    while_open = told()
    check_against_events(while_open, path)
    until(lambda: not any(record["provisional"] for record in latest(umbra).values()),
          "the windows close", 90)
    closed = told()
    check_against_events(closed, path)
    for key in ("variants", "accounting", "comparison"):
        assert closed[key] == while_open[key]


def told_of(umbra, number):
    """The sum that stands in umbra.aggregates for the candidate."""
    return sum(record[number] for record in latest(umbra).values() if record["test"] == TEST)


# Answers too large to travel in the events: the default bound is 64 KiB
LARGE = 70_000


def large(n, letter):
    return b'{"n": %d, "pad": "%s"}' % (n, letter * LARGE)


def test_answers_too_large_to_travel_are_compared_by_their_digests(umbra, new_model):
    """The same bytes agree unread. Others, here of the same length, may still be equal by value: nobody
    says that they are not, unless the test compares bytes."""
    def says(letter_of):
        def answer(request):
            n = json.loads(request.body)["n"]
            return Answer(body=large(n, letter_of(n)))
        return new_model(answer)

    def told():
        found = {test: json.loads(umbra.run("umbractl", "report", test, "-o", "json", "--least", "0").stdout)
                 for test in ("value", "bytes")}
        return {test: (one["match"], one["mismatch"], one["not_comparable"])
                for test in found for one in found[test]["comparison"]}

    path = Path(umbra, says(lambda n: b"x"), says(lambda n: b"y" if n % 4 == 0 else b"x"))
    path.define(tests={"value": {}, "bytes": {"compare": {"kind": "exact"}}}).start()
    umbra.start("umbra-aggregator", *QUICK).wait_ready()
    path.produce(40)
    until(lambda: told() == {"value": (30, 0, {"too_large": 10}), "bytes": (30, 10, {})},
          lambda: f"all are compared: {told()}", 60)
    for event in path.events():
        assert not event["response_body"] and event["response_bytes"] > LARGE
