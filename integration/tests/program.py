"""A built program under test: started with its log in a file, observed, ended, and judged.

Every program that a test starts must end in the way that the test says, and may not leave a
sanitizer's report in its log."""
import os
import pathlib
import re
import signal
import subprocess
import urllib.error
import urllib.request

from waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("UMBRA_BUILD") or ROOT / "build" / "release").resolve()
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed")
ADMIN_PORT = re.compile(r"admin port (\S+:\d+)")


def binary(name):
    """The path of a built program, wherever in the build folder it lies."""
    path = BUILD / "bin" / name
    assert path.exists(), f"{path} is missing: build it, or set UMBRA_BUILD"
    return str(path)


class Program:
    """One running process. `arguments` begin with the program's name or path."""

    def __init__(self, arguments, log_path, env=None, stdin=None):
        path = arguments[0] if "/" in arguments[0] else binary(arguments[0])
        self.name = os.path.basename(path)
        self.log_path = pathlib.Path(log_path)
        self.output_path = self.log_path.with_suffix(".out")
        with open(self.log_path, "wb") as log, open(self.output_path, "wb") as output:
            self.process = subprocess.Popen(
                [path, *map(str, arguments[1:])], stdin=stdin or subprocess.DEVNULL,
                stdout=output, stderr=log, env={**os.environ, **(env or {})})

    # What it says

    def log(self):
        return self.log_path.read_text(errors="replace")

    def output(self):
        return self.output_path.read_text(errors="replace")

    def wait_log(self, pattern, seconds=30):
        """Returns the first match of the regular expression in the log."""
        def look():
            match = re.search(pattern, self.log())
            assert match or self.is_running(), f"{self.name} ended: {self.tail()}"
            return match
        return until(look, lambda: f"{self.name} logs /{pattern}/: {self.tail()}", seconds)

    def admin(self, path):
        """(status, text) of the admin port; (0, why) when it does not answer."""
        match = ADMIN_PORT.search(self.log())
        if not match:
            return 0, "no admin port yet"
        try:
            with urllib.request.urlopen(f"http://{match[1]}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, seconds=30):
        def look():
            assert self.is_running(), f"{self.name} ended: {self.tail()}"
            return self.admin("/readyz")[0] == 200
        until(look, lambda: f"{self.name} is ready: {self.admin('/readyz')} {self.tail()}", seconds)
        return self

    def metrics(self):
        """{'name{label="value"}': number} of all series."""
        status, text = self.admin("/metrics")
        assert status == 200, text
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def metric(self, name, **labels):
        """The sum of the family's series that have these labels; 0 when there are none."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(value for series, value in self.metrics().items()
                   if series.split("{")[0] == name and all(label in series for label in wanted))

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def tail(self, lines=15):
        return "\n".join(self.log().splitlines()[-lines:])

    # How it ends

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def suspend(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def wait_exit(self, expect=0, seconds=60):
        """Waits until it ends by itself, with that status (None: any; -9: by that signal)."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} ends within {seconds} s: {self.tail()}") from None
        self.check_log()
        assert expect is None or status == expect, f"{self.name}: status {status}: {self.tail()}"
        return status

    def stop(self, expect=0, seconds=60):
        """SIGTERM, and the status it is expected to end with."""
        self.signal(signal.SIGTERM)
        return self.wait_exit(expect, seconds)

    def kill(self):
        """kill -9, as a crash."""
        if self.is_running():
            self.process.kill()
            self.process.wait()
        self.check_log()

    def check_log(self):
        match = SANITIZER.search(self.log())
        assert not match, f"{self.name}: {self.log()[max(0, match.start() - 200):][:4000]}"
