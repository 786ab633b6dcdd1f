"""umbra-splitter's own promises: routing, formats, start positions, bounds, rebalances, live control
changes. What runs through several programs stands in test_path.py."""
import collections
import json
import re
import signal
import time

import pytest
import witness
from definitions import definitions, endpoint, test, variant
from installation import Installation
from model_server import ECHO, Answer
from program import Program
from records import Kafka, Record, header
from waiting import until


def numbered(n, **fields):
    """n small JSON requests, each with a key of its own."""
    return [Record(key=b"k%d" % i, value=json.dumps({"n": i, **fields}).encode()) for i in range(n)]


def install(umbra, *objects):
    umbra.run("umbractl", "init")
    umbra.apply(definitions(*objects))


def answers(umbra, n, on=None):
    return umbra.kafka.wait_count(umbra.topic("responses", on), n)


def events(umbra, n):
    records = umbra.kafka.wait_count(umbra.own_topic("events"), n)
    return [witness.decode(record.value)[1] for record in records]


def test_an_answer_comes_back_as_the_design_says(umbra, model):
    model.answer = ECHO
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)],
                            correlation_headers=["x-correlation-id"]))
    asked = umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"alice", b'{"a": 1}', [("x-request-id", b"r-1"), ("x-correlation-id", b"\x00\xff"),
                                       ("kafka_correlationId", b"c"), ("authorization", b"s3cret"),
                                       ("content-type", b"text/csv")], partition=3),
        Record(None, b"{}", [], partition=1)])
    umbra.start("umbra-splitter").wait_ready()
    got = {header(record, "umbra-request-id"): record for record in answers(umbra, 2)}
    named, unnamed = got["r-1"], got[f"{umbra.topic('requests')}-1-{asked[1].offset}"]
    assert (named.key, named.value, named.partition) == (b"alice", b'{"a": 1}', 3)
    assert (unnamed.key, unnamed.value, unnamed.partition) == (None, b"{}", 1)
    assert dict(named.headers)["x-correlation-id"] == b"\x00\xff"
    assert dict(named.headers)["kafka_correlationId"] == b"c"
    assert header(named, "authorization") is None
    assert header(named, "content-type") == "text/csv"
    assert header(unnamed, "content-type") == "application/json"
    for record in got.values():
        assert header(record, "umbra-variant") == "v1"
        assert header(record, "umbra-outcome") == "ok"
        assert header(record, "umbra-status") == "200"
        assert int(header(record, "umbra-generation")) >= 1
    sent = {dict(r.headers).get("X-Request-Id") or dict(r.headers).get("x-request-id")
            for r in model.requests}
    assert sent == set(got)


def test_a_failure_is_an_answer_too(umbra, new_model):
    def by_body(request):
        return {b"404": Answer(404), b"500": Answer(500), b"cut": Answer(raw=b"HTTP/1.1 2"),
                b"hang": Answer(hang=True)}[request.body]
    failing, gone = new_model(by_body), new_model()
    gone.close()
    install(umbra, endpoint(umbra.endpoint, [variant("v1", failing.url, timeout="500ms"),
                                             variant("gone", gone.url, weight=0)]))
    bodies = [b"404", b"500", b"cut", b"hang"]
    umbra.kafka.produce(umbra.topic("requests"), [
        *(Record(b"k", body, [("x-request-id", body)]) for body in bodies),
        Record(b"k", b"x", [("x-request-id", b"gone"), ("x-target-variant", b"gone")])])
    umbra.start("umbra-splitter").wait_ready()
    got = {header(r, "umbra-request-id"): r for r in answers(umbra, 5)}
    outcomes = {name: header(record, "umbra-outcome") for name, record in got.items()}
    assert outcomes == {"404": "client_error", "500": "server_error", "cut": "protocol_error",
                        "hang": "timeout", "gone": "connect_failed"}
    assert all(record.value == b"" for record in got.values()), "empty, never null"
    assert {e["request_id"]: e["outcome"] for e in events(umbra, 5)} == {
        name: outcome for name, outcome in outcomes.items()}


