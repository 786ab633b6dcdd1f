"""umbra-producer's promises. The other side is a responder in Python: no other program is needed."""
import collections
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

import witness
from definitions import definitions, endpoint, variant
from program import binary
from records import header
from responder import Responder, ok
from waiting import until

CSV = "id,amount,plan,churn\n" + "".join(f'c{n},{n}.50,"a, ""b""",no\n' for n in range(20))
LATE = 10  # seconds that two seconds of requests may take where all else wants the processor


class Sender:
    """umbra-producer on topics of its own."""

    def __init__(self, umbra):
        self.umbra, self.kafka = umbra, umbra.kafka
        self.requests, self.responses = umbra.topic("requests"), umbra.topic("responses")
        self.kafka.create(self.requests, 4)
        self.kafka.create(self.responses, 4)

    def file(self, text, name="input.csv"):
        path = self.umbra.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *arguments, **named):
        return self.umbra.run("umbra-producer", "--topic", self.requests, *arguments, **named)

    def report(self, *arguments, **named):
        """Runs to the end and returns what -o json says."""
        return json.loads(self.run("-o", "json", *arguments, **named).stdout)

    def wait(self, *arguments, **named):
        return self.report("--wait", "--responses", self.responses, *arguments, **named)

    def responder(self, **named):
        return Responder(self.kafka, self.requests, self.responses, **named)

    def sent(self):
        """The requests in the order of their numbers."""
        records = self.kafka.read(self.requests)
        return sorted(records, key=lambda r: int(header(r, "x-request-id").rsplit("-", 1)[1]))

    def bodies(self):
        return [record.value.decode() for record in self.sent()]


@pytest.fixture
def sender(umbra):
    return Sender(umbra)


# What is sent


def test_each_row_is_one_json_object_with_its_id_and_content_type(sender):
    report = sender.report(sender.file(CSV), "--run", "r1")
    assert (report["sent"], report["acknowledged"]) == (20, 20)
    records = sender.sent()
    assert [r.value.decode() for r in records] == [
        '{"id":"c%d","amount":%d.50,"plan":"a, \\"b\\"","churn":"no"}' % (n, n) for n in range(20)]
    assert [header(r, "x-request-id") for r in records] == [f"r1-{n}" for n in range(1, 21)]
    assert {header(r, "content-type") for r in records} == {"application/json"}
    assert all(r.key is None for r in records)


def test_the_label_is_left_out_and_the_key_is_the_records(sender):
    sender.report(sender.file(CSV), "--label", "churn", "--key", "id")
    for n, record in enumerate(sender.sent()):
        assert json.loads(record.value) == {"id": f"c{n}", "amount": n + 0.5, "plan": 'a, "b"'}
        assert record.key == b"c%d" % n
        assert record.partition == witness.murmur2_partition(record.key, 4)


def test_rows_without_a_key_go_to_all_partitions_alike(sender):
    sender.report(sender.file(CSV))
    assert collections.Counter(r.partition for r in sender.sent()) == {0: 5, 1: 5, 2: 5, 3: 5}


def test_a_row_can_stay_csv(sender):
    sender.report(sender.file(CSV), "--as", "csv", "--label", "churn", "--limit", 1)
    record, = sender.sent()
    assert record.value == b'c0,0.50,"a, ""b"""'
    assert header(record, "content-type") == "text/csv"


def test_a_content_type_can_be_given(sender):
    sender.report(sender.file("{}\n", "a.jsonl"), "--content-type", "application/x-mine")
    assert header(sender.sent()[0], "content-type") == "application/x-mine"


def test_the_hard_parts_of_csv_arrive_whole(sender):
    text = b'\xef\xbb\xbf"a","b"\r\n"1\r\n2","x,""y"""\r\n\r\n3,\xc3\xa4'
    sender.report(sender.file(text))
    assert [json.loads(body) for body in sender.bodies()] == [
        {"a": "1\r\n2", "b": 'x,"y"'}, {"a": 3, "b": "\u00e4"}]


