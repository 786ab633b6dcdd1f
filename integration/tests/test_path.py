"""The promises of the whole path, on the built programs and a real broker: requests are answered,
copies are the record, the sample is exact, and the books close, whatever happens on the way."""
import collections
import json

import pytest

import witness
from accounting import NEVER_ASKED
from model_server import Answer
from path import TEST
from records import Record, header
from waiting import until


def once(ids):
    """The ids, which must not repeat."""
    repeated = [i for i, n in collections.Counter(ids).items() if n > 1]
    assert not repeated, f"answered more than once: {repeated[:10]}"
    return set(ids)


def request_ids(n):
    return {f"r{i}" for i in range(n)}


# 1. Every request is answered exactly once


def test_every_request_of_the_producer_is_answered_exactly_once(path):
    path.define().start()
    path.produce(500)
    assert len(once(path.answered_ids())) == 500
    assert {header(a, "umbra-outcome") for a in path.answers()} == {"ok"}
    account = path.wait_account(lambda a: a.paired == 500)
    assert account.sampled == 500 and account.closes()


def test_requests_that_were_captured_are_answered_and_sampled_as_before(path):
    """They keep their ids; the producer finds the answers all the same, and so does the sample."""
    requests = path.umbra.topic("requests")
    path.define(sampling=50.0).start()
    path.produce(200)
    first = path.wait_account(lambda a: a.paired and a.pending == 0)
    done = path.umbra.run("umbra-producer", "--endpoint", path.umbra.endpoint, "--wait", "-o", "json",
                          "--from-topic", requests)
    assert json.loads(done.stdout)["answered"] == 200
    again = path.wait_account(lambda a: a.sampled == 2 * first.sampled and a.pending == 0)
    assert again.paired == 2 * first.paired and again.closes()


# 2. A copy is the record


def test_a_copy_is_the_record_less_reply_and_secret_headers(path):
    path.define(secret_headers=["authorization"]).start_splitter()
    kept = [("x-a", b"1"), ("x-a", b"2"), ("x-null", None), ("x-empty", b""),
            ("content-type", b"text/csv"), ("kafka_correlationId", b"c")]
    taken = [("kafka_replyTopic", path.umbra.topic("responses").encode()),
             ("kafka_replyPartition", b"\x00\x00\x00\x01"), ("authorization", b"s3cret"),
             ("umbra-role", b"forged")]
    places = path.kafka.produce(path.umbra.topic("requests"), [
        Record(b"\x00key", b"\xff\x00body", kept[:3] + taken + kept[3:], partition=1,
               timestamp=1_700_000_000_123),
        Record(None, b"1,2,3", [], partition=0), Record(b"", b"x", [], partition=3)])
    copies = path.kafka.wait_count(path.shadow_topic(), 3)
    by_source = {header(copy, "umbra-source"): copy for copy in copies}
    assert len(by_source) == 3
    for place in places:
        copy = by_source[f"{path.umbra.topic('requests')}/{place.partition}/{place.offset}"]
        assert (copy.key, copy.value, copy.partition) == (place.key, place.value, place.partition)
        theirs = [h for h in copy.headers if not h[0].startswith("umbra-")]
        assert theirs == [h for h in place.headers if h not in taken]
        assert header(copy, "umbra-role") == "shadow"
        assert header(copy, "umbra-test") == TEST
        assert header(copy, "umbra-variant") == f"shadow-{TEST}"
    first = by_source[f"{path.umbra.topic('requests')}/1/{places[0].offset}"]
    assert header(first, "umbra-time") == "1700000000123000"
    assert header(first, "umbra-generation") == str(path.history()[-1][0])


def test_the_shadow_model_gets_the_bytes_and_the_word_that_it_is_a_shadow(path):
    path.define().start()
    path.kafka.produce(path.umbra.topic("requests"), [
        Record(b"k", b"\xff\x00body", [("content-type", b"text/csv"), ("x-request-id", b"r0")])])
    production, = path.model.wait_requests(1)
    shadow, = path.shadow_model.wait_requests(1)
    assert production.body == shadow.body == b"\xff\x00body"
    names = {name.lower(): value for name, value in shadow.headers}
    assert names["x-umbra-shadow"] == "1" and names["content-type"] == "text/csv"
    assert "x-umbra-shadow" not in {name.lower() for name, _ in production.headers}