def test_answers_wait_with_their_bodies_for_a_response_topic_that_is_missing(umbra, model):
    model.answer = ECHO
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    umbra.kafka.delete(umbra.topic("responses"))
    requests = umbra.kafka.produce(umbra.topic("requests"), numbered(40))
    splitter = umbra.start("umbra-splitter", "-X", "topic.metadata.propagation.max.ms=1000").wait_ready()
    splitter.wait_log("an answer was refused")
    umbra.kafka.create(umbra.topic("responses"), 4)
    got = answers(umbra, 40)
    assert sorted(a.value for a in got) == sorted(r.value for r in requests)
    assert {header(a, "umbra-outcome") for a in got} == {"ok"}
    assert len(model.requests) == 40, "what was answered is not asked again"


def test_an_answer_that_does_not_fit_says_so_without_its_body_and_the_others_flow(umbra, model):
    model.answer = ECHO
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    umbra.kafka.configure(umbra.topic("responses"), **{"max.message.bytes": "2000"})
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k", b"x" * size, partition=0) for size in (10, 5000, 20)])
    umbra.start("umbra-splitter").wait_ready()
    assert sorted((header(a, "umbra-outcome"), len(a.value)) for a in answers(umbra, 3)) == [
        ("ok", 10), ("ok", 20), ("too_large", 0)]


def test_weights_share_the_callers_and_a_caller_stays_on_its_side(umbra, new_model):
    models = {name: new_model() for name in ("a", "b", "never")}
    install(umbra, endpoint(umbra.endpoint, [
        variant("a", models["a"].url, weight=3), variant("b", models["b"].url, weight=1),
        variant("never", models["never"].url, weight=0)]))
    requests = [Record(b"caller-%d" % (i % 400), b"{}") for i in range(1200)]
    umbra.kafka.produce(umbra.topic("requests"), requests)
    umbra.start("umbra-splitter").wait_ready()
    sides = collections.defaultdict(set)
    shares = collections.Counter()
    for record in answers(umbra, 1200):
        sides[record.key].add(header(record, "umbra-variant"))
        shares[header(record, "umbra-variant")] += 1
    assert all(len(side) == 1 for side in sides.values())
    assert set(shares) == {"a", "b"} and 0.68 < shares["a"] / 1200 < 0.82, shares


def test_a_named_variant_is_asked_and_an_unknown_one_is_a_dead_letter(umbra, new_model):
    one, two = new_model(), new_model()
    install(umbra, endpoint(umbra.endpoint, [variant("one", one.url),
                                             variant("two", two.url, weight=0)]))
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k", b"{}", [("x-target-variant", b"two")]),
        Record(b"k", b"{}", [("x-target-variant", b"three")]), Record(b"k", b"{}")])
    umbra.start("umbra-splitter").wait_ready()
    assert sorted(header(r, "umbra-variant") for r in answers(umbra, 2)) == ["one", "two"]
    (letter,) = umbra.kafka.wait_count(umbra.topic("dead-letter"), 1)
    assert header(letter, "__umbra.errors.code") == "unknown_variant"
    assert "three" in header(letter, "__umbra.errors.message")


