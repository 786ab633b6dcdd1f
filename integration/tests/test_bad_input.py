"""Bytes that are no requests: each becomes a dead letter with its reason, and its neighbours flow."""
import collections
import uuid

import pytest
import witness
from confluent_kafka import Producer

from definitions import definitions, endpoint, variant
from model_server import ECHO
from records import Record, header
from waiting import until

CONTROL = bytes(range(1, 32)).replace(b"\n", b"")


def install(umbra, model, **settings):
    model.answer = ECHO
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", model.url)], **settings)))


def letters(umbra, n):
    return umbra.kafka.wait_count(umbra.topic("dead-letter"), n)


def misdirected(value):
    """A dead letter of partition 0, whatever its value."""
    return Record(b"k", value, [("x-target-variant", b"nobody")], partition=0)


def code(letter):
    return header(letter, "__umbra.errors.code")


def test_avro_cut_at_every_byte_and_bombs_are_dead_letters_and_their_neighbours_flow(umbra, model):
    install(umbra, model, format="avro")
    good = witness.inference_request(b"1,2,3", request_id="good", content_type="text/csv")
    prefix = good[:10]
    bombs = [prefix + b"\xfe\xff\xff\xff\x0f",  # a string of 2^31 bytes
             prefix + b"\xff" * 10 + b"\x01",  # a varint of eleven bytes
             prefix + b"\x01", prefix,  # a negative length; nothing
             good + b"\x00", b"\xc3\x01" + b"\x00" * 8 + good[10:],  # bytes left over; no such schema
             b"\x00\x00\x00\x00\x01" + good[10:], b"{}", b"", None]
    cut = [good[:n] for n in range(1, len(good))]
    bad = cut + bombs
    records = [Record(b"k", good, partition=1)]
    for value in bad:
        records += [Record(b"k", value, [("n", b"1")], partition=1), Record(b"k", good, partition=1)]
    umbra.kafka.produce(umbra.topic("requests"), records)
    umbra.start("umbra-splitter").wait_ready()
    answers = umbra.kafka.wait_count(umbra.topic("responses"), len(bad) + 1)
    dead = letters(umbra, len(bad))
    assert collections.Counter(letter.value for letter in dead) == collections.Counter(bad)
    assert all(code(letter) for letter in dead)
    assert {header(a, "umbra-outcome") for a in answers} == {"ok"} and len(answers) == len(bad) + 1
    umbra.kafka.wait_committed(umbra.group("splitter"), umbra.topic("requests"))


def test_odd_but_sound_raw_requests_are_answered(umbra, model):
    install(umbra, model)
    odd = [Record(b"big", b"x" * 900_000, [], partition=0),
           Record(b"many", b"{}", [(f"h{i}", b"v" * 100) for i in range(100)], partition=0),
           Record(b"null", b"{}", [("x-request-id", None), ("content-type", None)], partition=0),
           Record(b"id", b"{}", [("x-request-id", CONTROL)], partition=0),
           Record(b"long", b"{}", [("x-request-id", b"i" * 129)], partition=0),
           Record(b"type", b"{}", [("content-type", b"text/plain\r\nx-evil: 1")], partition=0),
           Record(b"\xff" * 1000, b"\x00\xff", [], partition=0)]
    places = umbra.kafka.produce(umbra.topic("requests"), odd)
    umbra.start("umbra-splitter").wait_ready()
    answers = umbra.kafka.wait_count(umbra.topic("responses"), len(odd))
    assert sorted(a.value for a in answers) == sorted(record.value for record in odd)
    by_place = {f"{umbra.topic('requests')}-0-{record.offset}" for record in places}
    assert {header(a, "umbra-request-id") for a in answers} == by_place, "bad ids are replaced"
    assert not any("evil" in name.lower() for request in model.requests for name, _ in request.headers)


def test_empty_and_null_values_are_dead_letters_of_a_raw_endpoint(umbra, model):
    install(umbra, model)
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(b"k", None, partition=0), Record(b"k", b"1", partition=0),
        Record(b"k", b"", partition=0), Record(b"k", b"2", partition=0)])
    umbra.start("umbra-splitter").wait_ready()
    assert {a.value for a in umbra.kafka.wait_count(umbra.topic("responses"), 2)} == {b"1", b"2"}
    dead = letters(umbra, 2)
    assert {(letter.value, code(letter)) for letter in dead} == {(None, "empty"), (b"", "empty")}