# 3. The sample


@pytest.mark.parametrize("percentage", [0, 12.3456, 100])
def test_exactly_the_requests_that_the_percentage_says_are_copied(path, percentage):
    path.define(sampling=float(percentage)).start_splitter()
    path.send(1000)
    path.wait_answers(1000)
    path.wait_committed()
    copied = [header(copy, "umbra-request-id") for copy in path.copies()]
    assert sorted(copied) == sorted(i for i in request_ids(1000) if path.takes(i))
    assert percentage != 0 or copied == []
    assert percentage != 100 or len(copied) == 1000
    for event in path.production_events():
        assert [s["test"] for s in event["sampled_for"]] == [TEST] * path.takes(event["request_id"])


def test_sample_hash_prints_the_decision_that_the_splitter_takes(path):
    path.define(sampling=12.3456)
    keys = sorted(request_ids(1000))
    said = path.umbra.run("umbractl", "sample-hash", TEST, "-", input="\n".join(keys) + "\n").stdout
    seed = witness.sampling_seed(TEST, path.history()[0][0])
    lines = [line.split("\t") for line in said.splitlines()]
    assert [(key, number, word) for key, number, threshold, word in lines] == [
        (key, f"{witness.sampling_hash(key, seed):016x}", "yes" if path.takes(key) else "no")
        for key in keys]


def test_the_sample_is_the_same_after_a_restart_and_in_two_processes(path):
    path.define(sampling=30.0).start_splitter()
    path.send(300)
    path.wait_committed()
    path.splitter.stop()
    first, second = path.start_splitter(), path.start_splitter()
    path.send(300)
    path.wait_answers(600)
    path.wait_committed()
    assert first.metric("umbra_splitter_requests_total") > 0
    assert second.metric("umbra_splitter_requests_total") > 0
    copied = collections.Counter(header(copy, "umbra-request-id") for copy in path.copies())
    assert copied == {i: 2 for i in request_ids(300) if path.takes(i)}


def test_a_smaller_sample_lies_inside_a_larger_one_and_tests_are_independent(path):
    path.define(tests={"a": {"sampling": 20.0}, "b": {"sampling": 20.0}}).start_splitter()
    path.send(1000)
    path.wait_committed()
    small, other = ({header(c, "umbra-request-id") for c in path.copies(name)} for name in "ab")
    path.umbra.run("umbractl", "set", "a", "sampling=40")
    generation = path.history("a")[-1][0]
    wait_generation(path, generation)
    already = path.kafka.count(path.shadow_topic("a"))
    path.send(1000)
    path.wait_committed()
    large = {header(c, "umbra-request-id") for c in path.copies("a")
             if int(header(c, "umbra-generation")) >= generation}
    assert already == len(small) and small < large
    both = len(small & other) / 1000
    assert abs(both - 0.04) < 0.03, "two tests of 20 % share 4 % of the requests"


def wait_generation(path, generation):
    path.splitter.wait_log(f"now at generation {generation}")


# 4. A percentage changed under load


def test_a_percentage_changed_under_load_loses_nothing_and_each_copy_fits_its_generation(path):
    path.define(sampling=10.0).start()
    with path.under_load("--rate", "400") as sent:
        for percentage in (80, 0, 55.5):
            path.wait_answers(path.answered() + 200)
            path.umbra.run("umbractl", "set", TEST, f"sampling={percentage}")
            wait_generation(path, path.history()[-1][0])
        path.wait_answers(path.answered() + 200)
    assert len(once(path.answered_ids())) == len(sent)
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and not account.losses
    generations = set()
    for event in path.production_events():
        generations.add(event["generation"])
        sampled = [s["test"] for s in event["sampled_for"]]
        assert sampled == [TEST] * path.takes(event["request_id"], event["generation"])
    assert generations == {generation for generation, k in path.history()}
    for copy in path.copies():
        assert path.takes(header(copy, "umbra-request-id"), int(header(copy, "umbra-generation")))