def test_avro_requests_get_avro_responses_and_bad_ones_are_dead_letters(umbra, model):
    model.answer = ECHO
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)], format="avro"))
    good = witness.inference_request(b"1,2,3", request_id="r-9", content_type="text/csv")
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k", good, partition=0), Record(b"k", good[:-1], partition=0),
        Record(b"k", b"\0\0\0\0\7x", partition=0), Record(b"k", b"{}", partition=0),
        Record(b"k", None, partition=0), Record(b"k", good, partition=0)])
    umbra.start("umbra-splitter").wait_ready()
    first, second = answers(umbra, 2)
    for record in (first, second):
        kind, fields = witness.decode(record.value)
        assert kind == "inference_response"
        assert fields["request_id"] == "r-9" and fields["payload"] == b"1,2,3"
        assert fields["variant"] == "v1" and fields["outcome"].lower() == "ok"
    letters = umbra.kafka.wait_count(umbra.topic("dead-letter"), 4)
    codes = [header(r, "__umbra.errors.code") for r in letters]
    assert codes[1] == "no_registry" and codes[3] == "empty", codes
    assert [header(r, "__umbra.errors.offset") for r in letters] == ["1", "2", "3", "4"]
    assert [r.value for r in letters] == [good[:-1], b"\0\0\0\0\7x", b"{}", None]
    umbra.kafka.wait_committed(umbra.group("splitter"), umbra.topic("requests"))


def test_several_endpoints_have_a_group_each_and_one_that_hangs_holds_up_no_other(umbra, new_model):
    hanging, healthy = new_model(Answer(hang=True)), new_model()
    other = umbra.endpoint + "-other"
    install(umbra,
            endpoint(umbra.endpoint, [variant("v1", hanging.url, timeout="60s", max_in_flight=4)],
                     max_uncommitted=16),
            endpoint(other, [variant("v1", healthy.url)]))
    umbra.kafka.produce(umbra.topic("requests"), numbered(200))
    umbra.kafka.produce(umbra.topic("requests", other), numbered(500))
    splitter = umbra.start("umbra-splitter", "--drain-timeout", "0s").wait_ready()
    assert len(answers(umbra, 500, other)) == 500
    hanging.wait_requests(4)
    until(lambda: splitter.metric("umbra_splitter_open_records", endpoint=umbra.endpoint) == 8,
          "as many records wait as are out: the others stay where they are")
    assert hanging.most_in_flight == 4
    assert umbra.kafka.count(umbra.topic("responses")) == 0
    splitter.stop()


def test_a_variant_that_hangs_does_not_hold_up_the_other(umbra, new_model):
    hanging, healthy = new_model(Answer(hang=True)), new_model()
    install(umbra, endpoint(umbra.endpoint, [
        variant("v1", hanging.url, timeout="60s", max_in_flight=4), variant("v2", healthy.url, max_in_flight=4)]))
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k%d" % i, b"{}", [("x-target-variant", b"v1" if i % 4 == 0 else b"v2")]) for i in range(400)])
    splitter = umbra.start("umbra-splitter", "--drain-timeout", "0s").wait_ready()
    assert len(answers(umbra, 300)) == 300
    assert hanging.most_in_flight == 4
    splitter.stop()


def test_one_slow_partition_does_not_hold_up_the_others(umbra, model):
    def slow_for_one(request):
        return Answer(hang=True) if request.body == b"hang" else Answer()
    model.answer = slow_for_one
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url, timeout="60s",
                                                     max_in_flight=64)], max_uncommitted=8))
    umbra.kafka.produce(umbra.topic("requests"),
                        [Record(b"k", b"hang", partition=0)] +
                        [Record(b"k", b"{}", partition=i % 4) for i in range(400)])
    splitter = umbra.start("umbra-splitter").wait_ready()
    # The first of partition 0 is open: 7 more of it fit into the span, then it waits.
    umbra.kafka.wait_count(umbra.topic("responses"), 307)
    until(lambda: splitter.metric("umbra_splitter_open_records") == 1, "only the slow one is open")
    assert 0 not in umbra.kafka.committed(umbra.group("splitter"), umbra.topic("requests"))
    model.release()
    assert len(answers(umbra, 401)) == 401
    umbra.kafka.wait_committed(umbra.group("splitter"), umbra.topic("requests"))