def test_json_lines_arrive_byte_for_byte(sender):
    lines = ['{"a": 0.10, "big": 123456789012345678901}', "[1,  2]", '"\u00e4"']
    sender.report("--format", "jsonl", input="\n".join(lines))
    assert sender.bodies() == lines


def test_a_slow_pipe_is_read_as_it_comes(sender):
    reader, writer = os.pipe()
    producer = sender.umbra.start("umbra-producer", "--topic", sender.requests, "-f", "jsonl", "-",
                                  admin=False, stdin=reader)
    os.close(reader)
    os.write(writer, b'{"n": 1}\n{"n"')
    sender.kafka.wait_count(sender.requests, 1)
    os.write(writer, b": 2}\n")
    sender.kafka.wait_count(sender.requests, 2)
    os.close(writer)
    producer.wait_exit(0)
    assert sender.bodies() == ['{"n": 1}', '{"n": 2}']


def test_repeat_sends_the_whole_file_again_and_limit_ends_it(sender):
    path = sender.file("n\n1\n2\n3\n")
    assert sender.report(path, "--repeat", 3)["sent"] == 9
    assert sender.bodies() == ['{"n":1}', '{"n":2}', '{"n":3}'] * 3
    assert sender.report(path, "--repeat", 0, "--limit", 10)["sent"] == 10
    assert sender.kafka.count(sender.requests) == 19


def test_a_pipe_cannot_be_repeated(sender):
    done = sender.run("--format", "jsonl", "--repeat", 2, input="{}\n", expect=1)
    assert "--repeat needs a file that can be read again" in done.stderr


def test_avro_requests_hold_id_type_and_payload(sender):
    sender.report(sender.file(CSV), "--avro", "--run", "r", "--limit", 2)
    name, fields = witness.decode(sender.sent()[1].value)
    assert name == "inference_request"
    assert fields["request_id"] == "r-2"
    assert fields["content_type"] == "application/json"
    assert json.loads(fields["payload"])["id"] == "c1"


def test_the_rate_is_kept(sender):
    report = sender.report(sender.file(CSV), "--repeat", 20, "--rate", 200)
    assert report["sent"] == 400
    assert 1.9 < report["seconds"] < LATE
    stamps = sorted(r.timestamp for r in sender.sent())
    assert 1900 < stamps[-1] - stamps[0] < LATE * 1000


def test_poisson_arrivals_keep_the_rate_and_come_unevenly(sender):
    path = sender.file(CSV)
    report = sender.report(path, "--repeat", 20, "--rate", 200, "--arrivals", "poisson", "--run", "p")
    stamps = [r.timestamp for r in sender.sent()]
    assert report["sent"] == 400 and 1.5 < report["seconds"] < LATE
    gaps = [b - a for a, b in zip(stamps, stamps[1:])]
    assert sum(gap <= 1 for gap in gaps) > 40  # even arrivals have none, these about a fifth
    assert sum(gap >= 10 for gap in gaps) > 20  # and about an eighth of these


def test_the_same_run_has_the_same_ids_and_another_has_others(sender):
    path = sender.file("n\n1\n")
    for run in ["same"], ["same"], [], []:
        sender.report(path, *(["--run", *run] if run else []))
    ids = collections.Counter(header(r, "x-request-id") for r in sender.sent())
    assert ids["same-1"] == 2 and len(ids) == 3


# Answers


def test_with_each_request_answered_the_status_is_0(sender):
    def answer(n, request_id):
        return [ok(request_id, "v2", "server_error", "500") if n % 5 == 0 else ok(request_id)]
    with sender.responder(answer=answer):
        report = sender.wait(sender.file(CSV))
    assert (report["sent"], report["answered"], report["unanswered"]) == (20, 20, 0)
    assert report["answers"] == [
        {"variant": "v1", "outcome": "ok", "status": "200", "count": 16},
        {"variant": "v2", "outcome": "server_error", "status": "500", "count": 4}]
    latency = report["latency_us"]
    assert latency["count"] == 20
    assert 0 < latency["min"] <= latency["p50"] <= latency["p99"] <= latency["max"]


