"""Answers go where the caller asked for them, if the endpoint allows it."""
import pytest

from definitions import definitions, endpoint, variant
from records import Record, header


def ask(umbra, value, topic, *more):
    headers = [("kafka_replyTopic", topic.encode()), ("kafka_correlationId", b"\x00" + value), *more]
    umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", value, headers, partition=1)])


def test_an_answer_goes_to_the_topic_and_partition_that_its_caller_named(replying):
    replies = replying.topic("replies")
    ask(replying, b"1", replies)
    ask(replying, b"2", replies, ("kafka_replyPartition", b"\x00\x00\x00\x02"))
    ask(replying, b"3", replies, ("kafka_replyPartition", b"0"))
    got = {record.value: record for record in replying.kafka.wait_count(replies, 3)}
    assert {value: record.partition for value, record in got.items()} == {b"1": 1, b"2": 2, b"3": 0}
    assert dict(got[b"1"].headers)["kafka_correlationId"] == b"\x001"
    assert replying.kafka.count(replying.topic("responses")) == 0


def test_a_topic_that_is_not_allowed_is_passed_over(replying):
    for topic in (replying.topic("requests"), replying.own_topic("control"), "nowhere", ""):
        ask(replying, topic.encode() or b"-", topic)
    answers = replying.kafka.wait_count(replying.topic("responses"), 4)
    assert {header(answer, "umbra-outcome") for answer in answers} == {"ok"}
    assert replying.kafka.count(replying.topic("replies")) == 0
    assert replying.kafka.count(replying.topic("requests")) == 4


def test_what_cannot_go_there_is_told_on_the_endpoint_s_own_topic(replying):
    replies = replying.topic("replies")
    replying.kafka.configure(replies, **{"max.message.bytes": "1000"})
    ask(replying, b"1", replies, ("kafka_replyPartition", b"\x00\x00\x00\x09"))
    ask(replying, b"2" * 5000, replies)
    answers = replying.kafka.wait_count(replying.topic("responses"), 2)
    assert {header(answer, "umbra-outcome") for answer in answers} == {"undeliverable", "too_large"}
    assert {answer.value for answer in answers} == {b""}
    assert replying.kafka.count(replies) == 0


@pytest.mark.parametrize("topic, why", [
    ("umbra.events", "no answer goes to Umbra's own topics"),
    ("x.shadow.v2", "no answer goes to Umbra's own topics"),
    ("REQUESTS", "from which endpoint")])
def test_topics_that_hold_no_answers_cannot_be_allowed(umbra, topic, why):
    umbra.run("umbractl", "init")
    topic = topic.replace("REQUESTS", umbra.topic("requests"))
    done = umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", "http://m/")],
                                            reply_topics=[topic])), "--dry-run", expect=2)
    assert why in done.stderr and done.stderr.count("\n") == 1, done.stderr