def test_several_tests_with_several_shadows_copy_independently(umbra, model):
    shadows = [variant(name, "http://127.0.0.1:1/") for name in ("s1", "s2", "s3")]
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]),
            test("all", umbra.endpoint, shadows[:2], sampling=100.0),
            test("half", umbra.endpoint, shadows[2:], sampling=50.0),
            test("none", umbra.endpoint, [variant("s4", "http://127.0.0.1:1/")], sampling=0.0))
    umbra.kafka.produce(umbra.topic("requests"), numbered(400))
    umbra.start("umbra-splitter").wait_ready()
    happened = events(umbra, 400)
    listed = collections.Counter((s["test"], s["variant"]) for e in happened for s in e["sampled_for"])
    assert listed[("all", "s1")] == listed[("all", "s2")] == 400
    assert 140 < listed[("half", "s3")] < 260 and ("none", "s4") not in listed
    for name, n in (("s1", 400), ("s2", 400), ("s3", listed[("half", "s3")])):
        copies = umbra.kafka.wait_count(umbra.topic(f"shadow.{name}"), n)
        assert len(copies) == n
        assert {header(copy, "umbra-variant") for copy in copies} == {name}
    assert umbra.kafka.count(umbra.topic("shadow.s4")) == 0
    assert all({h["test"] for h in e["sampling_hashes"]} == {"all", "half", "none"}
               for e in happened)


def test_control_changes_are_live_within_a_second(umbra, new_model):
    before, after = new_model(), new_model()
    install(umbra, endpoint(umbra.endpoint, [variant("before", before.url)]))
    umbra.start("umbra-splitter").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert {header(r, "umbra-variant") for r in answers(umbra, 10)} == {"before"}
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("after", after.url)])))
    umbra.programs[0].wait_log("now at generation 3", seconds=1)
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert [header(r, "umbra-variant") for r in answers(umbra, 20)].count("after") == 10
    other = umbra.endpoint + "-new"
    umbra.apply(definitions(endpoint(other, [variant("v", after.url)])))
    umbra.kafka.produce(umbra.topic("requests", other), numbered(10))
    assert len(answers(umbra, 10, other)) == 10
    umbra.run("umbractl", "delete", "endpoint", other, "--yes")
    umbra.programs[0].wait_log("draining, then closing", seconds=2)


def test_a_change_that_misses_a_file_is_taken_over_when_the_file_is_there(umbra, new_model, tmp_path):
    before, after, token = new_model(), new_model(), tmp_path / "token"
    install(umbra, endpoint(umbra.endpoint, [variant("before", before.url)]))
    splitter = umbra.start("umbra-splitter").wait_ready()
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("after", after.url, headers=[
        {"name": "authorization", "value_file": str(token)}])])))
    until(lambda: str(token) in splitter.admin("/readyz")[1], "it says what it waits for")
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert {header(r, "umbra-variant") for r in answers(umbra, 10)} == {"before"}, "production goes on"
    token.write_text("secret\n")
    splitter.wait_log("now at generation 3")
    splitter.wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert [header(r, "umbra-variant") for r in answers(umbra, 20)].count("after") == 10
    assert {dict(r.headers)["authorization"] for r in after.requests} == {"secret"}


def test_an_endpoint_that_misses_a_file_is_served_when_the_file_is_there(umbra, model, tmp_path):
    token = tmp_path / "token"
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url, headers=[
        {"name": "authorization", "value_file": str(token)}])]))
    splitter = umbra.start("umbra-splitter")
    until(lambda: str(token) in splitter.admin("/readyz")[1], "it says what it waits for")
    token.write_text("secret\n")
    splitter.wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert len(answers(umbra, 10)) == 10


