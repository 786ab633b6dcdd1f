"""integration/demo itself, at a terminal: what it prints, what is typed, and what it leaves behind."""
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import threading
import time
import uuid

from program import BUILD, ROOT, binary
from waiting import until

TEST = "churn-v2-vs-v1"
REPORT = "== umbractl report"
LIMIT = 240  # seconds for any of its steps, on a machine that is busy


class Demo:
    """`output` grows as it prints; `times` says when each of its lines came. Whatever it starts has a
    mark in its environment, by which it is found when the demo is over."""

    def __init__(self, folder, *arguments):
        self.mark = f"UMBRA_DEMO_MARK={uuid.uuid4().hex}"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.output, self.times = "", []
        self.terminal, inside = pty.openpty()
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [ROOT / "integration" / "demo", *map(str, arguments)], cwd="/", stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True, env={**os.environ, "UMBRA_BUILD": str(BUILD), "TMPDIR": str(self.temporary), name: value})
        os.close(inside)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    # At the terminal

    def read(self):
        try:
            while data := os.read(self.terminal, 65536):
                self.output += data.decode(errors="replace").replace("\r", "")
                self.times += [time.monotonic()] * (self.output.count("\n") - len(self.times))
        except OSError:
            pass  # nobody holds its other side any more

    def wait_output(self, pattern, seconds=LIMIT):
        """The first match of the regular expression."""
        def look():
            match = re.search(pattern, self.output, re.M)
            assert match or self.process.poll() is None, f"the demo ended: {self.output[-3000:]}"
            return match
        return until(look, lambda: f"the demo prints /{pattern}/: {self.output[-3000:]}", seconds, every=0.05)

    def time_of(self, pattern):
        """When the line with the match was complete."""
        return self.times[self.output.count("\n", 0, self.wait_output(pattern).end())]

    def type(self, text):
        os.write(self.terminal, text.encode())

    def wait_exit(self, seconds=LIMIT):
        return self.process.wait(seconds)

    def printed_report(self):
        """The lines of umbractl report, which is the last that it computes."""
        return self.output.split(REPORT, 1)[1]

    # What it started

    def left(self):
        """{pid: command} of all that bears the mark."""
        found = {}
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                pass  # it ended meanwhile, or is of somebody else
        return found

    def left_after(self, seconds=30):
        """What is still there when there was time to end."""
        deadline = time.monotonic() + seconds
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def end(self):
        """By force, whatever state it is in."""
        for pid in [self.process.pid, *self.left()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(30)
        self.reader.join(30)
        os.close(self.terminal)

    @property
    def address(self):
        """The console's origin, as it was printed."""
        return self.wait_output(rf"^open (http://\S+)/tests/{TEST}$")[1]


class Running(Demo):
    """With --keep: all of it runs on, so that the page's tests can send more. `sent` requests were sent
    so far; all of them are counted when send() returns."""

    endpoint = "churn"

    def __init__(self, folder, *arguments):
        super().__init__(folder, "--keep", *arguments)
        self.stop_command = self.wait_output(r"^Stop it with:\n\n  (.*)$")[1]
        self.work = pathlib.Path(self.wait_output(r"its files are in (\S+)\. Try")[1])
        self.brokers = self.wait_output(r"umbractl -b (\S+) get tests")[1]
        self.sent = int(self.wait_output(r"== sending (\d+) requests")[1])
        self.console = Suspendable(int((self.work / "console.pid").read_text()))

    def run(self, name, *arguments, expect=0):
        done = subprocess.run([binary(name), "-b", self.brokers, *map(str, arguments)], text=True, capture_output=True, timeout=120)
        assert expect is None or done.returncode == expect, f"{name} {arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def send(self, n):
        self.run("umbra-producer", "--endpoint", self.endpoint, "--format", "csv", "--label", "churn", "--wait",
                 "--repeat", (n + 299) // 300, "--limit", n, self.work / "models" / "held-out.csv")
        self.sent += n
        until(self.has_counted_all, lambda: f"{self.sent} requests are counted: {self.report()}", 90, every=0.3)

    def report(self):
        """What umbractl report says: the truth for the page."""
        return json.loads(self.run("umbractl", "report", TEST, "-o", "json", expect=None))

    def model_url(self, name):
        """As it was printed."""
        return self.wait_output(rf"{name} at (\S+)")[1]

    def has_counted_all(self):
        report = self.report()
        counted = [v["invocations"] for v in report["variants"] if v["population"] == "all"]
        return counted[:1] == [self.sent] and not any(a["pending"] for a in report["accounting"])

    def stop(self):
        """As it says itself."""
        subprocess.run(["bash", "-c", self.stop_command], cwd=ROOT, check=True, timeout=60)


class Suspendable:
    def __init__(self, pid):
        self.pid = pid

    def suspend(self):
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)
