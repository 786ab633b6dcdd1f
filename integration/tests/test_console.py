"""umbra-console: the REST interface says what the report says, /metrics what the rules need, and both
what they said before after a crash."""
import gzip
import json
import re
import time

import pytest
import yaml

from console_client import Console
from model_server import Answer
from path import QUICK, TEST
from program import ROOT
from waiting import until

CANDIDATE = f"shadow-{TEST}"
PAGE = b"""# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total %f
process_resident_memory_bytes 4096
disk_used_bytes 1000
"""


@pytest.fixture
def console(path):
    """The path has got 200 requests; production's model page and the candidate's are one."""
    seconds = iter(range(1, 100000))

    def load(request):
        return Answer(body=PAGE % next(seconds), content_type="text/plain")
    metrics = {"url": path.model.url.replace("/invocations", "/metrics"), "disk": "disk_used_bytes"}
    path.model.page = load
    path.define(sampling=50.0, production={"metrics": metrics}).start()
    path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "1s").wait_ready()
    path.produce(200)
    path.wait_account(lambda account: account.pending == 0)
    made = Console(path.umbra)
    until(lambda: counted(made), lambda: f"all is counted: {made.get(f'tests/{TEST}/report')}", every=0.2)
    return made


def counted(console):
    report = console.get(f"tests/{TEST}/report")
    production = [v for v in report["variants"] if v["population"] == "all" and v["role"] == "production"]
    return production and production[0]["invocations"] == 200 and report["accounting"][0]["pending"] == 0


def test_the_report_is_umbractl_s(console):
    printed = json.loads(console.umbra.run("umbractl", "report", TEST, "-o", "json", expect=None).stdout)
    told = console.get(f"tests/{TEST}/report")
    for report in (printed, told):
        del report["to"]
    del printed["counted_until"], printed["final_until"]  # the console says it of the system
    assert told == printed


def test_a_test_s_numbers_are_those_of_its_report(console):
    report = console.get(f"tests/{TEST}/report")
    account, = report["accounting"]
    told = console.get(f"tests/{TEST}/accounting")["variants"]
    assert told == [{key: account[key] for key in ("variant", "role", "sampled", "paired", "pending", "losses")}]
    listed, = console.get("tests")["tests"]
    one = console.get(f"tests/{TEST}")
    assert {key: one[key] for key in listed if key != "progress"} == {
        key: listed[key] for key in listed if key != "progress"}
    assert listed["sampled"] == account["sampled"] and listed["invocations"] == 200
    assert one["headline"]["pairs"] == account["paired"]
    assert one["alarms"] == report["alarms"] == []


def test_a_series_adds_up_to_the_report(console):
    report = console.get(f"tests/{TEST}/report")
    by_name = {v["name"]: v for v in report["variants"] if v["population"] == "all"}
    for metric in ("invocations", "invocations_per_instance"):
        series = console.get(f"tests/{TEST}/series", metric=metric)
        assert [column["name"] for column in series["columns"]] == ["v1", CANDIDATE]
        for i, column in enumerate(series["columns"]):
            values = [point[i + 1] for point in series["points"]]
            assert sum(v for v in values if v is not None) == by_name[column["name"]]["invocations"]
    nothing = console.get(f"tests/{TEST}/series", metric="invocations", last="2h", to="2030-01-01T00:00:00Z")
    assert {v for point in nothing["points"] for v in point[1:]} == {None}, "what was not measured is a gap"
    for metric in ("errors_4xx", "errors_5xx", "errors_other"):
        series = console.get(f"tests/{TEST}/series", metric=metric)
        assert {v for point in series["points"] for v in point[1:]} <= {0, None}
    agreement = console.get(f"tests/{TEST}/series", metric="agreement", step="1h")
    assert agreement["unit"] == "ratio"
    assert [v for point in agreement["points"] for v in point[1:] if v is not None] == [1] * len(
        [v for point in agreement["points"] for v in point[1:] if v is not None])


