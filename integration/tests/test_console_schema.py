"""openapi.yaml is true: what Schemathesis makes of it, the running program answers as it says."""
import http.client
import json
import re
import subprocess

import pytest
import yaml

from control import one_endpoint
from definitions import definitions, endpoint, test, variant
from console_client import Console
from model_server import Answer
from path import QUICK, TEST
from program import ROOT
from schema_tool import schemathesis
from test_console import check
from waiting import until

SOURCES = ROOT / "consumers" / "console"
SETTINGS = ROOT / "integration" / "tests" / "schemathesis.toml"
EXAMPLES = 40  # for each path


def n_of(request):
    return json.loads(request.body)["n"]


def production(request):
    return Answer(body=b'{"label": "yes", "n": %d}' % n_of(request))


def candidate(request):
    """Differs on each fifth, fails on each seventh."""
    n = n_of(request)
    if n % 7 == 0:
        return Answer(status=400 + n % 2 * 100)
    return Answer(body=b'{"label": "%s", "n": %d}' % (b"yes" if n % 5 else b"no <b>", n))


@pytest.fixture
def console(path):
    """Has a test with pairs that differ and pairs that cannot be compared, one without requests, one
    that is over, one whose endpoint is gone, and an endpoint without tests."""
    path.model.answer, path.shadow_model.answer = production, candidate
    compare = {"kind": "label", "label": "/label"}
    path.define(tests={TEST: {"sampling": 80.0, "baseline": 30.0, "compare": compare},
                       "waiting": {"sampling": 0.01}, "over": {"sampling": 1.0}})
    gone = f"{path.umbra.endpoint}-gone"
    bare = definitions(endpoint(f"{path.umbra.endpoint}-bare", [variant("v1", path.model.url)]))
    path.umbra.apply(bare)
    path.umbra.apply(definitions(endpoint(gone, [variant("v1", path.model.url)]),
                                 test("orphan", gone, [variant("v2", path.model.url)])))
    for words in (("complete", "over"), ("cancel", "orphan"), ("delete", "endpoint", gone, "--yes")):
        path.umbra.run("umbractl", *words)
    path.start()
    path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "1s").wait_ready()
    path.produce(200)
    path.wait_account(lambda account: account.pending == 0)
    made = Console(path.umbra)
    until(lambda: made.get(f"tests/{TEST}/mismatches")["examples"], lambda: f"it has examples: {made.get('tests')}", every=0.2)
    return made


def test_schemathesis_finds_nothing(console):
    """The description in, more than a thousand requests out, right ones and wrong ones, the same in
    every run; all its checks. The stream has no end: the test below looks at it."""
    done = subprocess.run(
        [schemathesis(), "--config-file", SETTINGS, "run", SOURCES / "openapi.yaml", "--no-color",
         "--url", f"http://{console.address}/api/v1", "--checks", "all", "--generation-deterministic",
         "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
         "--suppress-health-check", "all", "--exclude-path", "/changes"],
        text=True, capture_output=True, timeout=240, cwd=console.umbra.folder)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 800, done.stdout[-2000:]
    assert f"{len(description()['paths']) - 1} passed" in done.stdout
    console.program.stop()


# What the program knows and what the description says


@pytest.fixture
def empty(ready):
    """A console of the tests t and u, without any numbers."""
    return Console(ready)


def description():
    return yaml.safe_load((SOURCES / "openapi.yaml").read_text())


def parameters(path, place):
    return {p["name"]: p for p in description()["paths"][path]["get"].get("parameters", [])
            if p["in"] == place}


def words():
    """Every word that the console's sources hold: each could be a parameter or a part of a path."""
    found = re.findall(r'"/?([a-z_]{2,30})"', "".join(p.read_text() for p in SOURCES.glob("*.c")))
    assert {"max_results", "mismatches", "population"} <= set(found)
    return sorted(set(found))


def test_the_description_has_every_parameter_that_is_known_and_no_other(empty):
    asked = http.client.HTTPConnection(empty.address, timeout=20)
    for path in description()["paths"]:
        known = set()
        for word in words():
            asked.request("GET", f"/api/v1{path.replace('{name}', 't')}?{word}=%3F")
            answer = asked.getresponse()
            text = answer.read().decode()
            if answer.status != 400 or f'no parameter \\"{word}\\"' not in text:
                known.add(word)
        assert known == set(parameters(path, "query")), path
        assert set(parameters(path, "path")) == set(re.findall(r"{(\w+)}", path))


def test_the_description_has_every_path_and_no_other(empty):
    asked = http.client.HTTPConnection(empty.address, timeout=20)
    known = {"/changes", "/openapi.yaml", "/tests/{name}"}  # the first has no end, the others no word
    for word in words():
        for path in (f"/{word}", f"/tests/t/{word}", f"/endpoints/{word}"):
            if path == "/changes":
                continue
            asked.request("GET", f"/api/v1{path}?no=1")
            answer = asked.getresponse()
            answer.read()
            if answer.status != 404:
                known.add(path.replace("/t/", "/{name}/"))
    assert known == set(description()["paths"])
    for path in ("/openapi.yaml", "/tests/t"):
        assert empty.ask(f"/api/v1{path}")[0] == 200


def test_the_words_of_a_parameter_are_those_that_are_taken(empty):
    asked = http.client.HTTPConnection(empty.address, timeout=20)
    for path in description()["paths"]:
        given = parameters(path, "query")
        for name, parameter in given.items():
            allowed = set(parameter["schema"].get("enum", []))
            more = "&metric=queue" if name != "metric" and "metric" in given else ""
            for word in {*words(), *allowed} if allowed else ():
                asked.request("GET", f"/api/v1{path.replace('{name}', 't')}?{name}={word}{more}")
                answer = asked.getresponse()
                assert answer.status == (200 if word in allowed else 400), (path, name, word)
                answer.read()


def test_the_stream_is_as_the_description_says(ready, empty):
    content = description()["paths"]["/changes"]["get"]["responses"]["200"]["content"]
    asked = http.client.HTTPConnection(empty.address, timeout=30)
    asked.request("GET", "/api/v1/changes")
    answer = asked.getresponse()
    assert (answer.status, [answer.getheader("content-type")]) == (200, list(content))
    ready.run("umbractl", "set", "t", "sampling=7")
    while not (line := answer.readline()).startswith(b"data: "):
        assert line in (b"event: change\n", b"\n") or line.startswith(b":"), line
    told = json.loads(line[6:])
    schema = description()["components"]["schemas"]["Change"]
    check(told, schema)
    assert set(told["tests"]) <= {"t", "u"}
    assert empty.ask("/api/v1/changes?a=1")[0] == 400
