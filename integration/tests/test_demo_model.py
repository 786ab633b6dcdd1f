"""The demo's models: trained alike everywhere, served as Python predicts, and bad on demand."""
import csv
import http.client
import json
import pathlib
import subprocess
import time

import numpy
import pytest
import xgboost

from program import ROOT, Program
from waiting import until

TRAIN = ROOT / "integration" / "models" / "train.py"


def train(folder):
    subprocess.run([TRAIN, folder], check=True, timeout=60)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(tmp_path_factory.mktemp("models"))


class Served:
    """A running umbra-demo-model and one connection to it."""

    def __init__(self, log_path, model, *options):
        self.program = Program(
            ["umbra-demo-model", "--model", model, "--port", 0, *options], log_path)
        until(lambda: "\n" in self.program.output() or not self.program.is_running(),
              self.program.tail)
        self.port = int(self.program.output().rsplit(":", 1)[1])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.getheader("content-type"), answer.read()

    def invoke(self, body, content_type="application/json", **headers):
        return self.ask("POST", "/invocations", body, content_type=content_type, **headers)

    def turn(self, **knobs):
        status, _, body = self.ask("POST", "/knobs", json.dumps(knobs))
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def serve(trained, tmp_path):
    made = []

    def start(*options, model="churn-v2"):
        made.append(Served(tmp_path / f"model-{len(made)}.log", trained / f"{model}.json", *options))
        return made[-1]

    yield start
    for served in made:
        served.program.stop()


def rows(trained):
    with open(trained / "held-out.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def without_label(row):
    return {name: value for name, value in row.items() if name != "churn"}


def predict(trained, model):
    """Python's own probabilities for the held-out rows."""
    features = json.loads((trained / f"{model}.features.json").read_text())["columns"]
    data = [[column["values"].index(row[column["name"]]) if "values" in column
             else float(row[column["name"]]) for column in features] for row in rows(trained)]
    booster = xgboost.Booster(model_file=str(trained / f"{model}.json"))
    return booster.predict(xgboost.DMatrix(numpy.array(data, dtype=numpy.float32)))


def test_training_twice_gives_the_same_files(trained, tmp_path):
    again = train(tmp_path)
    names = sorted(path.name for path in trained.iterdir())
    assert names == ["churn-v1.features.json", "churn-v1.json", "churn-v2.features.json",
                     "churn-v2.json", "held-out.csv"]
    for name in names:
        assert (trained / name).read_bytes() == (again / name).read_bytes(), name


def test_held_out_are_300_rows_of_the_data(trained):
    lines = (trained / "held-out.csv").read_text().splitlines()
    data = (pathlib.Path(TRAIN).parent / "churn.csv").read_text().splitlines()
    truth = {"yes": "1", "no": "0"}
    as_numbers = {f'{row}{truth[label]}' for row, label in
                  (line.rstrip('"').rsplit('"', 1) for line in data[1:])}
    assert len(lines) == 301 and lines[0] == data[0] and set(lines[1:]) <= as_numbers


@pytest.mark.parametrize("model", ["churn-v1", "churn-v2"])
def test_the_server_predicts_as_python_does(serve, trained, model):
    served = serve(model=model)
    for row, expected in zip(rows(trained), predict(trained, model)):
        status, content_type, body = served.invoke(json.dumps(without_label(row)))
        answer = json.loads(body)
        assert (status, content_type) == (200, "application/json")
        assert answer["probability"] == pytest.approx(float(expected), abs=2e-6)
        assert answer["churn"] == bool(expected > 0.5)


def test_the_two_models_differ_on_some_rows_and_agree_on_most(trained):
    old, new = (predict(trained, model) > 0.5 for model in ("churn-v1", "churn-v2"))
    assert 0.9 < (old == new).mean() < 1


def test_a_csv_row_is_answered_as_csv_unless_json_is_asked_for(serve, trained):
    served = serve()
    row = ",".join(without_label(rows(trained)[0]).values())
    status, content_type, body = served.invoke(row, "text/csv")
    assert (status, content_type) == (200, "text/csv")
    label, probability = body.decode().strip().split(",")
    status, content_type, body = served.invoke(row, "text/csv; charset=utf-8", accept="application/json")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(body) == {"churn": label == "true", "probability": float(probability)}


@pytest.mark.parametrize("body,content_type,status,message", [
    (b"", "application/json", 400, "not JSON"),
    (b"[1]", "application/json", 400, "not one JSON object"),
    (b'{"state": "KS"}', "application/json", 400, "column account_length is missing"),
    (b'{"state": "??"}', "application/json", 400, "column state"),
    (b"KS,1", "text/csv", 400, "column area_code is missing"),
    (b"KS,many", "text/csv", 400, "column account_length"),
    (b"<x/>", "text/xml", 415, "content-type"),
    (b" " * 70000, "application/json", 413, "65536"),
])
def test_what_it_cannot_take_is_said(serve, body, content_type, status, message):
    got, answer_type, answer = serve().invoke(body, content_type)
    assert (got, answer_type) == (status, "application/json")
    assert message in json.loads(answer)["error"]


@pytest.mark.parametrize("method,path,status", [
    ("GET", "/ping", 200), ("POST", "/ping", 405), ("GET", "/invocations", 405),
    ("GET", "/elsewhere", 404), ("DELETE", "/knobs", 405), ("GET", "/metrics", 200)])
def test_each_path_has_its_methods(serve, method, path, status):
    assert serve().ask(method, path)[0] == status


def test_knobs_turn_while_it_runs(serve, trained):
    served = serve("--latency", 30)
    body = json.dumps(without_label(rows(trained)[0]))
    begin = time.monotonic()
    assert served.invoke(body)[0] == 200
    assert time.monotonic() - begin >= 0.03
    assert served.turn(latency_ms=0, error_rate=1)["latency_ms"] == 0
    assert served.invoke(body)[0] == 500
    served.turn(error_rate=0.5, garbage_rate=0)
    statuses = [served.invoke(body)[0] for _ in range(200)]
    assert 50 < statuses.count(500) < 150
    served.turn(error_rate=0, garbage_rate=1)
    with pytest.raises(ValueError):
        json.loads(served.invoke(body)[2])
    served.turn(garbage_rate=0, hang_rate=1)
    served.connection.timeout = 0.3
    served.connection.close()
    with pytest.raises(TimeoutError):
        served.invoke(body)
    served.connection.close()
    assert b'umbra_demo_model_requests_total{status="0"} 1' in served.ask("GET", "/metrics")[2]


def test_the_load_of_its_host_is_on_its_page(serve):
    lines = serve().ask("GET", "/metrics")[2].decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "umbra_demo_model_disk_used_bytes"):
        assert float(figures[name]) > 0, name


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error_rate": 2}', b'{"latency_ms": "5"}', b'{"speed": 1}'])
def test_a_wrong_knob_changes_nothing(serve, body):
    served = serve("--jitter", 1)
    before = served.ask("GET", "/knobs")
    assert served.ask("POST", "/knobs", body)[0] == 400
    assert served.ask("GET", "/knobs") == before


