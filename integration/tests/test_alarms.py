"""A sampler that loses copies silently, or decides wrongly, raises the alarms. The splitter's own seam
UMBRA_TEST_SAMPLER makes it err for one hash in four."""
import json

from path import QUICK, TEST
from waiting import until


def run(path, how, requests=1000):
    path.define(sampling=100.0 if how == "loses" else 50.0)
    path.start_splitter(env={"UMBRA_TEST_SAMPLER": how})
    path.start_shadow()
    aggregator = path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "1s").wait_ready()
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
