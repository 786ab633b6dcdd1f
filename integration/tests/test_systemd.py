"""The services under systemd: their units as installed, and what they tell while they live."""
import os
import pathlib
import re
import socket
import subprocess

import pytest

from program import BUILD
from waiting import until

SERVICES = ["umbra-aggregator", "umbra-console", "umbra-shadow", "umbra-splitter"]


class Listener:
    """systemd's side of $NOTIFY_SOCKET."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.lines = []

    def heard(self):
        """All lines up to now, in their order."""
        while True:
            try:
                self.lines += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.lines

    def env(self, **more):
        return {"NOTIFY_SOCKET": self.path, **more}


@pytest.fixture
def listener(tmp_path):
    made = Listener(tmp_path)
    yield made
    made.socket.close()


@pytest.mark.parametrize("program", SERVICES)
def test_systemd_is_told_of_start_life_and_end(ready, listener, program):
    process = ready.start(program, env=listener.env(WATCHDOG_USEC="600000"))
    process.wait_ready()
    until(lambda: "READY=1" in listener.heard(), "systemd is told that it is ready")
    before = listener.heard()[:listener.heard().index("READY=1")]
    assert any(line.startswith("EXTEND_TIMEOUT_USEC=") for line in before)
    assert any(line.startswith("STATUS=") for line in before)
    after = len(listener.heard())
    until(lambda: listener.heard()[after:].count("WATCHDOG=1") >= 3, "it says that it lives")
    assert listener.heard().count("READY=1") == 1
    process.stop()
    last = listener.heard()[listener.heard().index("STOPPING=1"):]
    assert "READY=1" not in last and "STATUS=stopping" in last


def test_a_loop_that_stands_still_gives_no_sign_of_life(ready, listener):
    process = ready.start("umbra-splitter", env=listener.env(WATCHDOG_USEC="600000"))
    until(lambda: "WATCHDOG=1" in listener.heard(), "it says that it lives")
    process.suspend()
    until(lambda: "\nState:\tT" in pathlib.Path(f"/proc/{process.process.pid}/status").read_text(), "it stands")
    n = len(listener.heard())
    with pytest.raises(AssertionError):
        until(lambda: len(listener.heard()) > n, "a sign of life", 2)
    process.resume()
    until(lambda: len(listener.heard()) > n, "it lives again")
    process.stop()


def test_while_it_cannot_start_systemd_is_told_why_and_asked_for_time(umbra, listener):
    process = umbra.start("umbra-splitter", env=listener.env())
    until(lambda: any(line.startswith("STATUS=") and "umbractl init" in line
                      for line in listener.heard()), "the status says what to do")
    assert "READY=1" not in listener.heard()
    assert "EXTEND_TIMEOUT_USEC=30000000" in listener.heard()
    process.stop()


def test_a_socket_that_is_none_is_said_and_hinders_nothing(ready):
    process = ready.start("umbra-splitter", env={"NOTIFY_SOCKET": "nowhere"}).wait_ready()
    process.wait_log("NOTIFY_SOCKET is neither a path nor a name of one")
    process.stop()


@pytest.mark.parametrize("program", SERVICES)
def test_an_installed_unit_starts_the_installed_program(tmp_path, program):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/opt/umbra", "--component", "units"],
                   check=True, env={**os.environ, "DESTDIR": str(tmp_path)}, capture_output=True)
    unit = (tmp_path / f"opt/umbra/lib/systemd/system/{program}@.service").read_text()
    assert f"\nExecStart=/opt/umbra/bin/{program} -c /etc/umbra/%N.conf\n" in unit
    assert "\nType=notify\n" in unit
    assert not re.search(r"@\w+@(?!NAME)", unit)