@pytest.fixture
def refused(tmp_path):
    """Runs it with options with which it cannot start; returns what it says."""
    made = []

    def run(*options, status):
        made.append(Program(["umbra-demo-model", *options], tmp_path / f"refused-{len(made)}.log"))
        made[-1].wait_exit(expect=status, seconds=10)
        return made[-1].log()

    yield run
    for program in made:
        program.kill()


@pytest.mark.parametrize("options,message", [
    ([], "--model FILE is missing"),
    (["--model", "m.json", "--port", "x"], "--port"),
    (["--model", "m.json", "--error-rate", "3"], "error_rate must be between 0 and 1"),
    (["--model", "m.json", "--latency", "x"], "a knob's value is a number"),
    (["--model", "m.json", "--seed", "-1"], "--seed"),
    (["--model", "m.json", "word"], "only options"),
    (["--colour"], "unrecognized option"),
])
def test_wrong_options_are_refused(refused, options, message):
    assert message in refused(*options, status=2)


def test_what_is_not_a_model_with_features_is_refused(refused, trained, tmp_path):
    bad, narrow = tmp_path / "bad.json", tmp_path / "narrow.json"
    columns = json.dumps({"label": "churn", "columns": [{"name": "a"}]})
    bad.write_text("{}")
    narrow.write_bytes((trained / "churn-v1.json").read_bytes())
    (tmp_path / "narrow.features.json").write_text(columns)
    assert "bad.features.json" in refused("--model", bad, status=1)
    assert "19 features, not 1" in refused("--model", narrow, status=1)
    (tmp_path / "bad.features.json").write_text(columns)
    assert "bad.json" in refused("--model", bad, status=1)


def test_an_address_that_cannot_be_had_is_said(refused, serve, trained):
    model = trained / "churn-v1.json"
    port = serve().port
    assert "not an IPv4 address" in refused("--model", model, "--host", "nowhere", status=1)
    assert "cannot listen on" in refused("--model", model, "--port", port, status=1)