def test_reading_starts_where_it_was_written_and_a_new_epoch_starts_anew(umbra, model):
    umbra.kafka.create(umbra.topic("requests"), 2)
    umbra.kafka.produce(umbra.topic("requests"), numbered(30))
    at = endpoint(umbra.endpoint, [variant("v1", model.url)], **{"from": "now", "partitions": 2})
    install(umbra, at)
    umbra.kafka.produce(umbra.topic("requests"), numbered(5, late=True))
    splitter = umbra.start("umbra-splitter").wait_ready()
    assert len(answers(umbra, 5)) == 5
    umbra.kafka.wait_committed(umbra.group("splitter"), umbra.topic("requests"))
    splitter.stop()
    assert len(model.requests) == 5
    splitter = umbra.start("umbra-splitter").wait_ready()
    at[1]["from"] = "earliest"
    umbra.apply(definitions(at), "--reset-start")
    assert len(answers(umbra, 40)) == 40
    happened = events(umbra, 40)
    assert collections.Counter(e["epoch"] for e in happened) == {1: 5, 2: 35}


def test_a_position_that_is_gone_stops_that_partition_with_an_alarm(umbra, model):
    requests = umbra.topic("requests")
    umbra.kafka.create(requests, 2)
    umbra.kafka.produce(requests, [r._replace(partition=i % 2) for i, r in enumerate(numbered(40))])
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)],
                            **{"from": "now", "partitions": 2}))
    umbra.kafka.recreate(requests, 2)
    umbra.kafka.produce(requests, [Record(b"k", b"{}", partition=0)] * 5 +
                        [Record(b"k", b"{}", partition=1)] * 30)
    splitter = umbra.start("umbra-splitter")
    splitter.wait_log("its position is gone from the topic")
    assert {r.partition for r in answers(umbra, 10)} == {1}
    until(lambda: splitter.metric("umbra_splitter_stopped_partitions") == 1, "the alarm is counted")
    assert splitter.admin("/readyz")[0] == 503


def test_members_share_the_partitions_and_a_leaving_one_repeats_nothing(umbra, model):
    model.answer = Answer(delay=0.01)
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    first = umbra.start("umbra-splitter").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(1000))
    second = umbra.start("umbra-splitter").wait_ready()
    until(lambda: [m.metric("umbra_splitter_partitions") for m in (first, second)] == [2, 2],
          "two partitions each")
    umbra.kafka.produce(umbra.topic("requests"), numbered(1000))
    second.stop()
    umbra.kafka.wait_committed(umbra.group("splitter"), umbra.topic("requests"))
    first.stop()
    assert len(answers(umbra, 2000)) == 2000


def test_a_named_instance_restarts_without_moving_its_partitions(umbra, model):
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    names = [["--instance", "one"], ["--instance", "two"]]
    first, second = [umbra.start("umbra-splitter", *name) for name in names]
    until(lambda: [m.metric("umbra_splitter_partitions") if m.admin("/metrics")[0] == 200 else 0
                   for m in (first, second)] == [2, 2], "two partitions each")
    moves = first.log().count("reading 2 partitions")
    second.signal(signal.SIGKILL)
    second.wait_exit(-signal.SIGKILL)
    second = umbra.start("umbra-splitter", *names[1]).wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(100))
    assert len(answers(umbra, 100)) == 100
    assert first.log().count("reading 2 partitions") == moves
    assert {e["instance"] for e in events(umbra, 100)} == {"one", "two"}


def test_a_member_whose_name_another_took_ends_in_order(umbra, model):
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    first = umbra.start("umbra-splitter", "--instance", "one").wait_ready()
    second = umbra.start("umbra-splitter", "--instance", "one").wait_ready()
    first.wait_log("(?i)fenced")
    first.stop(seconds=20)
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    assert len(answers(umbra, 10)) == 10
    second.stop()


