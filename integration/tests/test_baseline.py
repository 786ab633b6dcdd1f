"""The baseline arm: production asked a second time, through the shadow path, to know its own noise."""
import json

import witness
from accounting import accounts
from definitions import definitions, endpoint, test, variant
from model_server import Answer
from path import QUICK, TEST
from records import header
from waiting import until

BASELINE = TEST, "baseline", "v1"
SHADOW = TEST, "shadow", f"shadow-{TEST}"


def second_calls(path, generation=3):
    """The request ids of the sampled requests that production is asked again."""
    events = path.production_events()
    seed = witness.sampling_seed(TEST, path.history()[0][0])
    bound = 500_000 * 400_000 * 2**64 // 10**12
    return {e["request_id"] for e in events if witness.sampling_hash(e["request_id"], seed) < bound}


def report(umbra, name=TEST):
    done = umbra.run("umbractl", "report", name, "-o", "json", "--least", "1")
    return json.loads(done.stdout)


def test_a_share_of_the_sample_is_asked_of_production_again_and_accounted_for(path):
    path.define(tests={TEST: {"sampling": 50.0, "baseline": 40.0}})
    path.start()
    path.umbra.start("umbra-aggregator", *QUICK).wait_ready()
    path.produce(300)
    path.wait_account(lambda account: account.pending == 0)
    books = until(lambda: (lambda b: b if b[BASELINE].pending == 0 else None)(accounts(path.events())),
                  "the second calls are answered")
    again = second_calls(path)
    assert 30 < len(again) < 90
    assert {p["request_id"] for p, _ in books[BASELINE].pairs} == again
    assert again < {p["request_id"] for p, _ in books[SHADOW].pairs}
    copies = path.kafka.read(path.umbra.topic("shadow.v1"))
    assert {header(copy, "umbra-request-id") for copy in copies} == again
    assert {(header(copy, "umbra-role"), header(copy, "umbra-variant")) for copy in copies} == {
        ("baseline", "v1")}
    told = [dict((k.lower(), v) for k, v in r.headers).get("x-umbra-shadow")
            for r in path.model.requests]
    assert (told.count("1"), told.count(None)) == (len(again), 300)
    until(lambda: {a["role"]: a["pending"] for a in report(path.umbra)["accounting"]} == {
        "shadow": 0, "baseline": 0}, "the report has all")
    found = report(path.umbra)
    assert found["alarms"] == []
    assert {a["role"]: a["sampled"] for a in found["accounting"]} == {
        "shadow": books[SHADOW].sampled, "baseline": len(again)}


def test_the_second_call_goes_to_the_variant_that_answered(umbra, new_model):
    first, second, candidate = new_model(), new_model(), new_model()
    umbra.run("umbractl", "init")
    umbra.apply(definitions(
        endpoint(umbra.endpoint, [variant("v1", first.url), variant("w1", second.url)]),
        test("t", umbra.endpoint, [variant("v2", candidate.url)], baseline=100.0)))
    described = umbra.run("umbractl", "describe", "test", "t").stdout
    assert f"{umbra.topic('shadow.v1')}\n" in described and umbra.topic("shadow.w1") in described
    umbra.start("umbra-splitter", *QUICK).wait_ready()
    umbra.start("umbra-shadow", *QUICK).wait_ready()
    umbra.run("umbra-producer", "--endpoint", umbra.endpoint, "--format", "jsonl", "--wait",
              input="{}\n" * 60, seconds=120)
    until(lambda: len(first.requests) + len(second.requests) == 120, "all are asked again")
    events = witness.read_decoded(umbra.kafka.brokers, umbra.own_topic("events"))
    served = {e["request_id"]: e["variant"] for e in events if e["role"] == "production"}
    assert set(served.values()) == {"v1", "w1"}
    for event in events:
        if event["role"] == "baseline":
            assert event["variant"] == served[event["request_id"]]


def test_a_baseline_begins_with_apply_and_one_endpoint_has_one(umbra, model):
    shadow = [variant("v2", model.url)]
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", model.url)]),
                            test("t", umbra.endpoint, shadow)))
    refused = umbra.run("umbractl", "set", "t", "baseline=10", expect=2).stderr
    assert "umbractl apply" in refused
    umbra.apply(definitions(test("t", umbra.endpoint, shadow, baseline=10.0)))
    umbra.run("umbractl", "set", "t", "baseline=20")
    assert "20" in umbra.run("umbractl", "describe", "test", "t").stdout
    # A production variant that is added later gets its topic, too.
    umbra.apply(definitions(endpoint(umbra.endpoint, [
        variant("v1", model.url), variant("w1", model.url)])))
    umbra.kafka.read(umbra.topic("shadow.w1"))
