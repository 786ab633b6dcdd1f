"""umbra-embedded-broker: the demo's broker without Java."""
import pytest

from program import Program
from records import Kafka, Record
from waiting import until


def start(tmp_path, *topics):
    broker = Program(["umbra-embedded-broker", *topics], tmp_path / "embedded.log")
    until(lambda: "\n" in broker.output() or not broker.is_running(), broker.tail)
    return broker


def test_it_serves_the_topics_of_its_command_line_and_ends_at_sigterm(tmp_path):
    broker = start(tmp_path, "a.requests:3", "b")
    kafka = Kafka(broker.output().strip())
    assert (kafka.partitions("a.requests"), kafka.partitions("b")) == (3, 1)
    kafka.produce("a.requests", [Record(b"k", b"v", [("h", b"1")], partition=2)])
    assert [(r.key, r.value, r.headers) for r in kafka.read("a.requests")] == [
        (b"k", b"v", [("h", b"1")])]
    broker.stop()


@pytest.mark.parametrize("word", ["t:0", "t:x", "t:1001", ":3", "t:3:"])
def test_a_word_that_is_no_topic_is_refused(tmp_path, word):
    broker = start(tmp_path, word)
    broker.wait_exit(expect=2)
    assert f'"{word}" is not TOPIC:PARTITIONS' in broker.log()


def test_without_topics_it_says_how_it_is_used(tmp_path):
    broker = start(tmp_path)
    broker.wait_exit(expect=2)
    assert "Usage:" in broker.log()
