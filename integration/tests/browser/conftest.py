"""The demo as the page shows it: a real broker, the two churn models, every program, one browser."""
import json
import os
import subprocess

import pytest

from chromium import Browser
from console_client import Console
from definitions import definitions, endpoint, test, variant
from installation import Installation
from program import ROOT, Program
from waiting import until

TEST = "churn-v2-vs-v1"
QUICK = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=500"]
MODELS = ROOT / "integration" / "models" / "train.py"


class Demo:
    """`sent` requests were sent so far; all of them are counted when send() returns."""

    def __init__(self, kafka, folder):
        self.umbra = Installation(kafka, folder)
        self.folder = folder
        self.sent = 0
        subprocess.run([MODELS, folder / "models"], check=True, timeout=60)
        urls = [self.serve(name) for name in ("churn-v1", "churn-v2")]
        self.umbra.run("umbractl", "init")
        self.umbra.apply(definitions(
            endpoint(self.umbra.endpoint, [variant("churn-v1", urls[0])]),
            test(TEST, self.umbra.endpoint, [variant("churn-v2", urls[1])], sampling=50.0,
                 compare={"kind": "label", "label": "/churn"})))
        for program in ("umbra-splitter", "umbra-shadow", "umbra-aggregator"):
            self.umbra.start(program, *QUICK).wait_ready()
        self.console = Console(self.umbra)

    def serve(self, name):
        model = Program(["umbra-demo-model", "--model", self.folder / "models" / f"{name}.json", "--port", 0],
                        self.folder / f"{name}.log")
        self.umbra.programs.append(model)
        until(lambda: "\n" in model.output() or not model.is_running(), model.tail)
        return f"http://127.0.0.1:{model.output().rsplit(':', 1)[1].strip()}/invocations"

    def send(self, n, *arguments):
        self.umbra.run("umbra-producer", "--endpoint", self.umbra.endpoint, "--format", "csv", "--label", "churn",
                       "--wait", "--repeat", (n + 299) // 300, "--limit", n, *arguments,
                       self.folder / "models" / "held-out.csv", seconds=600)
        self.sent += n
        until(self.has_counted_all, lambda: f"{self.sent} requests are counted: {self.report()}", 90, every=0.3)

    def report(self):
        """What umbractl report says: the truth for the page."""
        return json.loads(self.umbra.run("umbractl", "report", TEST, "-o", "json", expect=None).stdout)

    def has_counted_all(self):
        report = self.report()
        counted = [v["invocations"] for v in report["variants"] if v["population"] == "all"]
        return counted[:1] == [self.sent] and not any(a["pending"] for a in report["accounting"])


@pytest.fixture(scope="session")
def demo(kafka, tmp_path_factory):
    demo = Demo(kafka, tmp_path_factory.mktemp("demo"))
    seconds = int(os.environ.get("UMBRA_DEMO_SECONDS", "25"))
    demo.send(max(600, seconds * 40), "--rate", 40)
    yield demo
    demo.umbra.close()


@pytest.fixture(scope="session")
def window(demo):
    browser = Browser(f"http://{demo.console.address}")
    yield browser
    browser.close()


@pytest.fixture
def page(window):
    """The browser, wide and light; afterwards it must have found nothing wrong, and asked nobody else."""
    window.size(1400, 1600)
    window.prefer("light")
    window.errors(), window.requested()
    yield window
    assert window.errors() == []
    assert [url for url in window.requested() if not url.startswith((window.origin, "data:", "about:"))] == []
