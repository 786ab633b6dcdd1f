"""umbractl diff, and what the report says of answers that differ: on the whole path, against what the
models are known to answer."""
import collections
import json

import pytest

from aggregates import latest
from console_client import Console
from model_server import Answer
from path import QUICK, TEST, Path
from records import header
from waiting import until

N = 300


def n_of(request):
    return json.loads(request.body)["n"]


def answer(**members):
    return Answer(body=json.dumps(members).encode())


def production(request):
    n = n_of(request)
    return answer(n=n, label="yes" if n % 3 else "no", token="hidden-of-production")


def candidate(request):
    """Wrong on every fifth."""
    n = n_of(request)
    return answer(n=n, label="yes" if (n % 3 != 0) != (n % 5 == 0) else "no", token="hidden-too")


@pytest.fixture
def compared(umbra, new_model):
    def run(models, **comparison):
        path = Path(umbra, *map(new_model, models))
        path.define(tests={TEST: {"sampling": 100.0, "compare": comparison}}).start()
        umbra.start("umbra-aggregator", *QUICK, "--horizon", "20s").wait_ready()
        path.produce(N)
        path.wait_account(lambda account: account.pending == 0)
        until(lambda: sum(record["compared"] for record in latest(umbra).values()) == N,
              "all are compared")
        return path
    return run


def diff(umbra, *arguments):
    return json.loads(umbra.run("umbractl", "diff", TEST, "-o", "json", *arguments).stdout)


def comparison(umbra):
    [found] = json.loads(umbra.run("umbractl", "report", TEST, "-o", "json").stdout)["comparison"]
    return found


def test_examples_are_true_mismatches_with_their_place_and_without_secrets(umbra, compared):
    compared((production, candidate), kind="label", label="/label", mask=["/token"])
    requests = {(r.partition, r.offset): r for r in umbra.kafka.read(umbra.topic("requests"))}
    examples = diff(umbra, "--limit", "1000")
    assert 10 <= len(examples) <= N // 5
    for example in examples:
        request = requests[example["source"]["partition"], example["source"]["offset"]]
        n = n_of(collections.namedtuple("R", "body")(request.value))
        assert n % 5 == 0
        assert header(request, "x-request-id") == example["request_id"]
        sides = [json.loads(example[side]) for side in ("production", "candidate")]
        assert [side["n"] for side in sides] == [n, n]
        assert [side["token"] for side in sides] == ["***", "***"]
        assert example["kind"] == f"label {sides[0]['label']} > {sides[1]['label']}"
    assert len({example["request_id"] for example in examples}) == len(examples)
    assert b"hidden" not in b"".join(
        record.value or b"" for record in umbra.kafka.read(umbra.own_topic("aggregates")))
    one_kind = diff(umbra, "--kind", "label no > yes")
    assert one_kind and {example["kind"] for example in one_kind} == {"label no > yes"}


def test_differing_parts_are_marked_for_people(umbra, compared):
    compared((production, candidate), kind="label", label="/label")
    lines = umbra.run("umbractl", "diff", TEST, "--limit", "1").stdout.splitlines()
    shown = lines[1].split(None, 1)[1]
    label = json.loads(shown)["label"]
    marks = lines[2]
    begin = lines[1].index(label, lines[1].index('"label"') + 7)
    assert marks[begin:begin + len(label)] == "^" * len(label)
    assert "hidden-of-production" in shown  # nobody said that it is a secret
    assert len(lines) == 6
    assert "No example" in umbra.run("umbractl", "diff", TEST, "--kind", "none").stdout


def test_the_confusion_matrix_counts_every_pair(umbra, compared):
    compared((production, candidate), kind="label", label="/label")
    expected = collections.Counter(
        ("yes" if n % 3 else "no", "yes" if (n % 3 != 0) != (n % 5 == 0) else "no") for n in range(N))
    found = comparison(umbra)
    assert {(cell["production"], cell["candidate"]): cell["count"]
            for cell in found["confusion"]} == expected
    assert found["mismatch"] == N // 5
    table = umbra.run("umbractl", "report", TEST).stdout
    assert f"{expected['no', 'yes']}  production no, shadow-{TEST} yes" in table


def test_a_shift_of_numbers_shows_before_answers_differ(umbra, compared):
    compared((lambda request: Answer(body=b"0.5"),
              lambda request: Answer(body=b"0.52" if n_of(request) % 4 else b"0.46")),
             kind="json", absolute=0.1)
    found = comparison(umbra)
    assert (found["match"], found["confusion"]) == (N, [])
    shift = found["number_difference"]
    assert shift["count"] == N
    assert shift["mean"] == pytest.approx(0.75 * 0.02 - 0.25 * 0.04)
    assert (shift["min"], shift["max"]) == (pytest.approx(-0.04), pytest.approx(0.02))
    assert shift["p50"] == pytest.approx(0.02, rel=0.011)
    assert "answers differ by" in umbra.run("umbractl", "report", TEST).stdout
    assert diff(umbra) == []


def test_the_console_shows_examples_that_diff_shows(umbra, compared):
    compared((production, candidate), kind="label", label="/label", mask=["/token"])
    console = Console(umbra)
    path = f"tests/{TEST}/mismatches"
    listed = {example["request_id"]: example for example in diff(umbra, "--limit", "1000")}
    until(lambda: len(console.get(path)["examples"]) >= 10, "the console has read them")
    answer = console.get(path, limit=1000)
    assert sum(answer["kinds"].values()) == len(answer["examples"])
    both = [example for example in answer["examples"] if example["request_id"] in listed]
    assert len(both) >= 10  # of open windows the console shows each partition's
    for example in both:
        told = listed[example["request_id"]]
        assert {key: example[key] for key in ("kind", "source", "variant", "role", "production", "candidate")} \
            == {key: told[key] for key in ("kind", "source", "variant", "role", "production", "candidate")}
        assert (example["time"], example["truncated"]) == (told["window"], False)
    one_kind = console.get(path, kind="label no > yes")["examples"]
    assert one_kind and {example["kind"] for example in one_kind} == {"label no > yes"}