def test_an_endpoint_that_leaves_while_the_broker_hangs_does_not_stop_the_loop(
        own_broker, new_umbra, model):
    umbra = new_umbra(own_broker.address)
    served = endpoint(umbra.endpoint, [variant("v1", model.url)])
    install(umbra, served)
    splitter = umbra.start("umbra-splitter", "--drain-timeout", "3s").wait_ready()
    model.answer = Answer(hang=True)
    umbra.kafka.produce(umbra.topic("requests"), numbered(1))
    model.wait_requests(1)
    umbra.run("umbractl", "delete", "endpoint", umbra.endpoint, "--yes")
    splitter.wait_log("draining, then closing")
    own_broker.suspend()
    try:
        splitter.wait_log("its consumer does not end in time")  # said by the loop, while it leaves
        assert splitter.admin("/livez")[0] == 200
    finally:
        own_broker.resume()
    model.answer = Answer()
    until(lambda: umbra.apply(definitions(served), expect=None).returncode == 0, "the broker leads again",
          every=0.5)
    umbra.kafka.produce(umbra.topic("requests"), numbered(5))
    answers(umbra, 5)
    splitter.stop()


def test_sigterm_while_the_broker_hangs_ends_within_the_drain_timeout_and_ten_seconds(
        own_broker, new_umbra, model):
    umbra = new_umbra(own_broker.address)
    install(umbra, *(endpoint(f"{umbra.endpoint}-{i}", [variant("v1", model.url)]) for i in range(5)))
    splitter = umbra.start("umbra-splitter", "--drain-timeout", "2s").wait_ready()
    model.answer = Answer(hang=True)
    for i in range(5):
        umbra.kafka.produce(umbra.topic("requests", f"{umbra.endpoint}-{i}"), numbered(20))
    model.wait_requests(100)
    own_broker.suspend()
    try:
        splitter.signal(signal.SIGTERM)
        splitter.wait_exit(expect=None, seconds=14)  # the promise, and 2 s for a busy machine
    finally:
        own_broker.resume()


def test_it_waits_for_an_installation_and_says_so(umbra, model):
    splitter = umbra.start("umbra-splitter")
    until(lambda: "umbractl init" in splitter.admin("/readyz")[1], "it names the remedy")
    assert splitter.admin("/livez")[0] == 200
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]))
    splitter.wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(3))
    assert len(answers(umbra, 3)) == 3
    splitter.stop()


# Order, age, budget


def test_with_order_by_key_one_request_of_a_key_is_out_at_a_time_and_answers_keep_their_order(umbra, model):
    model.answer = lambda request: Answer(body=request.body, delay=0.02)
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url, max_in_flight=64)], order="key"))
    keys = [b"a", b"b", b"c"]
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(keys[i % 3], json.dumps({"key": keys[i % 3].decode(), "n": i}).encode(), [], partition=1)
        for i in range(60)])
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(None, json.dumps({"key": None, "n": i}).encode(), [], partition=1) for i in range(30)])
    umbra.start("umbra-splitter").wait_ready()
    got = [json.loads(record.value) for record in answers(umbra, 90)]
    for key in keys:
        numbers = [answer["n"] for answer in got if answer["key"] == key.decode()]
        assert numbers == sorted(numbers) and len(numbers) == 20
    assert model.most_in_flight > 3, "requests without key do not wait for each other"
    arrivals = collections.defaultdict(list)
    for request in model.requests:
        arrivals[json.loads(request.body)["key"]].append(request.time)
    for key in keys:
        times = arrivals[key.decode()]
        assert all(b - a > 0.019 for a, b in zip(times, times[1:])), "one of a key at a time"


def test_a_request_older_than_max_age_is_answered_expired_and_never_asked(umbra, model):
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)], max_age="1m"))
    now = int(time.time() * 1000)
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"old", b"1", [("x-request-id", b"old")], timestamp=now - 61_000),
        Record(b"new", b"2", [("x-request-id", b"new")], timestamp=now)])
    umbra.start("umbra-splitter").wait_ready()
    outcomes = {header(a, "umbra-request-id"): header(a, "umbra-outcome") for a in answers(umbra, 2)}
    assert outcomes == {"old": "expired", "new": "ok"}
    assert model.bodies() == [b"2"]
    told = {event["request_id"]: event for event in events(umbra, 2)}
    assert (told["old"]["outcome"], told["old"]["attempts"]) == ("expired", 0)