# 5. The identity closes


def test_the_books_close_with_the_shadow_model_down(path):
    path.shadow_model.close()
    path.define(sampling=50.0).start()
    path.produce(400)
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and account.sampled > 100
    assert {shadow["outcome"] for _, shadow in account.pairs} <= {"connect_failed"}


def test_the_books_close_with_the_shadow_stopped_half_way_and_close_again_when_it_is_back(path):
    path.define(sampling=50.0).start()
    path.produce(200)
    path.wait_account(lambda a: a.pending == 0)
    path.shadow.stop()
    path.produce(200)
    path.wait_committed()
    account = path.account()
    assert account.closes() and account.pending > 50
    path.start_shadow()
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and account.paired == account.sampled


def test_the_books_close_after_the_shadow_was_killed_under_load(path):
    path.shadow_model.answer = Answer(delay=0.01)
    path.define().start()
    path.send(1000)
    path.shadow_model.wait_requests(200)
    path.shadow.kill()
    path.start_shadow()
    account = path.wait_account(lambda a: a.pending == 0, seconds=90)
    assert account.closes() and account.sampled == 1000 and account.paired == 1000


@pytest.mark.parametrize("answer", [
    Answer(status=500), Answer(raw=b"garbage\r\n\r\n"), Answer(body=b"not json")])
def test_whatever_the_shadow_answers_the_caller_gets_production_s_answer(path, answer):
    path.shadow_model.answer = answer
    path.define().start()
    path.produce(40)  # fewer than what makes the shadow consumer leave the model alone
    assert {a.value for a in path.answers()} == {b'{"score": 0.5}'}
    account = path.wait_account(lambda a: a.paired == 40)
    assert account.closes()


# 6. Crash and stop


def test_kill_9_under_load_leaves_no_request_unanswered_and_few_answered_twice(path):
    path.model.answer = Answer(delay=0.005)
    path.define(max_uncommitted=50).start_splitter()
    path.send(2000)
    for n in (400, 1000):
        path.wait_answers(n)
        path.splitter.kill()
        path.start_splitter()
    path.wait_committed(seconds=120)
    answered = collections.Counter(path.answered_ids())
    assert set(answered) == request_ids(2000)
    crashes, partitions, bound = 2, 4, 50
    assert sum(answered.values()) - 2000 <= crashes * partitions * bound
    account = path.account()
    assert account.closes() and account.sampled == 2000


def test_sigterm_with_calls_in_flight_ends_well_and_answers_nothing_twice(path):
    path.model.answer = Answer(delay=0.3)
    path.define(production={"max_in_flight": 32}, max_uncommitted=16).start_splitter()
    path.send(400)
    until(lambda: path.model.in_flight >= 16, "calls are in flight")
    path.splitter.stop(expect=0)
    assert path.model.in_flight == 0
    before = len(once(path.answered_ids()))
    assert 0 < before < 400
    path.start_splitter()
    path.wait_committed()
    assert once(path.answered_ids()) == request_ids(400)
    assert len(path.model.requests) == 400


# The record of it


def test_a_production_event_says_what_the_caller_saw(path):
    path.model.answer = lambda request: Answer(status=200 + 300 * (json.loads(request.body)["n"] % 2))
    path.define().start_splitter()
    path.send(50)
    path.wait_committed()
    seen = {header(a, "umbra-request-id"): (header(a, "umbra-outcome"), int(header(a, "umbra-status")))
            for a in path.answers()}
    told = {e["request_id"]: (e["outcome"], e["status_code"]) for e in path.production_events()}
    assert told == seen and {status for _, status in told.values()} == {200, 500}
    assert all(outcome not in NEVER_ASKED for outcome, _ in told.values())
