"""A sampler that loses copies silently, or decides wrongly, raises the alarms. The splitter's own seam
UMBRA_TEST_SAMPLER makes it err for one hash in four."""
import json

import witness
from path import QUICK, TEST
from records import Record
from waiting import until


def run(path, how, requests=1000):
    path.define(sampling=100.0 if how == "loses" else 50.0)
    path.start_splitter(env={"UMBRA_TEST_SAMPLER": how})
    path.start_shadow()
    aggregator = path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "5s").wait_ready()
    path.produce(requests)
    return aggregator


def report(path):
    done = path.umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "0")
    return json.loads(done.stdout)


def wait_alarm(path, words):
    found = until(lambda: [a for a in report(path)["alarms"] if words in a],
                  lambda: f"an alarm that says \"{words}\": {report(path)}", 60, every=0.5)
    return found[0]


def alarms_of(aggregator, what):
    return aggregator.metric("umbra_aggregator_alarms_total", what=what)


def test_copies_that_are_lost_silently_raise_an_alarm(path):
    aggregator = run(path, "loses", 200)
    wait_alarm(path, "nobody told within the horizon")
    until(lambda: report(path)["accounting"][0]["pending"] == 0, "the windows close", 60)
    [books] = report(path)["accounting"]
    lost = 200 - len(path.copies())
    assert 20 < lost < 90
    assert books["losses"] == {"unanswered": lost} and books["sampled"] == 200
    until(lambda: alarms_of(aggregator, "unanswered") == lost, "the metric counts them")


def test_wrong_decisions_raise_the_alarms_of_the_hash_and_of_the_ratio(path):
    aggregator = run(path, "skips")
    wait_alarm(path, "are not what their hash says")
    said = wait_alarm(path, "where 500.0 were to be expected")
    assert f"requests were sampled for shadow-{TEST}" in said
    until(lambda: report(path)["accounting"][0]["sample_ratio"]["requests"] == 1000, "all is told", 60)
    [books] = report(path)["accounting"]
    ratio = books["sample_ratio"]
    assert ratio["expected"] == 500 and ratio["p"] < 0.001
    until(lambda: alarms_of(aggregator, "sample_ratio") == 1, "the metric says it once", 60)
    assert f"requests were sampled for shadow-{TEST}, where" in aggregator.log()
    due = sum(path.takes(event["request_id"]) for event in path.production_events())
    wrong = due - books["sampled"]
    assert 70 < wrong < 190
    until(lambda: alarms_of(aggregator, "wrong_sampling_decisions") == wrong, "each is counted", 60)


def shadow_event(path, **fields):
    """The event of a copy that no request has."""
    return {**path.events()[-1], "role": "shadow", "test": TEST, "variant": f"shadow-{TEST}",
            "source_offset": 10 ** 9, "sampled_for": [], "sampling_hashes": [], **fields}


def gap(path, events):
    return {"instance": "i", "program": "umbra-splitter", "endpoint": path.umbra.endpoint,
            "source_topic": path.umbra.topic("requests"), "test": None, "events": events, "from": 1,
            "to": 2, "reason": "timed_out"}


def test_what_must_not_be_is_counted_logged_and_reported(path):
    """Copies that find no room to wait, an event that nobody announced, a gap."""
    path.define(sampling=100.0).start_splitter()
    path.send(200)
    until(lambda: len(path.events()) == 200, "all have their events")
    topic = path.umbra.own_topic("events")
    path.kafka.produce(topic, [
        Record(b"k", witness.encode("invocation_event", shadow_event(path)), [], partition=0),
        Record(b"k", witness.encode("event_gap", gap(path, 7)), [], partition=0)])
    aggregator = path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "5s", "--max-joins", 5).wait_ready()
    what = ("unsolicited", "given_up_events", "state_bound", "unanswered")
    until(lambda: all(alarms_of(aggregator, name) for name in what), "each is counted", 60)
    books = until(lambda: (lambda b: b if b["pending"] == 0 else None)(report(path)["accounting"][0]),
                  "the windows close", 60)
    losses = books["losses"]
    assert losses["state_bound"] + losses["unanswered"] == 200 and losses["state_bound"] > 100
    assert [alarms_of(aggregator, name) for name in what] == [
        1, 7, losses["state_bound"], losses["unanswered"]]
    told, log = report(path)["alarms"], aggregator.log()
    for words, line in (("1 events of", "1 events of copies for"),
                        ("7 events were given up", "7 events were given up"),
                        (f"{losses['state_bound']} copies of", "because too many waited"),
                        ("nobody told within the horizon", "nobody told within the horizon")):
        assert any(words in alarm for alarm in told) and line in log, (words, told)
