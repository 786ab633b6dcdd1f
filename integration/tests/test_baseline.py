"""The baseline arm: production asked a second time, through the shadow path, to know its own noise."""
import json
import threading

import witness
from accounting import accounts
from definitions import definitions, endpoint, test, variant
from model_server import Answer
from path import QUICK, TEST
from records import header
from waiting import until

BASELINE = TEST, "baseline", "v1"
SHADOW = TEST, "shadow", f"shadow-{TEST}"


def second_calls(path):
    """The request ids of the sampled requests that production is asked again."""
    events = path.production_events()
    seed = witness.sampling_seed(TEST, path.history()[0][0])
    bound = 500_000 * 400_000 * 2**64 // 10**12
    return {e["request_id"] for e in events if witness.sampling_hash(e["request_id"], seed) < bound}


def report(umbra, name=TEST):
    done = umbra.run("umbractl", "report", name, "-o", "json", "--least", "0")
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


def noisy(calls):
    """Answers 1, and 0 in one of five calls, decided by request and the number of the call."""
    def answer(request):
        name = request.body.decode()
        with calls["lock"]:
            calls[name] = calls.get(name, 0) + 1
            draw = witness.sampling_hash(f"{name}/{calls[name]}/{calls['seed']}", 7) % 100
        return Answer(body=b'{"p": %d}' % (draw >= 20))
    return answer


def compared(umbra, new_model, production, candidate, n=600, rate=0):
    """The report's comparison of the candidate, with every copy asked of production again. rate is
    in requests a second, 0 as fast as they go."""
    umbra.run("umbractl", "init")
    umbra.apply(definitions(
        endpoint(umbra.endpoint, [variant("v1", new_model(production).url)]),
        test("t", umbra.endpoint, [variant("v2", new_model(candidate).url)], baseline=100.0)))
    for program in ("umbra-splitter", "umbra-shadow", "umbra-aggregator"):
        umbra.start(program, *QUICK).wait_ready()
    umbra.run("umbra-producer", "--endpoint", umbra.endpoint, "--format", "jsonl", "--wait",
              "--rate", str(rate), input="".join('{"n": %d}\n' % i for i in range(n)), seconds=180)

    def look():
        found = report(umbra, "t")
        by_role = {c["role"]: c for c in found["comparison"]}
        done = len(by_role) == 2 and all(c["compared"] == n for c in by_role.values())
        return (found, by_role) if done else None
    return until(look, "all is compared", 90, every=0.5)


def fresh(seed):
    return {"lock": threading.Lock(), "seed": seed}


# Far below what each model answers a second: no request waits for another. The candidate and production's
# second call are asked in the same moments, so what is left between them in the median is some milliseconds
# at most, also where everything else competes for the cores.
CALM = {"n": 300, "rate": 30}
NOISE_US = 10_000


def excess_latency(by_role):
    """By how much more the candidate takes than production's second call, each against its first, in
    the median and in microseconds."""
    candidate, second = (by_role[role]["latency_difference_us"]["p50"] for role in ("shadow", "baseline"))
    return candidate - second


def right(_request):
    return Answer(body=b'{"p": 1}', delay=0.02)


def test_the_same_model_on_both_arms_agrees_and_is_not_slower(umbra, new_model):
    found, by_role = compared(umbra, new_model, right, right, **CALM)
    assert found["alarms"] == []
    for role in ("shadow", "baseline"):
        assert (by_role[role]["match"], by_role[role]["mismatch"]) == (CALM["n"], 0)
        assert abs(by_role[role]["latency_difference_us"]["p50"]) < 2 * NOISE_US
    assert abs(excess_latency(by_role)) < NOISE_US
    excess = by_role["shadow"]["excess"]
    assert excess["value"] == 0 and excess["low"] < 0 < excess["high"] and excess["high"] < 0.02


def test_a_slower_candidate_is_slower_than_production_is_than_itself(umbra, new_model):
    def slow(_request):
        return Answer(body=b'{"p": 1}', delay=0.02 + 3 * NOISE_US / 1e6)

    _, by_role = compared(umbra, new_model, right, slow, **CALM)
    assert 2 * NOISE_US < excess_latency(by_role) < 4 * NOISE_US


def test_a_noisy_model_has_no_excess_over_its_own_noise(umbra, new_model):
    found, by_role = compared(umbra, new_model, noisy(fresh(1)), noisy(fresh(2)))
    assert 0.25 < by_role["baseline"]["mismatch"] / 600 < 0.39  # 2 * 0.2 * 0.8
    assert 0.25 < by_role["shadow"]["mismatch"] / 600 < 0.39
    excess = by_role["shadow"]["excess"]
    assert excess["low"] < 0 < excess["high"]
    assert by_role["shadow"]["baseline"] == {
        "compared": 600, "mismatch": by_role["baseline"]["mismatch"]}
    assert by_role["baseline"]["excess"] is None
    table = umbra.run("umbractl", "report", "t").stdout
    assert "production disagrees with itself in" in table and "it may be noise" in table


def test_the_excess_finds_the_rate_at_which_a_candidate_disagrees(umbra, new_model):
    """Production says 0 in a fifth of its calls. A candidate that always says 0 disagrees in 80 % of
    them, 48 points beyond the 32 % of production with itself."""
    _, by_role = compared(umbra, new_model, noisy(fresh(1)), lambda _: Answer(body=b'{"p": 0}'))
    excess = by_role["shadow"]["excess"]
    assert 0 < excess["low"] < 0.48 < excess["high"]
    assert "more than noise" in umbra.run("umbractl", "report", "t").stdout


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

    def variants(role):
        events = witness.read_decoded(umbra.kafka.brokers, umbra.own_topic("events"))
        return {e["request_id"]: e["variant"] for e in events if e["role"] == role}
    until(lambda: len(variants("production")) == len(variants("baseline")) == 60, "all are told of")
    assert len(first.requests) + len(second.requests) == 120
    assert set(variants("production").values()) == {"v1", "w1"}
    assert variants("baseline") == variants("production")


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
    done = umbra.apply(definitions(endpoint(umbra.endpoint, [
        variant("v1", model.url), variant("w1", model.url)])))
    assert f"topic {umbra.topic('shadow.w1')} created" in done.stdout
