"""integration/demo as a person runs it: at a terminal, the page open beside it."""
import re
import subprocess

import pytest

from chromium import Browser
from demo import REPORT, TEST, Demo
from program import BUILD, ROOT
from waiting import until

KEY = "all|production|churn-v1|invocations"


@pytest.fixture
def run(tmp_path):
    made = []

    def start(*arguments):
        made.append(Demo(tmp_path, *arguments))
        return made[-1]
    yield start
    for demo in made:
        demo.end()


def start_unattended(folder, build=BUILD):
    """A run without a terminal."""
    return subprocess.Popen(
        [ROOT / "integration" / "demo", "--broker", "embedded", "--requests", "120", "--rate", "40"], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "UMBRA_BUILD": str(build), "TMPDIR": str(folder)})


@pytest.fixture(scope="module")
def unattended(tmp_path_factory):
    """In the background of the others."""
    folder = tmp_path_factory.mktemp("unattended")
    process = start_unattended(folder)
    yield process, folder
    process.terminate()
    process.wait(60)


def number(text):
    """The first one of a row of the printed report: 1,234 or 94.93 % or 1.58 ms."""
    return re.search(r"[\d,.]+", text)[0]


def row(demo, name):
    """The cells of a row of the printed report."""
    return re.split(r"\s{2,}", re.search(rf"^{name}\s+(.*)$", demo.printed_report(), re.M)[1].strip())


def test_a_newcomer_sees_the_outcome_on_the_page_until_enter(unattended, run):
    demo = run("--broker", "embedded", "--requests", 300, "--rate", 20, "--sampling", 100)
    browser = Browser(demo.address)
    try:
        browser.open(f"/tests/{TEST}")
        demo.wait_output("== sending 300 requests")
        assert "Nothing has been counted yet" in browser.text() or browser.facts(), "the page stands before the traffic"
        browser.run("window.was_here = true")
        until(lambda: 0 < int(browser.facts().get(KEY, ["0"])[0]) < 300, "numbers come while requests are sent", 60)
        demo.wait_output("Press Enter to stop everything")
        assert demo.wait_output(r"The page stays at (\S+)")[1] == f"{demo.address}/tests/{TEST}"
        until(lambda: browser.facts()[KEY][0] == "300", lambda: browser.facts()[KEY], 60)
        compare(demo, browser)
        assert browser.run("return window.was_here"), "it was never loaded again"
        assert browser.errors() == []
    finally:
        browser.close()
    assert demo.process.poll() is None and len(demo.left()) >= 7
    demo.type("\n")
    assert demo.wait_exit() == 0
    assert demo.left_after() == {}
    assert list(demo.temporary.iterdir()) == []


def compare(demo, browser):
    """The numbers of the page and those that the terminal shows, in the same digits."""
    shown = {key: text for key, (_, text) in browser.facts().items()}
    requests = row(demo, "requests")
    assert [shown[KEY], shown["compared:churn-v2|shadow|churn-v2|invocations"]] == [requests[0], requests[3]]
    for name, key in (("p50", "p50"), ("p99", "p99"), ("max", "max")):
        cells = row(demo, f"model latency {name}")
        for arm, cell in (("production|churn-v1", cells[2]), ("shadow|churn-v2", cells[3])):
            page = shown[f"compared:churn-v2|{arm}|model_latency_us.{key}"]
            assert in_ms(page) == pytest.approx(float(number(cell)), abs=0.006), (name, arm)
    agreement, match, compared = re.search(
        r"^agreement\s+([\d.]+ %): (\S+) of (\S+) compared", demo.printed_report(), re.M).groups()
    assert f"{agreement}: {match} of {compared} compared answers match" in browser.text()
    sampled = re.search(r"^accounting\s+(sampled .*)$", demo.printed_report(), re.M)[1]
    assert sampled == browser.text(".identity")
    for name in ("accuracy", "recall"):
        own = row(demo, name)[1]
        assert shown[f"quality|shadow|churn-v2|own.{name}"] == f"{100 * float(own):.2f} %"


def in_ms(text):
    value, unit = text.split(" ")
    return float(value) * {"µs": 1e-3, "ms": 1, "s": 1e3}[unit]


def test_its_requests_take_half_a_minute_at_a_terminal(demo):
    """Those of the run that the page's tests look at."""
    assert f"half a minute of traffic: watch {demo.address}/tests/{TEST}" in demo.output
    taken = re.search(r"Run \S+ to churn.requests: ([\d.]+) s", demo.output)[1]
    assert 28 <= float(taken) < 60
    assert demo.time_of(r"^open http") < demo.time_of(r"^== sending"), "the page stands before the traffic"
    assert demo.output.index("(the books close)") < demo.output.index(REPORT)


def test_without_a_terminal_it_sends_at_its_rate_and_ends_by_itself(unattended):
    process, folder = unattended
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    assert float(re.search(r"^Run \S+ to churn.requests: ([\d.]+) s", output, re.M)[1]) >= 2.9
    assert "half a minute" not in output and "Press Enter" not in output
    assert "ALARM" not in output and re.search(r"^accuracy( +\d\.\d{4}){2}", output, re.M)
    assert list(folder.iterdir()) == []


def test_an_alarm_in_the_report_is_a_failure_of_the_demo(tmp_path):
    programs, temporary = tmp_path / "build" / "bin", tmp_path / "tmp"
    programs.mkdir(parents=True)
    temporary.mkdir()
    for program in (BUILD / "bin").iterdir():
        if program.name != "umbractl":
            (programs / program.name).symlink_to(program)
    alarming = programs / "umbractl"
    alarming.write_text(f"""#!/bin/sh
        [ "$*" != "${{*#report}}" ] && [ "$*" = "${{*%json}}" ] && echo "ALARM: the books do not close"
        exec {BUILD}/bin/umbractl "$@"\n""")
    alarming.chmod(0o755)
    process = start_unattended(temporary, tmp_path / "build")
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 1 and "demo: the report has an alarm" in output, output
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("arguments, words", [
    (["--requests", "0"], "--requests: a number from 1 on"), (["--sampling", "many"], "--sampling: a percentage"),
    (["--rate", "-1"], "--rate: requests per second"), (["--broker", "mine"], "--broker: kafka, embedded or HOST:PORT")])
def test_a_wrong_option_is_named(arguments, words):
    done = subprocess.run([ROOT / "integration" / "demo", *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and words in done.stderr
