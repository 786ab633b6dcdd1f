"""Prometheus of integration/observability.yml, brought up by podman: alone, since the system's programs
have their own test. Grafana's image has no stand-in: integration/tests looks at its files."""
import json
import pathlib
import subprocess
import sys
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "integration" / "tests"))

from waiting import until  # noqa: E402

COMPOSE = ["podman-compose", "-p", "umbra-observability", "-f", "docker-compose.yml",
           "-f", "integration/observability.yml"]


def compose(*arguments, check=True):
    done = subprocess.run([*COMPOSE, *arguments], cwd=ROOT, text=True, capture_output=True, timeout=300)
    assert not check or done.returncode == 0, done.stdout + done.stderr


def ask(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/{path}", timeout=2) as answer:
            return json.load(answer)["data"]
    except OSError:
        return None


@pytest.fixture
def prometheus():
    compose("down", "-v", check=False)
    compose("up", "-d", "prometheus")
    yield
    compose("down", "-v")


def test_prometheus_has_the_rules_and_looks_for_every_program(prometheus):
    until(lambda: ask("rules"), "Prometheus answers", seconds=60, every=0.5)
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
    assert "UmbraIdentityBroken" in {rule["name"] for rule in rules}
    until(lambda: len(ask("targets")["activeTargets"]) == 4, "it looks for the programs", every=0.5)
