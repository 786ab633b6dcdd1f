"""umbra-shadow's own promises: the copy reaches the shadow model as it is, and every copy ends in one
event, whatever happens. Copies are made by the real splitter, or by hand where they must be odd."""
import collections
import json
import signal
import time

import pytest
import witness
from definitions import definitions, endpoint, test, variant
from model_server import ECHO, Answer
from records import Record, header
from waiting import until


def install(umbra, production, shadow, *, sampling=100.0, avro=False, **settings):
    """One endpoint, one test "t" with the shadow variant "v2"."""
    umbra.run("umbractl", "init")
    umbra.apply(definitions(
        endpoint(umbra.endpoint, [variant("v1", production.url)], format="avro" if avro else "raw"),
        test("t", umbra.endpoint, [variant("v2", shadow.url, **settings)], sampling=sampling)))


def numbered(n):
    return [Record(b"k%d" % i, json.dumps({"n": i}).encode(), [("x-request-id", b"r-%d" % i)])
            for i in range(n)]


def both_arms(umbra, n, seconds=60):
    """The events of each role once the shadow has n of them."""
    def look():
        by_role = collections.defaultdict(list)
        for event in witness.read_decoded(umbra.kafka.brokers, umbra.own_topic("events")):
            by_role[event["role"]].append(event)
        return by_role if len(by_role["shadow"]) >= n else None
    return until(look, f"{n} events of the shadow", seconds, every=0.2)


def copy_headers(umbra, number, **other):
    """The headers of a copy as the splitter writes them."""
    facts = {"umbra-request-id": f"r-{number}", "umbra-endpoint": umbra.endpoint, "umbra-epoch": "1",
             "umbra-test": "t", "umbra-variant": "v2", "umbra-role": "shadow",
             "umbra-generation": "2", "umbra-source": f"{umbra.topic('requests')}/0/{number}",
             "umbra-time": "1790000000000000"}
    facts.update({name.replace("_", "-"): value for name, value in other.items()})
    return [(name, value.encode()) for name, value in facts.items() if value is not None]


def test_the_shadow_model_gets_the_body_byte_for_byte_and_is_told_what_it_is(umbra, model, new_model):
    shadow = new_model(ECHO)
    install(umbra, model, shadow)
    bodies = [b'{"a":  1}\n', b"1,2,\xff\x00,3", b"x" * 300000]
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k", body, [("x-request-id", b"r-%d" % i), ("content-type", b"text/csv")])
        for i, body in enumerate(bodies)])
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    events = both_arms(umbra, 3)["shadow"]
    assert sorted(shadow.bodies()) == sorted(bodies)
    for request in shadow.requests:
        named = {name.lower(): value for name, value in request.headers}
        assert named["x-umbra-shadow"] == "1" and named["content-type"] == "text/csv"
        assert named["x-request-id"].startswith("r-")
    assert all("x-umbra-shadow" not in {n.lower() for n, _ in r.headers} for r in model.requests)
    assert {e["request_id"]: e["response_body"] for e in events} == {
        "r-0": bodies[0], "r-1": bodies[1], "r-2": None}, "a large answer goes by its digest"
    assert all(e["response_digest"] and e["outcome"] == "ok" for e in events)


