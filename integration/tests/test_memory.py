"""Memory that runs out: each allocation of the splitter's own code may fail. The process may end, but
by its own decision (status 1, a sentence), and what it was given is answered by the next one.

With UMBRA_LONG=1 every allocation of the run fails once, else a number of them."""
import os

import pytest

from program import BUILD
from waiting import until

LIBRARY = BUILD / "bin" / "umbra-scarce-memory.so"
REQUESTS = 5


def run(path, sent, **environment):
    """A splitter with scarce memory, until it has answered everything or ended; its exit status."""
    splitter = path.umbra.start("umbra-splitter", "--instance", "splitter-1", env={
        "LD_PRELOAD": str(LIBRARY), **{name: str(value) for name, value in environment.items()}})
    until(lambda: not splitter.is_running() or len(set(path.answered_ids())) == sent,
          "it ends, or everything is answered", seconds=30, every=0.1)
    if splitter.is_running():
        splitter.signal(15)
    status = splitter.wait_exit(expect=None, seconds=30)
    assert status in (0, 1), f"status {status}: {splitter.tail()}"
    assert status == 0 or "out of memory" in splitter.log() or "no memory" in splitter.log()
    return status


@pytest.mark.skipif("asan" in BUILD.name, reason="the sanitizer brings an allocator of its own")
def test_an_allocation_that_fails_ends_the_splitter_at_worst_and_loses_nothing(path):
    path.define()
    count_file, sent = path.umbra.folder / "count", 0

    def send():
        nonlocal sent
        sent += REQUESTS
        path.send_ids(f"a{sent + i}" for i in range(REQUESTS))

    send()
    assert run(path, sent, SCARCE_COUNT=count_file) == 0
    total = int(count_file.read_text())
    assert total > 100
    step = 1 if os.environ.get("UMBRA_LONG") else total // 16
    ended = 0
    for n in range(1, total, step):
        send()
        ended += run(path, sent, SCARCE_FAIL=n)
    assert ended, "no allocation failed at all"
    send()
    assert run(path, sent) == 0
    assert len(set(path.answered_ids())) == sent
