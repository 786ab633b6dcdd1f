"""What the benchmarks see of a running program: what it counts, its CPU time, its memory."""
import contextlib
import os
import pathlib
import statistics
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / "build" / "release" / "bin"
TICKS = os.sysconf("SC_CLK_TCK")


def build(*groups):
    """What the groups of integration/setup need is there, and the release build is of now."""
    subprocess.run([ROOT / "integration" / "setup", "build", "demo", "java", *groups], check=True)
    for command in (["--preset", "release"], ["--build", "--preset", "release"]):
        subprocess.run(["cmake", *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def started(command, folder):
    with open(folder / "programs.log", "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def watch(process, count, wanted, seconds, every=0.25):
    """From a tenth of what is wanted to the last; count() says how much is done."""
    first = None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now, n, cpu = time.monotonic(), count(), cpu_seconds(process.pid)
        if first is None and n >= wanted / 10:
            first = now, n, cpu, resident_mib(process.pid)
        if n >= wanted:
            return {"rate": (n - first[1]) / (now - first[0]),
                    "cpu_us": (cpu - first[2]) * 1e6 / (n - first[1]),
                    "memory_mib": (first[3], resident_mib(process.pid))}
        time.sleep(every)  # each look costs the program a page of metrics
    raise SystemExit(f"bench: only {count()} of {wanted} were done in time")


def metric(port, name, label=""):
    """Its sum over all labels that contain `label`; 0 before the program answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except (urllib.error.URLError, OSError):
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines
               if line.split("{")[0].split(" ")[0] == name and label in line)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid, which="VmRSS"):
    """VmHWM: the most that it ever was."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) / 1024
    return 0.0


# Pairs of results, ours and the other's


def ratio(found, field):
    values = sorted(a[field] / b[field] for a, b in found)
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def middle(found, which, field):
    return statistics.median(pair[which][field] for pair in found)
