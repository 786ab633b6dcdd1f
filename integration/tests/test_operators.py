"""umbractl on a real broker: the life of a test, two operators at once, records that others wrote."""
import concurrent.futures
import os
import pty
import re
import select
import subprocess
import time

from control import (change, history, one_endpoint, shadow_tests, the_endpoints, the_tests,
                     write_control)
from definitions import variant
from program import binary
from records import Record


# Tests through their life

def test_a_test_goes_from_created_to_completed_and_does_not_run_again(ready):
    text = shadow_tests(ready.endpoint, "later", start="2090-01-01T00:00:00Z")
    ready.apply(text)
    assert the_tests(ready)["later"]["state"] == "created"
    assert "has not run" in ready.run("umbractl", "complete", "later", expect=1).stderr
    assert ready.run("umbractl", "start", "later", "--reason", "go").stdout == "test later started\n"
    assert the_tests(ready)["later"]["state"] == "running"
    assert ready.run("umbractl", "start", "later").stdout == "test later runs already\n"
    assert ready.run("umbractl", "complete", "later").stdout == "test later completed\n"
    assert ready.run("umbractl", "complete", "later").stdout == "test later is completed already\n"
    assert "cannot run again" in ready.run("umbractl", "start", "later", expect=1).stderr
    assert "is completed" in ready.run("umbractl", "cancel", "later", expect=1).stderr
    assert "completed" in ready.run("umbractl", "set", "later", "sampling=1", expect=2).stderr
    assert ready.run("umbractl", "cancel", "t").stdout == "test t cancelled\n"
    assert the_tests(ready)["t"]["state"] == "cancelled"


def test_an_ended_test_may_stay_in_the_file(ready):
    ready.run("umbractl", "complete", "t")
    text = one_endpoint(ready) + shadow_tests(ready.endpoint, "t", "u")
    assert "test t unchanged (it has ended)" in ready.apply(text).stdout


def test_set_takes_effect_at_once(ready):
    done = ready.run("umbractl", "set", "t", "sampling=12.5", "variants.t-v2.timeout=1s",
                     "duration=1d", "--reason", "less", "--author", "ann")
    assert "sampling 50 -> 12.5" in done.stdout and "timeout 2s -> 1s" in done.stdout
    found = the_tests(ready)["t"]
    assert (found["sampling"], found["variants"][0]["timeout_us"]) == (125000, 1000000)
    assert found["end_us"] - found["start_us"] == 86400 * 10**6
    assert ready.run("umbractl", "set", "t", "sampling=12.5").stdout == "test t unchanged\n"
    assert "did you mean" in ready.run("umbractl", "set", "t", "samplin=1", expect=2).stderr
    assert ready.run("umbractl", "set", "t", "sampling=101", expect=2).stdout == ""
    ready.run("umbractl", "set", "t", "name=x", expect=2)
    ready.run("umbractl", "set", "t", "nonsense", expect=2)
    done = ready.run("umbractl", "set", "tt", "sampling=1", expect=1)
    assert 'did you mean "t"?' in done.stderr or "lists all" in done.stderr


def test_deleting_asks_and_refuses_while_a_test_runs(ready):
    assert "say --yes" in ready.run("umbractl", "delete", "t", expect=2, input="").stderr
    done = ready.run("umbractl", "delete", "endpoint", ready.endpoint, "--yes", expect=1)
    assert "complete, cancel or delete it first" in done.stderr
    for name in ("t", "u"):
        assert ready.run("umbractl", "delete", name, "--yes").stdout == f"test {name} deleted\n"
    ready.run("umbractl", "delete", "endpoint", ready.endpoint, "--yes")
    assert the_endpoints(ready) == {}
    ready.apply(one_endpoint(ready))
    assert the_endpoints(ready)[ready.endpoint]["epoch"] == 2


def test_describe_shows_references_and_never_a_secret(umbra):
    umbra.run("umbractl", "init")
    umbra.apply(one_endpoint(umbra, variants=[variant("v", "https://m/", headers=[
        {"name": "authorization", "value": "Bearer ${TOKEN}"},
        {"name": "x-key", "value_file": "/run/key"}])]))
    env = {**os.environ, "TOKEN": "hunter2"}
    done = umbra.run("umbractl", "describe", "endpoint", umbra.endpoint, env=env)
    assert "Bearer ${TOKEN}" in done.stdout and "/run/key" in done.stdout
    assert "hunter2" not in done.stdout


# Two operators