def test_a_series_has_the_variants_that_are_asked_for(console):
    def columns(**query):
        return [column["name"] for column in console.get(f"tests/{TEST}/series", **query)["columns"]]
    for query in ({"metric": "invocations"}, {"metric": "model_latency", "population": "compared"},
                  {"metric": "queue", "statistic": "max"}):
        assert columns(**query) == columns(variants=f"{CANDIDATE},v1", **query) == ["v1", CANDIDATE]
        assert columns(variants=CANDIDATE, **query) == [CANDIDATE]
        assert columns(variants="v1", **query) == ["v1"]
        assert columns(variants="v", **query) == []
    assert columns(metric="cpu", variants="v1") == ["v1"] and columns(metric="cpu", variants=CANDIDATE) == []


def test_latencies_over_the_whole_test_are_the_report_s(console):
    report = console.get(f"tests/{TEST}/report")
    for metric, key in (("model_latency", "model_latency_us"), ("queue", "queue_us"),
                        ("overhead_latency", "overhead_latency_us")):
        histogram = console.get(f"tests/{TEST}/histogram", metric=metric)
        for column in histogram["columns"]:
            wanted, = [v for v in report["variants"] if (v["name"], v["population"]) == (column["name"], "all")]
            assert column["count"] == wanted[key]["count"] == sum(n for _, _, n in column["buckets"])
    for population, names in (("all", ["v1", CANDIDATE]), ("compared", ["v1", CANDIDATE])):
        for statistic in ("average", "min", "max", "sum", "count", "p50", "p90", "p99", "p99.9"):
            series = console.get(f"tests/{TEST}/series", metric="model_latency", statistic=statistic,
                                 population=population, step="30d")
            assert [column["name"] for column in series["columns"]] == names
            assert series["unit"] == ("count" if statistic == "count" else "us")
            values = [point[1:] for point in series["points"] if point[1] is not None]
            assert values and all(value >= 0 for row in values for value in row)


def test_the_load_of_the_hosts_is_a_series(console, path):
    def values(metric):
        series = console.get(f"tests/{TEST}/series", metric=metric, statistic="max")
        assert [column["name"] for column in series["columns"]] == ["v1"]
        return [point[1] for point in series["points"] if point[1] is not None]
    until(lambda: set(values("memory")) == {4096} and set(values("disk")) == {1000},
          lambda: f"a page was read: {values('memory')} {values('disk')} {console.program.tail()}", every=0.2)
    until(lambda: values("cpu"), "a second page was read", every=0.5)
    assert 5 < values("cpu")[0] < 20  # a second of CPU in ten seconds
    assert console.program.metric("umbra_console_host_pages_total", result="ok") >= 2


def test_the_system_s_programs_and_how_far_each_has_read_are_seen(console, path):
    def lags():
        return {(entry["program"], entry["topic"]): (entry["lag"], entry["why"]) for entry in console.get("system")["lags"]}

    def seen():
        return {(entry["program"], entry["role"]): entry for entry in console.get("system")["programs"]}
    topics = {("umbra-console", console.umbra.own_topic("aggregates")), ("umbra-splitter", path.umbra.topic("requests")),
              ("umbra-shadow", path.umbra.topic(f"shadow.{CANDIDATE}")),
              ("umbra-aggregator", console.umbra.own_topic("events"))}
    until(lambda: set(lags()) == topics and {why for _, why in lags().values()} == {None},
          lambda: f"the groups are known: {lags()}", every=0.5)
    until(lambda: [lags()[key][0] for key in sorted(topics)[1:]] == [0] * 3,
          lambda: f"all is read: {lags()}", every=0.5)
    roles = {"umbra-console": "this page", "umbra-splitter": f"endpoint {path.umbra.endpoint}",
             "umbra-shadow": f"variant {CANDIDATE} of {path.umbra.endpoint}", "umbra-aggregator": "all tests"}
    assert set(seen()) == set(roles.items())
    assert all(entry["instance"] and entry["last_seen"] for entry in seen().values())
    path.shadow.stop()
    last = seen()["umbra-shadow", roles["umbra-shadow"]]["last_seen"]
    path.produce(200)
    until(lambda: 0 < lags()["umbra-shadow", path.umbra.topic(f"shadow.{CANDIDATE}")][0] <= 200,
          lambda: f"copies wait: {lags()}", 90, every=0.5)  # groups are asked every 30 s
    until(lambda: seen()["umbra-splitter", roles["umbra-splitter"]]["last_seen"] > last, "others are seen on", every=0.5)
    assert seen()["umbra-shadow", roles["umbra-shadow"]]["last_seen"] <= last


