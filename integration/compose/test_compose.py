"""docker-compose.yml as it stands, brought up by podman: integration/compose/images has built what it
names. Run by `integration/test compose`."""
import json
import pathlib
import subprocess
import sys
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "integration"), str(ROOT / "integration" / "tests")]

from records import Kafka, Record, header  # noqa: E402
from waiting import until  # noqa: E402

PROJECT = "umbra-test"
BROKERS = "localhost:19092"
SERVICES = ["broker", "model-production", "model-shadow", "splitter", "shadow", "aggregator", "console"]


def run(*command, check=True, seconds=300):
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=seconds)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def compose(*arguments, **named):
    return run("podman-compose", "-p", PROJECT, *arguments, **named)


def container(service):
    return f"{PROJECT}_{service}_1"


def inspect(service, what):
    """podman fails when the container's process ends while it looks: then there is nothing yet to say."""
    found = []

    def look():
        done = run("podman", "inspect", "--format", what, container(service), check=False)
        found[:] = [done]
        return done.returncode == 0
    until(look, lambda: f"podman inspects {service}: {found[0].stderr}", 30, every=0.5)
    return found[0].stdout.strip()


def logs(service):
    done = run("podman", "logs", container(service), check=False)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def system():
    compose("down", "-v", check=False)
    compose("up", "-d")
    yield Kafka(BROKERS)
    compose("down", "-v", seconds=120)


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_the_programs_become_ready_by_themselves(system):
    for service, port in (("splitter", 9301), ("shadow", 9302), ("aggregator", 9303), ("console", 9304)):
        until(lambda: is_ready(port), lambda: f"{service} is ready: {logs(service)}", seconds=90, every=0.5)
    until(lambda: inspect("init", "{{.State.Status}}") == "exited", "init ends", every=0.5)
    assert inspect("init", "{{.State.ExitCode}}") == "0", logs("init")


def test_the_producer_s_requests_are_all_answered(system):
    until(lambda: inspect("producer", "{{.State.Status}}") == "exited",
          lambda: f"the producer ends: {logs('producer')}", seconds=120, every=0.5)
    assert inspect("producer", "{{.State.ExitCode}}") == "0", logs("producer")
    assert system.count("churn.responses") == 3000


def test_the_report_counts_them(system):
    def look():
        done = run("podman", "exec", container("aggregator"), "umbractl", "report", "churn-v2-vs-v1",
                   "-b", "broker:9092", "-o", "json", check=False)
        report = json.loads(done.stdout) if done.returncode in (0, 4) else {"variants": []}
        counted = [v["invocations"] for v in report["variants"] if v["population"] == "all"]
        return counted[:1] == [3000] and all(a["pending"] == 0 for a in report["accounting"])
    until(look, "all requests are in the report", every=1)


def test_the_console_shows_them(system):
    def look():
        with urllib.request.urlopen("http://127.0.0.1:9380/api/v1/tests", timeout=5) as answer:
            tests = json.load(answer)["tests"]
        return tests and tests[0]["invocations"] == 3000
    until(look, "all requests are on the page", every=1)


def test_a_request_from_outside_is_answered_and_copied(system):
    before = system.count("churn.responses")
    row = (ROOT / "integration" / "models" / "churn.csv").read_text().splitlines()[:2]
    names, values = (line.replace('"', "").split(",") for line in row)
    body = {name: number(value) for name, value in zip(names, values) if name != "churn"}
    system.produce("churn.requests", [Record(b"k", json.dumps(body).encode(), [
        ("x-request-id", b"from-outside"), ("x-correlation-id", b"42")])])
    answers = system.wait_count("churn.responses", before + 1)
    answer, = [a for a in answers if header(a, "umbra-request-id") == "from-outside"]
    assert header(answer, "umbra-outcome") == "ok", answer
    assert header(answer, "x-correlation-id") == "42"
    assert "probability" in json.loads(answer.value)


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def test_the_health_checks_pass(system):
    for service in SERVICES:
        until(lambda: run("podman", "healthcheck", "run", container(service), check=False).returncode == 0,
              f"{service} is healthy", every=0.5)


def test_nothing_runs_as_root(system):
    for service in SERVICES:
        uid = run("podman", "exec", container(service), "id", "-u").stdout.strip()
        assert uid != "0", service


def test_docker_stop_ends_the_programs_well(system):
    for service in ("splitter", "shadow", "aggregator", "console", "model-production", "model-shadow"):
        run("podman", "stop", "-t", "40", container(service))
        assert inspect(service, "{{.State.ExitCode}}") == "0", logs(service)