def test_an_answer_that_is_missing_is_named_and_the_status_is_1(sender):
    def answer(n, request_id):
        return [] if request_id == "r-7" else [ok(request_id)]
    with sender.responder(answer=answer):
        path = sender.file(CSV)
        done = sender.run("--wait", "--responses", sender.responses, "--timeout", "3s",
                          "--run", "r", path, expect=1)
    assert re.search(r"answered +19\n +unanswered +1\n", done.stdout)
    assert f"r-7  ({path}:8)" in done.stdout


def test_the_correlation_id_alone_is_enough(sender):
    with sender.responder(answer=lambda n, request_id: [
            [("kafka_correlationId", request_id.encode())]]):
        report = sender.wait(sender.file(CSV))
    assert report["answered"] == 20
    assert report["answers"] == [{"variant": "", "outcome": "", "status": "", "count": 20}]


def test_answers_to_others_and_second_answers_are_not_taken_for_ours(sender):
    def answer(n, request_id):
        return [ok("other-1"), [("umbra-variant", b"x")], [], ok(request_id), ok(request_id)]
    with sender.responder(answer=answer):
        report = sender.wait(sender.file(CSV), "--in-flight", 1)
    assert (report["answered"], report["unanswered"]) == (20, 0)
    assert report["late_or_repeated"] >= 19  # the run ends with the last first answer


def test_answers_of_an_earlier_run_of_that_name_do_not_count(sender):
    path = sender.file("n\n1\n2\n")
    with sender.responder():
        sender.wait(path, "--run", "r")
    report = sender.wait(path, "--run", "r", "--timeout", "1s", expect=1)
    assert (report["answered"], report["unanswered"]) == (0, 2)
    assert [m["request_id"] for m in report["missing"]] == ["r-1", "r-2"]


def test_no_more_are_in_flight_than_allowed(sender):
    with sender.responder(answer=lambda n, request_id: []) as responder:
        sender.wait(sender.file(CSV), "--in-flight", 3, "--limit", 6, "--timeout", "1s", expect=1)
        records = sender.sent()
        most = max(sum(abs(r.timestamp - s.timestamp) < 500 for s in records) for r in records)
        until(lambda: responder.seen == 6, "all requests seen")
    assert most == 3


def test_a_stall_shows_in_the_percentiles_whatever_was_in_flight(sender):
    """1 s of silence at 100/s: half of 200 requests were meant to be sent in it, and wait 0.5 s on
    average. A sender that counts from the real time of sending would see 10 slow ones."""
    with sender.responder(before=lambda n: time.sleep(1) if n == 50 else None):
        report = sender.wait(sender.file(CSV), "--repeat", 10, "--rate", 100, "--in-flight", 10)
    latency = report["latency_us"]
    assert report["answered"] == 200
    assert latency["p90"] > 600_000
    assert latency["max"] > 900_000
    assert report["behind_us"] > 600_000


# What goes wrong


def test_a_bad_row_is_named_and_ends_the_run_after_its_forerunners(sender):
    path = sender.file('a,b\n1,2\n3\n4,5\n')
    done = sender.run(path, expect=1)
    assert done.stderr == f"{path}:3:1: 1 fields, the header has 2\n"
    assert sender.bodies() == ['{"a":1,"b":2}']


def test_a_bad_row_can_be_skipped_and_is_counted(sender):
    path = sender.file('a,b\n1,2\n3\n4,"5"x\n6,7\n')
    report = sender.report(path, "--skip-bad")
    assert (report["sent"], report["skipped"]) == (2, 2)
    assert sender.bodies() == ['{"a":1,"b":2}', '{"a":6,"b":7}']


