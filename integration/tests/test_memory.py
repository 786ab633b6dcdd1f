"""Memory that runs out: each allocation of a program's own code may fail. The program may end, but by its
own decision (status 1, a sentence), and what it was given is done by the next one.

With UMBRA_LONG=1 every allocation of the run fails once, else a number of them."""
import os

import pytest

from path import QUICK, TEST
from program import BUILD
from records import header
from waiting import until

LIBRARY = BUILD / "bin" / "umbra-scarce-memory.so"
REQUESTS = 5
LONG = bool(os.environ.get("UMBRA_LONG"))


class Splitter:
    name = "umbra-splitter"

    def __init__(self, path):
        self.path = path

    def is_done(self, sent):
        return len(set(self.path.answered_ids())) == sent

    def end(self):
        self.path.start_shadow()


class Shadow:
    """The splitter before it has all the memory that it wants."""
    name = "umbra-shadow"

    def __init__(self, path):
        self.path = path
        path.start_splitter()

    def is_done(self, sent):
        topic, group = self.path.shadow_topic(), self.path.umbra.group("shadow", f"shadow-{TEST}")
        return self.path.kafka.count(topic) == sent == sum(self.path.kafka.committed(group, topic).values())

    def end(self):
        pass


def run(path, kind, sent, **environment):
    """The program with scarce memory, until it has done everything or ended; its exit status."""
    program = path.umbra.start(kind.name, *QUICK, "--instance", "one", env={
        "LD_PRELOAD": str(LIBRARY), **{name: str(value) for name, value in environment.items()}})
    until(lambda: not program.is_running() or kind.is_done(sent), "it ends, or all is done", seconds=60, every=0.1)
    if program.is_running():
        program.signal(15)
    status = program.wait_exit(expect=None, seconds=30)
    assert status in (0, 1), f"status {status}: {program.tail()}"
    assert status == 0 or "out of memory" in program.log() or "no memory" in program.log()
    return status


@pytest.mark.skipif("asan" in BUILD.name, reason="the sanitizer brings an allocator of its own")
@pytest.mark.parametrize("kind", [Splitter, Shadow])
def test_an_allocation_that_fails_ends_the_program_at_worst_and_loses_nothing(path, kind):
    path.define()
    count_file, sent, kind = path.umbra.folder / "count", 0, kind(path)

    def send():
        nonlocal sent
        sent += REQUESTS
        path.send_ids(f"a{sent + i}" for i in range(REQUESTS))

    send()
    assert run(path, kind, sent, SCARCE_COUNT=count_file) == 0
    total = int(count_file.read_text())
    assert total > 100
    ended = 0
    for n in range(1, total, 1 if LONG else total // 16):
        send()
        ended += run(path, kind, sent, SCARCE_FAIL=n)
    assert ended, "no allocation failed at all"
    send()
    assert run(path, kind, sent) == 0
    kind.end()
    account = path.wait_account(lambda a: a.pending == 0, seconds=120)
    assert account.closes() and account.paired == account.sampled == sent
    assert {event["outcome"] for event in path.events()} == {"ok"}
    answers = path.answers()
    assert {header(answer, "umbra-outcome") for answer in answers} == {"ok"}
    assert len({header(answer, "umbra-request-id") for answer in answers}) == sent