class Prompted:
    """umbractl delete, stopped at its question: it has read the log and not yet written."""

    def __init__(self, umbra, *words):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [binary("umbractl"), *umbra.settings(), "delete", *words], stdin=slave, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        os.close(slave)
        heard = ""
        deadline = time.monotonic() + 20
        while "[y/N]" not in heard and time.monotonic() < deadline:
            if select.select([self.process.stderr], [], [], 1)[0]:
                heard += os.read(self.process.stderr.fileno(), 1000).decode()
        assert "[y/N]" in heard, heard

    def answer(self, text):
        os.write(self.master, text.encode() + b"\n")
        out, err = self.process.communicate(timeout=30)
        os.close(self.master)
        return self.process.returncode, out, err


def test_of_two_operators_at_one_object_one_is_told_conflict_and_by_whom(ready):
    late = Prompted(ready, "t")
    ready.run("umbractl", "set", "t", "sampling=1", "--author", "ann@here")
    status, out, err = late.answer("y")
    assert status == 1 and out == ""
    assert "conflict: ann@here changed test t at " in err
    verdicts = [record["verdict"] for record in history(ready)]
    assert verdicts == ["accepted", "accepted", "accepted", "conflict"]
    assert the_tests(ready)["t"]["sampling"] == 10000


def test_operators_at_different_objects_both_succeed(ready):
    late = Prompted(ready, "t")
    ready.run("umbractl", "set", "u", "sampling=1")
    assert late.answer("y")[:2] == (0, "test t deleted\n")
    assert the_tests(ready)["u"]["sampling"] == 10000
    assert "t" not in the_tests(ready)
    assert [r["verdict"] for r in history(ready)].count("accepted") == 4


def test_no_at_the_question_changes_nothing(ready):
    status, out, err = Prompted(ready, "t").answer("n")
    assert status == 1 and "nothing was changed" in err
    assert "t" in the_tests(ready)


def test_many_at_once_leave_one_history_that_all_read_alike(ready):
    def change(number):
        name = "tu"[number % 2]
        return ready.run("umbractl", "set", name, f"sampling={number}", "--author", f"op{number}",
                         expect=None)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(change, range(1, 13)))
    told = [d for d in done if d.returncode == 1]
    assert all("conflict: op" in d.stderr for d in told)
    assert all(d.returncode in (0, 1) for d in done)
    records = history(ready)
    accepted = [r for r in records if r["verdict"] == "accepted"]
    assert len(accepted) == 2 + len(done) - len(told)
    assert [r["generation"] for r in accepted] == list(range(1, len(accepted) + 1))
    last = {name: [r for r in accepted if r["changes"][0].startswith(f"test {name} ")][-1]
            for name in "tu"}
    for name, record in last.items():
        assert f"op{the_tests(ready)[name]['sampling'] // 10000}" == record["author"]
    splitter = ready.start("umbra-splitter").wait_ready()
    splitter.wait_log(rf"at generation {accepted[-1]['generation']}\b")
    splitter.stop()


def test_history_tells_who_what_why_and_what_was_refused(ready):
    ready.run("umbractl", "set", "t", "sampling=12.5", "--reason", "too slow", "--author", "ann")
    last = history(ready, "t")[-1]
    assert (last["author"], last["reason"]) == ("ann", "too slow")
    assert last["changes"] == ["test t changed: sampling 50 -> 12.5"]
    assert len(history(ready, "u")) == 1
    write_control(ready, generation=2, changes=[change("TEST", "t", None)])
    text = ready.run("umbractl", "history").stdout
    assert "REFUSED (conflict: " in text and '"too slow"' in text
    assert "never" in ready.run("umbractl", "history", "nobody", expect=1).stderr


# Records that others write

def test_a_record_of_a_newer_version_stops_every_writer(ready):
    definition = {**the_tests(ready)["t"], "colour": "blue"}
    for extra in ("state", "generation", "created_generation"):
        del definition[extra]
    write_control(ready, 3, [change("TEST", "t", definition)])
    done = ready.run("umbractl", "set", "u", "sampling=1", expect=1)
    assert "cannot be understood by this version" in done.stderr and "colour" in done.stderr


def test_an_invalid_record_is_passed_over_and_shown_as_refused(ready):
    write_control(ready, 3, [change("TEST", "t", {"name": "t"})])
    ready.kafka.produce(ready.own_topic("control"), [Record(None, b"garbage", [], partition=0)])
    ready.run("umbractl", "set", "u", "sampling=1")
    assert [r["verdict"] for r in history(ready)] == ["accepted", "accepted", "invalid", "accepted"]
    assert "is no control record" in ready.run("umbractl", "history").stdout