def test_metrics_are_those_of_the_report(console):
    account, = console.get(f"tests/{TEST}/report")["accounting"]
    arm = {"endpoint": console.umbra.endpoint, "test": TEST, "variant": CANDIDATE, "role": "shadow"}

    def metric(name, **labels):
        return console.program.metric(name, **{**arm, **labels})
    until(lambda: metric("umbra_test_pending") == 0 and metric("umbra_test_sampled_total") == account["sampled"],
          "the metrics are of now", every=0.5)
    assert metric("umbra_test_paired_total") == account["paired"]
    assert metric("umbra_test_model_latency_seconds_count") == account["paired"]
    assert metric("umbra_test_sample_ratio_mismatch") == 0
    assert metric("umbra_test_invocations_total", test="", variant="v1", role="production") == 200


def test_after_kill_9_and_after_losing_its_file_it_says_the_same(console):
    def all_it_says():
        report = console.get(f"tests/{TEST}/report")
        del report["to"]
        return report
    before = all_it_says()
    console.program.kill()
    console.start()
    assert all_it_says() == before
    console.program.kill()
    for file in console.umbra.folder.glob("console.sqlite-*"):
        if file.name.endswith(("-wal", "-shm")):
            file.unlink()
    console.store.write_bytes(b"no database" * 1000)
    console.start()
    until(lambda: counted(console), "all is counted again", every=0.2)
    assert all_it_says() == before
    assert "made anew" in console.program.log()


def test_two_consoles_say_the_same(console):
    other = Console(console.umbra, "other.sqlite")
    until(lambda: counted(other), "the other has counted all", every=0.2)
    metrics = "invocations", "errors_5xx", "model_latency", "overhead_latency", "queue", "latency_difference", "agreement"
    paths = ["tests", f"tests/{TEST}", "endpoints", "history"]
    paths += [f"tests/{TEST}/{rest}" for rest in (
        "report", "accounting", "mismatches", "histogram?metric=model_latency",
        "histogram?metric=latency_difference&population=compared", *(f"series?metric={metric}" for metric in metrics))]

    def told(by):
        return {path: without_progress(json.loads(by.ask(f"/api/v1/{path}")[2])) for path in paths}
    one, two = told(console), told(other)
    assert one[f"tests/{TEST}/report"]["comparison"][0]["compared"] > 0
    for path in paths:
        assert one[path] == two[path], path


def without_progress(answer):
    """It grows with the time."""
    for found in [answer, *answer.get("tests", [])]:
        found.pop("progress", None)
    return answer


def test_of_a_running_test_that_has_nothing_new_an_answer_is_not_sent_again(console):
    """Also when the clock has gone on, by more than a window."""
    paths = [f"/api/v1/tests/{TEST}/{rest}" for rest in (
        "report", "accounting", "series?metric=model_latency", "histogram?metric=queue", "mismatches")]
    assert console.get(f"tests/{TEST}")["state"] == "running"

    tags = {path: console.ask(path)[1]["etag"] for path in paths}
    begin = time.time()
    until(lambda: time.time() > begin + 11, "the clock has gone on", every=0.5)
    assert {console.ask(path, {"If-None-Match": tag})[0] for path, tag in tags.items()} == {304}


