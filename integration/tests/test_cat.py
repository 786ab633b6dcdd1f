"""umbractl cat, sample-hash, and its command line."""
import json
import re
import subprocess

import witness
import xxhash

from control import the_tests
from program import binary
from records import Record
from waiting import until


# cat

def cat(umbra, topic, *arguments, expect=0):
    done = umbra.run("umbractl", "cat", topic, *arguments, expect=expect)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_cat_shows_each_record_as_it_is(umbra):
    topic = umbra.topic("any")
    umbra.kafka.create(topic, 1)
    umbra.run("umbractl", "init", "--event-partitions", 1)
    control = witness.encode("control_record", {"generation": 1, "write_id": "w" * 36, "author": "ann",
                                        "time": 5, "reason": "r", "changes": []})
    umbra.kafka.produce(topic, [
        Record(b"k", b'{"a": [1, 2.5]}', [("h", b"1"), ("h", None), ("h", b"\xff")],
               timestamp=1_700_000_000_000),
        Record(None, b"text, not JSON"), Record(b"\x00\xff", b"\x00\x01\xff"),
        Record(b"", None), Record(None, control), Record(None, b""), Record(None, b'"quoted"')])
    lines = cat(umbra, topic)
    assert [line["offset"] for line in lines] == list(range(7))
    assert lines[0] == {
        "partition": 0, "offset": 0, "timestamp": "2023-11-14T22:13:20Z", "key": "k",
        "headers": [["h", "1"], ["h", None], ["h", {"base64": "/w=="}]], "value": {"a": [1, 2.5]}}
    assert [line["key"] for line in lines[1:4]] == [None, {"base64": "AP8="}, ""]
    assert [line["value"] for line in lines[1:4]] == ["text, not JSON", {"base64": "AAH/"}, None]
    assert (lines[4]["value"]["author"], lines[4]["value"]["generation"]) == ("ann", 1)
    assert [line["value"] for line in lines[5:]] == ["", '"quoted"']


def test_cat_prints_json_in_the_words_it_was_written_in(umbra):
    topic = umbra.topic("any")
    umbra.kafka.create(topic, 1)
    written = r'{"p":0.0312,"q":[1e2,1.10,-0,12345678901234567890123],"r":"a \" , \u00fc"}'
    umbra.kafka.produce(topic, [Record(None, text.encode()) for text in (written, f"{written}\n ")])
    lines = umbra.run("umbractl", "cat", topic).stdout.splitlines()
    assert [line.split('"value":', 1)[1] for line in lines] == [written + "}"] * 2


def test_cat_reads_from_and_to_offsets_times_keys_and_counts(umbra):
    topic = umbra.topic("any")
    umbra.kafka.create(topic, 2)
    umbra.kafka.produce(topic, [
        Record(f"k{n % 3}".encode(), str(n).encode(), [], partition=n % 2,
               timestamp=1_700_000_000_000 + 1000 * n) for n in range(20)])

    def values(*arguments):
        return sorted(int(line["value"]) for line in cat(umbra, topic, *arguments))
    assert values() == list(range(20))
    assert values("--from", "8") == [16, 17, 18, 19]
    assert values("--to", "1") == [0, 1]
    assert values("--from", "2023-11-14T22:13:35Z") == [15, 16, 17, 18, 19]
    assert values("--from", "2023-11-14T22:13:25Z", "--to", "2023-11-14T22:13:27Z") == [5, 6]
    assert values("--key", "k1") == [1, 4, 7, 10, 13, 16, 19]
    assert len(values("-n", "3")) == 3
    assert values("--from", "now") == []
    assert cat(umbra, topic, "--from", "soon", expect=2) == []
    assert cat(umbra, umbra.topic("none"), expect=1) == []


def test_cat_follows_what_arrives_later(umbra):
    topic = umbra.topic("any")
    umbra.kafka.create(topic, 1)
    umbra.kafka.produce(topic, [Record(None, b"one")])
    program = umbra.start("umbractl", "cat", topic, "-f", admin=False)
    until(lambda: "one" in program.output(), "the first record is shown")
    umbra.kafka.produce(topic, [Record(None, b"two")])
    until(lambda: "two" in program.output(), "the second record is shown", 5)
    assert program.is_running()


# sample-hash

def test_sample_hash_decides_as_the_design_says(ready):
    created = the_tests(ready)["t"]["created_generation"]
    seed = xxhash.xxh3_64_intdigest(f"sample/t/{created}".encode())
    keys = [f"request-{n}" for n in range(500)] + ["", "ü"]
    for percent in ("0", "12.3456", "100"):
        k = round(float(percent) * 10**4)
        done = ready.run("umbractl", "sample-hash", "t", "-", "--percent", percent,
                         input="".join(f"{key}\n" for key in keys))
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert [line[0] for line in lines] == keys
        for key, hashed, threshold, copied in lines:
            value = xxhash.xxh3_64_intdigest(key.encode(), seed=seed)
            assert int(hashed, 16) == value and int(threshold, 16) == k * 2**64 // 10**6
            assert copied == ("yes" if value < k * 2**64 // 10**6 else "no")
    one = ready.run("umbractl", "sample-hash", "t", "request-1").stdout
    assert "(50 %)" in one and re.search(r"copied +(yes|no)\n", one)
    ready.run("umbractl", "sample-hash", "t", "k", "--percent", "101", expect=2)


# The command line

def test_words_that_are_wrong_end_with_two_and_the_nearest(umbra):
    for words, message in (
            (["aply"], 'did you mean "apply"?'), ([], "a verb is missing"),
            (["get", "things"], "umbractl get endpoints"), (["describe", "t"], "describe what?"),
            (["apply"], "which file?"), (["apply", "--dryrun"], "did you mean --dry-run?"),
            (["set"], "which test?"), (["cat"], "which topic?"), (["delete"], "delete what?"),
            (["set-start", "c"], "--from must be"), (["set-start"], "which endpoint?"),
            (["sample-hash", "t"], "usage:"), (["start"], "which test?")):
        done = umbra.run("umbractl", *words, expect=2)
        assert message in done.stderr, (words, done.stderr)


def test_each_verb_has_a_page_of_help(umbra):
    verbs = re.findall(r"^([a-z-]+)  +\w", umbra.run("umbractl", "--help").stdout, re.M)
    assert {"init", "apply", "get", "cat", "sample-hash", "history"} <= set(verbs)
    for verb in verbs:
        assert umbra.run("umbractl", verb, "--help").stdout.startswith(f"Usage: umbractl {verb}")


def test_brokers_that_do_not_answer_end_with_one_in_time():
    done = subprocess.run([binary("umbractl"), "-b", "127.0.0.1:1", "get", "tests", "--timeout", "2s"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and done.stderr.startswith("umbractl: "), done.stderr