def test_both_arms_agree_on_the_identity_of_a_request(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    umbra.kafka.produce(umbra.topic("requests"), numbered(200))
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    arms = both_arms(umbra, 200)

    def identity(event):
        return tuple(event[field] for field in ("endpoint", "epoch", "source_topic",
                                                "source_partition", "source_offset",
                                                "request_id", "request_time"))
    assert {identity(e) for e in arms["production"]} == {identity(e) for e in arms["shadow"]}
    assert len(arms["production"]) == len(arms["shadow"]) == 200
    assert {(e["test"], e["variant"]) for e in arms["shadow"]} == {("t", "v2")}
    assert all(e["model_latency_us"] > 0 and e["queue_us"] >= 0 and e["overhead_latency_us"] >= 0
               for e in arms["shadow"])
    umbra.kafka.wait_committed(umbra.group("shadow", "v2"), umbra.topic("shadow.v2"))


def test_an_avro_copy_is_asked_with_its_payload(umbra, model, new_model):
    shadow = new_model(ECHO)
    install(umbra, model, shadow, avro=True)
    request = witness.inference_request(b"1,2,3", request_id="r-1", content_type="text/csv")
    umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", request)])
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    (event,) = both_arms(umbra, 1)["shadow"]
    assert shadow.bodies() == [b"1,2,3"] and event["response_body"] == b"1,2,3"


def test_whatever_the_shadow_model_does_each_copy_ends_in_one_event(umbra, model, new_model):
    def by_number(request):
        return [Answer(), Answer(500), Answer(404), Answer(raw=b"garbage\r\n\r\n"),
                Answer(hang=True)][json.loads(request.body)["n"] % 5]
    install(umbra, model, new_model(by_number), timeout="300ms")
    umbra.kafka.produce(umbra.topic("requests"), numbered(50))
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    events = both_arms(umbra, 50)["shadow"]
    assert collections.Counter(e["outcome"] for e in events) == {
        "ok": 10, "server_error": 10, "client_error": 10, "protocol_error": 10, "timeout": 10}
    assert len({e["request_id"] for e in events}) == 50
    assert all(e["reason"] for e in events if e["outcome"] != "ok")


def test_no_more_calls_are_in_flight_than_the_variant_allows(umbra, model, new_model):
    shadow = new_model(Answer(delay=0.02))
    install(umbra, model, shadow, max_in_flight=3)
    umbra.kafka.produce(umbra.topic("requests"), numbered(100))
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    both_arms(umbra, 100)
    assert shadow.most_in_flight == 3


def test_copies_of_a_cancelled_test_are_not_asked_and_the_event_says_so(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    umbra.start("umbra-splitter").wait_ready()
    umbra.kafka.wait_count(umbra.topic("shadow.v2"), 20)
    umbra.run("umbractl", "cancel", "t")
    umbra.start("umbra-shadow").wait_ready()
    events = both_arms(umbra, 20)["shadow"]
    assert {(e["outcome"], e["reason"]) for e in events} == {("cancelled", "test_cancelled")}
    assert not shadow_model.requests


def test_copies_of_a_completed_test_are_still_asked(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    umbra.start("umbra-splitter").wait_ready()
    umbra.kafka.wait_count(umbra.topic("shadow.v2"), 20)
    umbra.run("umbractl", "complete", "t")
    umbra.start("umbra-shadow").wait_ready()
    assert {e["outcome"] for e in both_arms(umbra, 20)["shadow"]} == {"ok"}


def test_copies_older_than_the_bound_are_shed(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    now_ms = int(time.time() * 1000)
    umbra.kafka.produce(umbra.topic("shadow.v2"), [
        Record(b"k", b"{}", copy_headers(umbra, i), timestamp=now_ms - age * 1000)
        for i, age in enumerate((0, 3600))])
    umbra.start("umbra-shadow", "--max-age", "10m").wait_ready()
    events = {e["request_id"]: e for e in both_arms(umbra, 2)["shadow"]}
    assert events["r-0"]["outcome"] == "ok"
    assert (events["r-1"]["outcome"], events["r-1"]["reason"]) == ("shed", "max_age")
    assert events["r-1"]["model_latency_us"] == -1


def test_a_record_that_is_no_copy_is_passed_over_and_counted(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    odd = [[], copy_headers(umbra, 1, umbra_source="nowhere"),
           copy_headers(umbra, 2, umbra_generation="x" * 5000),
           copy_headers(umbra, 3, umbra_role=None), [("umbra-request-id", None)]]
    umbra.kafka.produce(umbra.topic("shadow.v2"),
                        [Record(None, b"{}", headers, partition=0) for headers in odd] +
                        [Record(None, b"{}", copy_headers(umbra, 9), partition=0)])
    shadow = umbra.start("umbra-shadow").wait_ready()
    (event,) = both_arms(umbra, 1)["shadow"]
    assert event["request_id"] == "r-9"
    until(lambda: shadow.metric("umbra_shadow_foreign_records_total") == 5, "five are counted")
    umbra.kafka.wait_committed(umbra.group("shadow", "v2"), umbra.topic("shadow.v2"))


def test_copies_of_an_earlier_test_of_that_name_are_not_asked(umbra, model, shadow_model):
    install(umbra, model, shadow_model)
    umbra.kafka.produce(umbra.topic("shadow.v2"), [
        Record(b"k", b"{}", copy_headers(umbra, 0, umbra_generation="1")),
        Record(b"k", b"{}", copy_headers(umbra, 1, umbra_test="another"))])
    umbra.start("umbra-shadow").wait_ready()
    events = both_arms(umbra, 2)["shadow"]
    assert {(e["outcome"], e["reason"]) for e in events} == {("cancelled", "test_over")}


def test_a_new_test_is_served_live_and_a_changed_variant_is_called_where_it_is_now(
        umbra, model, new_model):
    one, two = new_model(), new_model()
    install(umbra, model, one)
    umbra.start("umbra-splitter").wait_ready()
    umbra.start("umbra-shadow").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    both_arms(umbra, 10)
    umbra.apply(definitions(
        test("t", umbra.endpoint, [variant("v2", two.url)]),
        test("more", umbra.endpoint, [variant("v3", two.url)])))
    umbra.programs[0].wait_log("now at generation 3")
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    events = both_arms(umbra, 30)["shadow"]
    assert collections.Counter(e["variant"] for e in events) == {"v2": 20, "v3": 10}
    assert len(one.requests) == 10 and len(two.requests) == 20


@pytest.mark.parametrize("change", ["of its variant", "of the test on its topic"])
def test_copies_wait_while_a_change_misses_a_file_and_are_asked_when_it_is_there(
        umbra, model, new_model, tmp_path, change):
    one, two, token = new_model(), new_model(), tmp_path / "token"
    changed = variant("v2", two.url, headers=[{"name": "authorization", "value_file": str(token)}])
    install(umbra, model, one)
    umbra.start("umbra-splitter").wait_ready()
    shadow = umbra.start("umbra-shadow").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    both_arms(umbra, 10)
    if change == "of its variant":
        umbra.apply(definitions(test("t", umbra.endpoint, [changed])))
    else:
        umbra.run("umbractl", "complete", "t")
        umbra.apply(definitions(test("next", umbra.endpoint, [changed])))
    until(lambda: str(token) in shadow.admin("/readyz")[1], "it says what it waits for")
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    umbra.kafka.wait_count(umbra.topic("shadow.v2"), 20)
    assert len(both_arms(umbra, 10)["shadow"]) == 10, "nobody is asked, nothing is told"
    token.write_text("secret\n")
    shadow.wait_ready()
    told = collections.Counter((e["test"], e["outcome"]) for e in both_arms(umbra, 20)["shadow"])
    assert told == ({("t", "ok"): 20} if change == "of its variant" else
                    {("t", "ok"): 10, ("next", "ok"): 10})
    assert len(one.requests) == 10 and len(two.requests) == 10
    assert {dict(r.headers)["authorization"] for r in two.requests} == {"secret"}


def test_a_shadow_variant_that_misses_a_file_is_served_when_the_file_is_there(
        umbra, model, shadow_model, tmp_path):
    token = tmp_path / "token"
    install(umbra, model, shadow_model, headers=[{"name": "authorization", "value_file": str(token)}])
    umbra.kafka.produce(umbra.topic("requests"), numbered(10))
    umbra.start("umbra-splitter").wait_ready()
    shadow = umbra.start("umbra-shadow")
    until(lambda: str(token) in shadow.admin("/readyz")[1], "it says what it waits for")
    token.write_text("secret\n")
    shadow.wait_ready()
    assert {e["outcome"] for e in both_arms(umbra, 10)["shadow"]} == {"ok"}


def test_a_shadow_topic_made_anew_while_copies_of_the_old_are_open_is_read_and_committed(
        umbra, model, new_model):
    shadow_model = new_model(lambda request: Answer(hang=json.loads(request.body)["n"] < 20))
    install(umbra, model, shadow_model, timeout="60s")
    umbra.start("umbra-splitter").wait_ready()
    shadow = umbra.start("umbra-shadow").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    shadow_model.wait_requests(20)
    umbra.kafka.recreate(umbra.topic("shadow.v2"), 4)
    umbra.kafka.produce(umbra.topic("shadow.v2"), [
        Record(None, b'{"n": 20}', copy_headers(umbra, 100 + i), partition=i % 4) for i in range(12)])
    shadow_model.wait_requests(32)
    assert "begins anew" in shadow.log()
    shadow_model.release()
    events = both_arms(umbra, 32)["shadow"]
    assert {e["outcome"] for e in events} == {"ok"} and len({e["request_id"] for e in events}) == 32
    umbra.kafka.wait_committed(umbra.group("shadow", "v2"), umbra.topic("shadow.v2"))
    assert shadow.is_running()


def test_a_killed_shadow_consumer_loses_no_copy(umbra, model, new_model):
    install(umbra, model, new_model(Answer(delay=0.005)))
    umbra.start("umbra-splitter").wait_ready()
    first = umbra.start("umbra-shadow", "--instance", "one").wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), numbered(1500))
    until(lambda: umbra.kafka.count(umbra.own_topic("events")) > 1600, "it is in the midst")
    first.signal(signal.SIGKILL)
    first.wait_exit(-signal.SIGKILL)
    second = umbra.start("umbra-shadow", "--instance", "one").wait_ready()
    umbra.kafka.wait_committed(umbra.group("shadow", "v2"), umbra.topic("shadow.v2"))
    events = both_arms(umbra, 1500)["shadow"]
    assert len({e["request_id"] for e in events}) == 1500
    second.stop()


def test_sigterm_lets_open_copies_end(umbra, model, new_model):
    shadow = new_model(Answer(delay=0.5))
    install(umbra, model, shadow)
    umbra.kafka.produce(umbra.topic("requests"), numbered(20))
    umbra.start("umbra-splitter").wait_ready()
    consumer = umbra.start("umbra-shadow").wait_ready()
    shadow.wait_requests(20)
    consumer.stop()
    events = both_arms(umbra, 20)["shadow"]
    assert {e["outcome"] for e in events} == {"ok"} and len(events) == 20