def test_an_answer_that_is_known_is_not_sent_again_and_long_ones_are_zipped(console):
    text = f"/api/v1/tests/{TEST}/accounting?to=2030-01-01T00:00:00Z"
    status, headers, body = console.ask(text)
    assert status == 200 and headers["etag"]
    assert console.ask(text, {"If-None-Match": headers["etag"]})[0] == 304
    text = f"/api/v1/tests/{TEST}/series?metric=invocations&step=10s&last=2h&to=2030-01-01T00:00:00Z"
    status, headers, zipped = console.ask(text, {"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert len(json.loads(gzip.decompress(zipped))["points"]) == 720 and len(zipped) < 720 * 10


WRONG = [
    ("tests/none", 404), ("none", 404), ("tests?max_results=0", 400), ("tests?order=up", 400),
    ("tests?x=1", 400), ("tests?order=asc&order=desc", 400), ("tests?page_token=%00", 400),
    (f"tests/{TEST}/series", 400), (f"tests/{TEST}/series?metric=x", 400),
    (f"tests/{TEST}/series?metric=invocations&statistic=p99", 422),
    (f"tests/{TEST}/series?metric=queue&step=0s", 400),
    (f"tests/{TEST}/series?metric=queue&step=10s&from=1970-01-01T00:00:00Z", 422),
    (f"tests/{TEST}/series?metric=queue&from=2030-01-01T00:00:00Z&to=2029-01-01T00:00:00Z", 422),
    (f"tests/{TEST}/histogram?metric=cpu", 400), ("tests/../../../etc/passwd", 404),
    ("tests/%2e%2e%2f", 404), ("tests/%F0%28", 404), ("history?limit=-1", 400)]


def test_what_is_wrong_with_a_request_is_a_problem(console):
    for text, status in WRONG:
        got, headers, body = console.ask(f"/api/v1/{text}")
        assert got in (status, 400), (text, got, body)
        assert headers["content-type"].startswith("application/problem+json"), text
        check(json.loads(body), {"$ref": "#/components/schemas/Problem"}, text)
    assert console.program.is_running()


# What the description says


def description():
    return yaml.safe_load((ROOT / "consumers" / "console" / "openapi.yaml").read_text())


def check(value, schema, where=""):
    """JSON Schema, as much of it as the description uses."""
    if "oneOf" in schema:  # null or the other
        if value is None:
            return
        schema = schema["oneOf"][1]
    if "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    types = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None),
             "array": list, "object": dict}
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(isinstance(value, types[name]) for name in wanted), (where, value, wanted)
    assert value in schema.get("enum", [value]), (where, value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), (where, value)
    if isinstance(value, str) and schema.get("format") == "date-time":
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value), (where, value)
    for i, item in enumerate(value if isinstance(value, list) else []):
        check(item, schema["items"], f"{where}[{i}]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema["required"]) <= set(value), (where, set(schema["required"]) - set(value))
        assert set(value) <= set(schema["properties"]), (where, set(value) - set(schema["properties"]))
        for key, item in value.items():
            check(item, schema["properties"][key], f"{where}.{key}")


def test_every_answer_is_as_the_description_says(console):
    paths = description()["paths"]
    for text, operations in paths.items():
        if text in ("/changes", "/openapi.yaml"):
            continue
        operation = operations["get"]
        query = {p["name"]: p["schema"]["enum"][0] for p in operation["parameters"] if p["required"]
                 and p["in"] == "query"}
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        check(console.get(text[1:].replace("{name}", TEST), **query), schema, text)
    metric, = [p for p in paths["/tests/{name}/series"]["get"]["parameters"] if p["name"] == "metric"]
    for word in metric["schema"]["enum"]:
        check(console.get(f"tests/{TEST}/series", metric=word), {"$ref": "#/components/schemas/Series"}, word)
    status, headers, body = console.ask("/api/v1/tests/none")
    check(json.loads(body), {"$ref": "#/components/schemas/Problem"}, "problem")
    assert yaml.safe_load(console.ask("/api/v1/openapi.yaml")[2]) == description()