@pytest.mark.parametrize("budget", [{"copies_per_second": 10}, {"bytes_per_second": 200}])
def test_a_budget_bounds_the_copies_and_each_that_is_missing_is_told(umbra, model, budget):
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)], budget=budget),
            test("t", umbra.endpoint, [variant("v2", model.url)]))
    umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", b"%020d" % i) for i in range(200)])
    umbra.start("umbra-splitter").wait_ready()
    assert len(answers(umbra, 200)) == 200
    copies = umbra.kafka.count(umbra.topic("shadow.v2"))
    lost = until(lambda: [e for e in events(umbra, 200) if e["role"] == "shadow"], "losses are told")
    until(lambda: len([e for e in events(umbra, 200) if e["role"] == "shadow"])
          + umbra.kafka.count(umbra.topic("shadow.v2")) == 200, "each copy is delivered or told as lost")
    assert 10 <= copies <= 150  # 21 bytes each
    assert {(e["outcome"], e["reason"]) for e in lost} == {("not_delivered", "budget")}


# Copies that Kafka holds up

SLOW_TO_SEE = ["-X", "topic.metadata.propagation.max.ms=60000"]  # a topic that is missing may be new


def test_a_full_partition_waits_for_no_copy_and_each_given_up_is_told(path):
    path.define(max_uncommitted=5)
    path.kafka.delete(path.shadow_topic())
    path.start_splitter(*SLOW_TO_SEE)
    path.produce(400)
    account = path.wait_account(lambda a: a.sampled == 400 and a.pending == 0)
    assert account.closes() and account.losses == {"not_delivered": 400}
    reasons = path.loss_reasons()
    assert reasons["purged"] > 300 and set(reasons) <= {"purged", "timed_out"}, reasons


def test_one_endpoint_s_stuck_copies_take_none_from_another_s_queue(umbra, model):
    other = umbra.endpoint + "-other"
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)], max_uncommitted=5),
            endpoint(other, [variant("v1", model.url)]),
            test("stuck", umbra.endpoint, [variant("v2", model.url)]),
            test("sound", other, [variant("v2", model.url)]))
    umbra.kafka.delete(umbra.topic("shadow.v2"))
    # Copies linger for so long that one partition is full again and again while the other's are queued.
    splitter = umbra.start("umbra-splitter", *SLOW_TO_SEE, "-X", "linger.ms=400").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(200))
    umbra.kafka.produce(umbra.topic("requests", other), numbered(800))
    answers(umbra, 200)
    answers(umbra, 800, other)
    assert len(umbra.kafka.wait_count(umbra.topic("shadow.v2", other), 800)) == 800
    assert splitter.metric("umbra_splitter_copies_total", endpoint=umbra.endpoint, result="purged") > 0
    assert {series for series in splitter.metrics() if 'test="sound"' in series} == {
        series for series in splitter.metrics() if 'result="delivered"' in series}


@pytest.fixture
def crippled(tmp_path, model):
    """A splitter whose shadow topic has leaders as the word says, and its installation."""
    made = []

    def start(how):
        names = ["umbra.control", "umbra.events:2", "umbra.aggregates:2", "churn.requests:4",
                 "churn.responses:4", "churn.dead-letter:4", how, "churn.shadow.v2:4"]
        broker = Program(["umbra-embedded-broker", *names], tmp_path / "embedded.log")
        made.append(broker)
        until(lambda: "\n" in broker.output() or not broker.is_running(), broker.tail)
        umbra = Installation(Kafka(broker.output().strip()), tmp_path)
        made.insert(0, umbra)
        umbra.prefix, umbra.endpoint = "umbra.", "churn"
        umbra.run("umbractl", "init", "--event-partitions", 2)
        umbra.apply(definitions(endpoint("churn", [variant("v1", model.url)], max_uncommitted=10),
                                test("t", "churn", [variant("v2", model.url)])))
        return umbra, umbra.start("umbra-splitter", "-X", "session.timeout.ms=6000").wait_ready()

    yield start
    umbra, broker = made
    umbra.close()
    broker.kill()