def test_a_quote_that_never_closes_is_named_and_cannot_be_skipped(sender):
    path = sender.file('a,b\n1,2\n3,"4\n5,6\n7,8\n')
    done = sender.run(path, "--skip-bad", expect=1)
    assert done.stderr == f"{path}:3:3: the quote that opens here never closes\n"
    assert sender.bodies() == ['{"a":1,"b":2}']


def test_a_bad_header_cannot_be_skipped(sender):
    done = sender.run(sender.file("churn,b\n1,2\n"), "--skip-bad", "--label", "churm",
                      expect=1)
    assert 'input.csv:1:1: no column "churm"; did you mean "churn"?' in done.stderr
    assert sender.bodies() == []


def test_a_bad_json_line_is_named_by_line_and_column(sender):
    done = sender.run("-f", "jsonl", input='{"a":1}\n{"a":}\n', expect=1)
    assert done.stderr == "(standard input):2:6: not a JSON value\n"


def test_what_kafka_refuses_is_counted_and_its_neighbours_are_sent(sender):
    lines = ['{"n":1}', json.dumps({"x": "x" * 1_500_000}), '{"n":3}']
    done = sender.run("-o", "json", sender.file("\n".join(lines), "a.jsonl"), "--run", "r",
                      "-X", "compression.type=none", expect=1)
    report = json.loads(done.stdout)
    assert (report["sent"], report["acknowledged"], report["refused"]) == (3, 2, 1)
    assert report["missing"] == [{"request_id": "r-2", "line": 2}]
    assert "a.jsonl:2: request r-2 cannot be published" in done.stderr
    assert sender.bodies() == [lines[0], lines[2]]


def test_a_missing_topic_is_said_with_what_makes_it(umbra):
    path = umbra.folder / "a.csv"
    path.write_text("a\n1\n")
    done = umbra.run("umbra-producer", "--topic", umbra.topic("requests"), path, expect=1)
    assert f'there is no topic "{umbra.topic("requests")}"' in done.stderr
    assert "umbractl apply -f FILE" in done.stderr


def test_a_missing_topic_of_answers_is_said_before_anything_is_sent(sender):
    done = sender.run("--wait", "--responses", "nowhere", sender.file(CSV), expect=1)
    assert 'there is no topic "nowhere"' in done.stderr
    assert sender.kafka.count(sender.requests) == 0


def test_a_missing_file_is_said(sender):
    done = sender.run("/nowhere.csv", expect=1)
    assert "/nowhere.csv: No such file or directory" in done.stderr


