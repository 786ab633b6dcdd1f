"""The tests' own tools: what they say about topics, models and programs is true."""
import re
import subprocess
import urllib.error
import urllib.request

import pytest

from model_server import Answer, ECHO
from program import ROOT, Program
from records import Record


def test_records_come_back_as_they_were_produced(kafka, umbra):
    topic = umbra.topic("requests")
    kafka.create(topic, 3)
    sent = [Record(b"k", b"v", [("a", b"1"), ("a", None), ("b", b"")], partition=2),
            Record(None, None, [], partition=0), Record(b"", b"", [], partition=2)]
    placed = kafka.produce(topic, sent)
    got = kafka.read(topic)
    assert [r[:5] for r in got] == [r[:5] for r in (placed[1], placed[0], placed[2])]
    assert kafka.count(topic) == 3


def test_the_preset_brings_back_the_tests_that_the_demo_left_out(tmp_path):
    def configure(*arguments):
        subprocess.run(["cmake", "--preset", "release", "-B", tmp_path, *arguments], cwd=ROOT, check=True,
                       capture_output=True, timeout=300)
        return subprocess.run(["ctest", "--test-dir", tmp_path, "-N"], check=True, capture_output=True, text=True,
                              timeout=60).stdout
    step, = re.findall(r"cmake (--preset release.*)", (ROOT / "integration" / "demo").read_text())
    assert "Total Tests: 0" in configure(*step.split()[2:])
    assert "store_test" in configure()


def test_a_topic_that_nobody_created_does_not_exist(kafka, umbra):
    assert kafka.partitions(umbra.topic("requests")) == 0


def test_a_killed_broker_comes_back_with_its_data_on_its_port(own_broker, new_umbra):
    kafka = new_umbra(own_broker.address).kafka
    kafka.create("t", 1)
    kafka.produce("t", [Record(None, b"one")])
    own_broker.kill()
    own_broker.start()
    assert [r.value for r in kafka.read("t")] == [b"one"]


def post(url, body=b"{}", timeout=5, **headers):
    request = urllib.request.Request(url, body, headers)
    return urllib.request.urlopen(request, timeout=timeout)


def test_a_model_answers_as_told_and_remembers_what_it_was_asked(model):
    model.answer = lambda request: Answer(body=request.body[::-1], content_type="text/csv")
    with post(model.url, b"1,2", **{"X-One": "1"}) as answer:
        assert (answer.read(), answer.headers["content-type"]) == (b"2,1", "text/csv")
    asked, = model.requests
    assert (asked.method, asked.path, asked.body) == ("POST", "/invocations", b"1,2")
    assert ("X-One", "1") in asked.headers
    model.answer = ECHO
    assert post(model.url, b"back").read() == b"back"


def test_a_model_can_fail_hang_lie_and_be_down(new_model):
    model = new_model(Answer(status=503))
    with pytest.raises(urllib.error.HTTPError) as error:
        post(model.url)
    assert error.value.code == 503
    model.answer = Answer(hang=True)
    with pytest.raises(TimeoutError):
        post(model.url, timeout=0.2).read()
    model.answer = Answer(raw=b"garbage\r\n")
    with pytest.raises(Exception, match="garbage"):
        post(model.url)
    model.close()
    with pytest.raises(urllib.error.URLError):
        post(model.url)


def test_a_program_that_ends_badly_is_noticed(tmp_path):
    program = Program(["/bin/sh", "-c", "echo 'x.c:1: runtime error: bad' >&2"], tmp_path / "a.log")
    with pytest.raises(AssertionError, match="runtime error"):
        program.wait_exit()
    program = Program(["/bin/sh", "-c", "exit 3"], tmp_path / "b.log")
    with pytest.raises(AssertionError, match="status 3"):
        program.wait_exit()
    program = Program(["/bin/sh", "-c", "exec sleep 100"], tmp_path / "c.log")
    with pytest.raises(AssertionError, match="not within"):
        program.wait_log("ready", seconds=0.1)
    program.stop(expect=-15)