def test_without_the_dead_letter_topic_that_partition_waits_and_the_others_go_on(umbra, model):
    install(umbra, model, max_uncommitted=10)
    topic = umbra.topic("dead-letter")
    umbra.kafka.delete(topic)
    umbra.kafka.produce(umbra.topic("requests"), [misdirected(b"kept")] + [
        Record(b"k", b"%d" % i, partition=p) for p in range(4) for i in range(30)])
    splitter = umbra.start("umbra-splitter", "-X", "topic.metadata.propagation.max.ms=1000").wait_ready()
    until(lambda: umbra.kafka.count(umbra.topic("responses")) >= 90, "the others go on")
    group = umbra.group("splitter")
    until(lambda: {p: o for p, o in umbra.kafka.committed(group, umbra.topic("requests")).items()
                   if p} == {1: 30, 2: 30, 3: 30}, "and commit")
    assert umbra.kafka.committed(group, umbra.topic("requests")).get(0, 0) == 0
    splitter.wait_log("a dead letter was refused")
    umbra.kafka.create(topic, 4)
    umbra.kafka.wait_committed(group, umbra.topic("requests"), seconds=90)
    assert [(letter.value, code(letter)) for letter in letters(umbra, 1)] == [(b"kept", "unknown_variant")]
    counts = collections.Counter((a.partition, a.value) for a in umbra.kafka.read(umbra.topic("responses")))
    assert len(counts) == 120 and max(counts.values()) == 1


def test_a_dead_letter_that_does_not_fit_goes_without_its_value_and_the_others_with_it(umbra, model):
    install(umbra, model)
    umbra.kafka.configure(umbra.topic("dead-letter"), **{"max.message.bytes": "2000"})
    values = [b"small", b"x" * 5000, b"small too"]
    umbra.kafka.produce(umbra.topic("requests"), [misdirected(value) for value in values])
    umbra.start("umbra-splitter").wait_ready()
    assert {header(letter, "__umbra.errors.offset"): letter.value for letter in letters(umbra, 3)} == {
        "0": b"small", "1": None, "2": b"small too"}


@pytest.mark.parametrize("kind", ["transactional", "compacted"])
def test_a_topic_with_holes_in_its_offsets_commits_on(umbra, model, kind):
    umbra.kafka.create(umbra.topic("requests"), 4)
    install(umbra, model)
    if kind == "transactional":
        expected, last = transactions(umbra)
    else:
        expected, last = compaction(umbra)
    umbra.start("umbra-splitter").wait_ready()
    answers = umbra.kafka.wait_count(umbra.topic("responses"), len(expected))
    assert sorted(a.value for a in answers) == sorted(expected)
    group = umbra.group("splitter")
    until(lambda: umbra.kafka.committed(group, umbra.topic("requests")).get(0, 0) > last,
          "the last record is committed")


def transactions(umbra):
    """Committed and aborted transactions in partition 0: (values to be answered, last offset)."""
    producer = Producer({"bootstrap.servers": umbra.kafka.brokers, "transactional.id": uuid.uuid4().hex})
    producer.init_transactions(30)
    for n in range(10):
        producer.begin_transaction()
        producer.produce(umbra.topic("requests"), b"%d" % n, b"k", partition=0)
        producer.flush(30)
        producer.abort_transaction(30) if n % 2 else producer.commit_transaction(30)
    records = [r for r in umbra.kafka.read(umbra.topic("requests"))]
    assert [r.value for r in records] == [b"0", b"2", b"4", b"6", b"8"]
    return [r.value for r in records], records[-1].offset


def compaction(umbra):
    """Holes as compaction leaves them: (values to be answered, last offset)."""
    topic = umbra.topic("requests")
    umbra.kafka.configure(topic, **{"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01",
                                    "segment.ms": "100", "max.compaction.lag.ms": "100",
                                    "min.compaction.lag.ms": "0"})
    umbra.kafka.produce(topic, [Record(b"k%d" % (n % 3), b"%d" % n, partition=0) for n in range(50)])

    def compacted():
        # a new record closes the segment, which the cleaner may then take
        umbra.kafka.produce(topic, [Record(b"tick", b"t", partition=0)])
        return len(umbra.kafka.read(topic)) < 30

    until(compacted, "the broker compacts the topic", seconds=90, every=1)
    records = umbra.kafka.read(topic)
    assert records[-1].offset > len(records), "there are holes"
    umbra.kafka.configure(topic, **{"cleanup.policy": "delete"})
    records = umbra.kafka.read(topic)
    return [r.value for r in records], records[-1].offset