@pytest.mark.parametrize("leaders", ["--leaderless", "--hung"])
def test_shadow_leaders_that_are_gone_or_hang_hold_up_no_answer_and_each_copy_is_told(crippled, leaders):
    umbra, splitter = crippled(leaders)
    umbra.kafka.produce(umbra.topic("requests"), numbered(1000))
    assert len(answers(umbra, 1000)) == 1000
    until(lambda: sum(splitter.metric("umbra_splitter_copies_total", result=result)
                      for result in ("purged", "timed_out")) == 1000, "each is counted")
    assert splitter.metric("umbra_splitter_copies_total", result="purged") > 900
    lost = until(lambda: [e for e in events(umbra, 2000) if e["role"] == "shadow"], "and told", every=0.5)
    assert len(lost) == 1000 and {e["outcome"] for e in lost} == {"not_delivered"}


def test_events_that_were_given_up_stand_in_the_log_of_a_splitter_that_stops(umbra, model):
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url)]),
            test("t", umbra.endpoint, [variant("v2", model.url)]))
    splitter = umbra.start("umbra-splitter", "-X", "topic.metadata.propagation.max.ms=1000").wait_ready()
    umbra.kafka.delete(umbra.own_topic("events"))
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    answers(umbra, 20)
    until(lambda: splitter.metric("umbra_splitter_events_given_up_total") == 20, "they are given up", 90)
    splitter.stop()
    assert re.search(f"20 events of {umbra.topic('requests')} were given up and are reported nowhere else",
                     splitter.log())


# A model in trouble


def test_a_busy_model_is_asked_again_and_the_caller_sees_one_answer(umbra, model):
    seen = collections.Counter()

    def busy_once(request):
        seen[request.body] += 1
        return Answer(status=503, headers=[("Retry-After", "0")]) if seen[request.body] == 1 else Answer()

    model.answer = busy_once
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url, backoff="10ms")]))
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    splitter = umbra.start("umbra-splitter").wait_ready()
    assert {header(answer, "umbra-outcome") for answer in answers(umbra, 20)} == {"ok"}
    assert {event["attempts"] for event in events(umbra, 20)} == {2}
    assert splitter.metric("umbra_splitter_retries_total", variant="v1") == 20
    assert umbra.kafka.count(umbra.topic("responses")) == 20


def test_a_model_that_fails_in_a_row_is_left_alone_and_asked_again_when_it_is_back(umbra, model):
    model.answer = Answer(status=503)
    install(umbra, endpoint(umbra.endpoint, [variant("v1", model.url, max_in_flight=1, retries=0,
                                                     breaker_failures=5, breaker_cooldown="500ms")]))
    splitter = umbra.start("umbra-splitter").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(30))
    reasons = collections.Counter(event["reason"] for event in events(umbra, 30))
    assert reasons["status 503"] >= 5 and reasons["breaker open"] >= 10, reasons
    splitter.wait_log("5 failures in a row, the last: status 503")
    until(lambda: left_alone(splitter) == 1, "it is seen from outside")
    model.answer = Answer()

    def answered_well():
        umbra.kafka.produce(umbra.topic("requests"), numbered(1))
        return "ok" in [header(a, "umbra-outcome") for a in umbra.kafka.read(umbra.topic("responses"))]

    until(answered_well, "the model is asked again", every=0.2)
    splitter.wait_log("it answers again")
    until(lambda: left_alone(splitter) == 0, "the alarm is over")


def left_alone(splitter):
    return splitter.metric("umbra_splitter_model_left_alone", variant="v1")