@pytest.mark.parametrize("arguments, message", [
    ([], "name either a --topic or an --endpoint"),
    (["--topic", "a", "--endpoint", "b"], "name either a --topic or an --endpoint"),
    (["--topic", "a", "--wait"], "--wait with a --topic needs --responses TOPIC"),
    (["--endpoint", "a", "--avro"], "an --endpoint has its own"),
    (["--topic", "a", "-"], "add --format csv or --format jsonl"),
    (["--topic", "a", "-f", "jsonl", "--as", "csv"], "--as csv needs CSV"),
    (["--topic", "a", "--run", "a b", "x.csv"], "a run has 1 to 100 of the characters"),
    (["--topic", "a", "--rate", "-1", "x.csv"], "rate"),
    (["--topic", "a", "--in-flight", "0", "x.csv"], "in-flight"),
    (["--topic", "a", "--arrivals", "poisson", "x.csv"], "--arrivals poisson needs a --rate"),
    (["--topic", "a", "x.csv", "y.csv"], "y.csv"),
])
def test_wrong_usage_is_said_in_one_line_with_status_2(umbra, arguments, message):
    done = umbra.run("umbra-producer", *arguments, expect=2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert done.stdout == ""


def test_an_interrupt_ends_the_sending_and_still_reports(sender):
    producer = sender.umbra.start("umbra-producer", "--topic", sender.requests, "-o", "json",
                                  "--repeat", 0, "--rate", 100, sender.file(CSV), admin=False)
    sender.kafka.wait_count(sender.requests, 20)
    producer.signal(signal.SIGINT)
    producer.wait_exit(1, seconds=5)
    report = json.loads(producer.output())
    assert report["interrupted"] is True
    assert report["sent"] == report["acknowledged"] == sender.kafka.count(sender.requests)


def test_an_interrupt_waits_only_briefly_for_answers(sender):
    producer = sender.umbra.start(
        "umbra-producer", "--topic", sender.requests, "--responses", sender.responses, "--wait",
        "-o", "json", "--run", "r", sender.file(CSV), admin=False)
    sender.kafka.wait_count(sender.requests, 20)
    producer.signal(signal.SIGINT)
    producer.wait_exit(1, seconds=10)
    report = json.loads(producer.output())
    assert (report["interrupted"], report["unanswered"]) == (True, 20)


def test_a_broker_that_falls_silent_ends_the_run_at_the_timeout(own_broker, new_umbra):
    sender = Sender(new_umbra(own_broker.address))
    producer = sender.umbra.start(
        "umbra-producer", "--topic", sender.requests, "-o", "json", "--rate", 100, "--repeat", 0,
        "--limit", 300, "--timeout", "2s", sender.file(CSV), admin=False)
    sender.kafka.wait_count(sender.requests, 50)
    own_broker.suspend()
    producer.wait_exit(1, seconds=30)
    own_broker.resume()
    report = json.loads(producer.output())
    assert report["sent"] == 300
    assert 50 <= report["acknowledged"] < 300
    assert report["unacknowledged"] == 300 - report["acknowledged"]


# An endpoint


def test_an_endpoint_gives_topics_and_format(umbra):
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(
        umbra.endpoint, [variant("v1", "http://127.0.0.1:1/")], format="avro")))
    path = umbra.folder / "a.csv"
    path.write_text(CSV)
    requests, responses = umbra.topic("requests"), umbra.topic("responses")
    with Responder(umbra.kafka, requests, responses, answer=lambda n, request_id: [ok(request_id)]):
        done = umbra.run("umbra-producer", "-e", umbra.endpoint, "--wait", "-o", "json", path)
    assert json.loads(done.stdout)["answered"] == 20
    name, fields = witness.decode(umbra.kafka.read(requests)[0].value)
    assert name == "inference_request" and json.loads(fields["payload"])["churn"] == "no"


def test_an_endpoint_that_is_not_there_is_said_with_the_nearest(umbra):
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant("v1", "http://127.0.0.1:1/")])))
    path = umbra.folder / "a.csv"
    path.write_text(CSV)
    wrong = umbra.endpoint.replace("churn", "chrun")
    done = umbra.run("umbra-producer", "-e", wrong, path, expect=1)
    assert f'there is no endpoint "{wrong}"; did you mean "{umbra.endpoint}"?' in done.stderr


# Progress


def test_without_a_terminal_a_line_comes_every_few_seconds_and_nothing_else(sender):
    done = sender.run(sender.file(CSV), "--repeat", 20, "--rate", 100)
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert re.fullmatch(r"umbra-producer: 7\d %, 30\d sent, \d+ acknowledged, \d+/s, 1 s to go",
                        lines[0])


def test_on_a_terminal_there_is_a_bar_which_is_gone_at_the_end(sender):
    here, there = pty.openpty()
    command = [binary("umbra-producer"), *sender.umbra.settings(), "--topic", sender.requests,
               "--repeat", "10", "--rate", "200", sender.file(CSV)]
    producer = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=there)
    os.close(there)
    text = b""
    while True:
        try:
            piece = os.read(here, 4096)
        except OSError:
            break  # the other side is closed
        text += piece
    assert producer.wait(30) == 0
    assert re.search(rb"\r\[#+\.+\]  ?\d+ %  \d+ acknowledged  \d+/s", text)
    assert text.endswith(b"\r\x1b[K")
    assert b"\n" not in text
