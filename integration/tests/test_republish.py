"""umbra-producer --from-topic: what was captured is sent again, as it is."""
import datetime
import json
import re
import subprocess

import pytest
from confluent_kafka import Producer

from program import binary
from records import Record, header
from responder import Responder, ok
from test_producer import Sender

HOUR_MS = 3_600_000
BEGIN_MS = int(datetime.datetime.now().timestamp() * 1000) - 12 * HOUR_MS


class Captured(Sender):
    """A captured topic of 4 partitions, and the topics that its records go to."""

    def __init__(self, umbra):
        super().__init__(umbra)
        self.topic = umbra.topic("captured")
        self.kafka.create(self.topic, 4)

    def fill(self, n):
        """Records 0 to n - 1, a second apart, spread over the partitions."""
        return self.kafka.produce(self.topic, [
            Record(b"k%d" % i, b"v%d" % i, [("x-request-id", b"id-%d" % i)], i % 4,
                   timestamp=BEGIN_MS + 1000 * i) for i in range(n)])

    def replay(self, *arguments, **named):
        return self.report("--from-topic", self.topic, *arguments, **named)

    def values(self):
        return {record.value for record in self.kafka.read(self.requests)}


def values(*numbers):
    return {b"v%d" % n for n in numbers}


def moment(n):
    """The time of record n, as one writes it."""
    time = datetime.datetime.fromtimestamp(BEGIN_MS / 1000 + n, datetime.timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def captured(umbra):
    return Captured(umbra)


# What is sent


def test_key_value_headers_and_partition_are_as_they_were(captured):
    records = captured.kafka.produce(captured.topic, [
        Record(b"key", b'{"a": 1}', [("content-type", b"application/json"), ("a", b"1"), ("b", b""),
                                     ("a", b"2"), ("c", None)], 3),
        Record(None, b"\x00\xff", [], 2),
        Record(b"", b"", [("umbra-test", b"t")], 1),
        Record(b"gone", None, [("kafka_correlationId", b"c")], 0),
    ])
    report = captured.replay()
    assert (report["sent"], report["acknowledged"]) == (4, 4)
    sent = captured.kafka.read(captured.requests)
    assert [r[:4] for r in sent] == [r[:4] for r in sorted(records, key=lambda r: r.partition)]


def test_the_answer_goes_to_nobody_who_once_asked(captured):
    captured.kafka.produce(captured.topic, [Record(None, b"v", [
        ("kafka_replyTopic", b"elsewhere"), ("a", b"1"), ("kafka_replyPartition", b"\0\0\0\1")], 0)])
    captured.replay()
    assert captured.kafka.read(captured.requests)[0].headers == [("a", b"1")]


def test_records_come_in_the_order_of_their_times_across_partitions(captured):
    captured.fill(40)
    target = captured.umbra.topic("one")
    captured.kafka.create(target, 1)
    captured.umbra.run("umbra-producer", "--topic", target, "--from-topic", captured.topic)
    assert [r.value for r in captured.kafka.read(target)] == [b"v%d" % n for n in range(40)]


def test_a_topic_may_be_sent_to_itself_and_ends(captured):
    captured.fill(20)
    captured.umbra.run("umbra-producer", "--topic", captured.topic, "--from-topic", captured.topic)
    assert captured.kafka.count(captured.topic) == 40


def test_many_records_arrive_each_once(captured):
    captured.fill(20000)
    assert captured.replay()["acknowledged"] == 20000
    assert captured.kafka.count(captured.requests) == 20000
    assert captured.values() == values(*range(20000))


def test_the_rate_holds_here_too(captured):
    captured.fill(100)
    assert 0.9 < captured.replay("--rate", 100)["seconds"] < 10  # late where all else wants the processor


# Ranges


@pytest.mark.parametrize("arguments, numbers", [
    ([], range(20)),
    (["--from", "earliest", "--to", "now"], range(20)),
    (["--from", "3"], range(12, 20)),
    (["--to", "2"], range(8)),
    (["--from", "1", "--to", "2"], range(4, 8)),
    (["--from", "4", "--to", "100"], range(16, 20)),
    (["--from", "100"], []),
    (["--from", "0", "--limit", "5"], range(5)),
])
def test_a_range_of_offsets_is_counted_in_each_partition(captured, arguments, numbers):
    captured.fill(20)
    assert captured.replay(*arguments)["sent"] == len(numbers)
    assert captured.values() == values(*numbers)


@pytest.mark.parametrize("begin, end, numbers", [
    (7, 13, range(7, 13)), (7, None, range(7, 20)), (None, 13, range(13)), (500, None, []),
    (-500, 500, range(20)), (6.5, 7.001, [7]),
])
def test_a_range_of_times_begins_at_the_first_and_ends_before_the_second(captured, begin, end, numbers):
    captured.fill(20)
    arguments = (["--from", moment(begin)] if begin is not None else []) + (
        ["--to", moment(end)] if end is not None else [])
    assert captured.replay(*arguments)["sent"] == len(numbers)
    assert captured.values() == values(*numbers)


def test_records_that_are_gone_are_said_and_the_rest_is_sent(captured):
    captured.fill(20)
    for partition in 1, 3:
        subprocess.run([binary("umbra-delete-records"), captured.kafka.brokers, captured.topic,
                        str(partition), "3"], check=True)
    done = captured.run("--from-topic", captured.topic, "--from", "1", "--to", "4", "-o", "json")
    assert json.loads(done.stdout)["sent"] == 8
    assert captured.values() == values(4, 6, 8, 10, 12, 13, 14, 15)
    assert set(re.findall(r"/(\d): (\d) of the wanted offsets are gone", done.stderr)) == {("1", "2"), ("3", "2")}


def test_offsets_without_a_record_are_no_reason_to_wait(captured):
    """Transactions leave holes, at the end of the topic too; what was aborted is not sent."""
    producer = Producer({"bootstrap.servers": captured.kafka.brokers,
                         "transactional.id": captured.topic})
    producer.init_transactions(30)
    for text, end in (b"kept", producer.commit_transaction), (b"lost", producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(captured.topic, text, partition=1)
        producer.flush(30)
        end(30)
    assert captured.kafka.count(captured.topic) == 4
    assert captured.replay()["sent"] == 1
    assert captured.values() == {b"kept"}


# Answers


def test_answers_are_found_though_the_requests_keep_their_ids(captured):
    """The run's name is that of the capture: the ids cannot be told from the run's own."""
    captured.kafka.produce(captured.topic, [
        Record(None, b"v%d" % i, [("x-request-id", b"r-%d" % (20 - i)), ("kafka_correlationId", b"old")],
               i % 4, timestamp=BEGIN_MS + i) for i in range(20)])

    def answer(n, request_id):
        if request_id == "r-17":
            return []
        return [ok(request_id)]
    with Responder(captured.kafka, captured.requests, captured.responses, answer=answer, echo=True):
        done = captured.run("--from-topic", captured.topic, "--wait", "--responses", captured.responses,
                            "--run", "r", "--timeout", "3s", "-o", "json", expect=1)
    report = json.loads(done.stdout)
    assert (report["answered"], report["unanswered"]) == (19, 1)
    assert report["missing"] == [{"request_id": "r-4", "partition": 3, "offset": 0}]
    records = captured.kafka.read(captured.requests)
    assert {header(r, "x-request-id") for r in records} == {f"r-{n}" for n in range(1, 21)}
    assert {header(r, "kafka_correlationId") for r in records} == {f"r-{n}" for n in range(1, 21)}


# What goes wrong


def test_a_topic_that_is_not_there_is_said(captured):
    done = captured.run("--from-topic", "nowhere", expect=1)
    assert 'there is no topic "nowhere" to read from' in done.stderr


def test_what_kafka_refuses_is_named_by_partition_and_offset(captured):
    captured.kafka.configure(captured.requests, **{"max.message.bytes": "1000"})
    captured.kafka.produce(captured.topic, [Record(None, b"a", [], 2), Record(None, b"b" * 2000, [], 2)])
    done = captured.run("--from-topic", captured.topic, "--run", "r", "-X", "compression.type=none", expect=1)
    assert re.search(rf"{captured.topic}/2:1: request r-2 cannot be published", done.stderr)
    assert captured.values() == {b"a"}


def test_a_topic_that_vanishes_ends_the_run_with_a_reason(captured):
    captured.kafka.produce(captured.topic, [Record(None, b"x" * 10_000, [], 0) for _ in range(3000)])
    producer = captured.umbra.start("umbra-producer", "--topic", captured.requests, "--rate", 200,
                                    "--from-topic", captured.topic, "-X", "queued.max.messages.kbytes=100",
                                    "-X", "fetch.message.max.bytes=50000",
                                    "-X", "topic.metadata.refresh.interval.ms=500", admin=False)
    captured.kafka.wait_count(captured.requests, 50)
    captured.kafka.admin.delete_topics([captured.topic])[captured.topic].result(30)
    producer.wait_exit(1, seconds=60)
    assert re.search(rf"{captured.topic}: .*(no longer available|does not exist)", producer.log())


@pytest.mark.parametrize("arguments, message", [
    (["--from", "1"], "--from and --to go with --from-topic"),
    (["--from-topic", "c", "--from", "yesterday"], '--from: "yesterday" is neither an offset, nor a time'),
    (["--from-topic", "c", "--from", "5", "--to", "5"], "nothing lies from 5 to 5"),
    (["--from-topic", "c", "--from", "now"], "nothing lies from now to now"),
    (["--from-topic", "c", "--label", "x"], "--from-topic sends records as they are"),
    (["--from-topic", "c", "--repeat", "2"], "--from-topic sends records as they are"),
    (["--from-topic", "c", "a.csv"], "read a.csv or --from-topic c, not both"),
])
def test_wrong_usage_is_said_in_one_line_with_status_2(umbra, arguments, message):
    done = umbra.run("umbra-producer", "--topic", "a", *arguments, expect=2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
