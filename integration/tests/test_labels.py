"""The truth: told by umbra-producer, joined to its requests, and both variants measured by it, on the
whole path, against what plain Python computes from what the models are known to answer."""
import collections
import json
import math

import pytest
import xxhash

import witness
from model_server import Answer
from path import QUICK, TEST, Path
from records import header
from waiting import until

N = 120


def n_of(request):
    return json.loads(request.body)["n"]


def churns(n):
    """The truth."""
    return n % 3 == 0


def says(rule):
    return lambda request: Answer(body=json.dumps({"p": rule(n_of(request))}).encode())


# Probabilities. Production is sure and sometimes wrong, the candidate is unsure and seldom wrong.
RULES = (lambda n: 1.0 if churns(n) != (n % 5 == 0) else 0.0,
         lambda n: round((0.9 if churns(n) != (n % 20 == 0) else 0.1) + n / 2000, 4))
# Of three classes production knows two only.
COLOURS = ("blue", "green", "red")
COLOUR_RULES = (lambda n: COLOURS[n % 2], lambda n: COLOURS[n % 3 if n % 7 else 0])


def rows(truth):
    return "".join(json.dumps({"n": n, "truth": truth(n)}) + "\n" for n in range(N))


@pytest.fixture
def measured(umbra, new_model):
    """The path with both models by their rules, running; told rows, it gives the report's quality."""
    def run(rules, text, *arguments, **comparison):
        path = Path(umbra, *(new_model(says(rule)) for rule in rules))
        path.define(tests={TEST: {"compare": {"kind": "label", "label": "/p", **comparison}}}).start()
        umbra.start("umbra-aggregator", *QUICK).wait_ready()
        umbra.run("umbra-producer", *(arguments or path.producer_arguments("--label", "truth")),
                  input=text, seconds=180)
        return path, until(lambda: quality(umbra), "all labels are joined", 90, every=0.5)
    return run


def quality(umbra):
    found = json.loads(umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "0").stdout)
    return next((one for one in found["quality"] if one["labelled"] == N), None)


def expected(truth, predicted):
    """(accuracy, precision, recall, F1) of {n: class}; of two classes the last by name is the positive
    one, of more it is their plain mean."""
    classes = sorted({truth(n) for n in predicted} | set(predicted.values()))
    each = [one_class(truth, predicted, name) for name in (classes[1:] if len(classes) == 2 else classes)]
    accuracy = sum(truth(n) == said for n, said in predicted.items()) / len(predicted)
    return (accuracy, *(sum(values) / len(each) for values in zip(*each)))


def one_class(truth, predicted, name):
    hits = sum(said == name == truth(n) for n, said in predicted.items())
    said = sum(said == name for said in predicted.values())
    true = sum(truth(n) == name for n in predicted)
    return (hits / said if said else 0, hits / true if true else 0,
            2 * hits / (said + true) if said + true else 0)


def confusion(truth, predicted):
    return collections.Counter((truth(n), said) for n, said in predicted.items())


def assert_quality(side, truth, predicted):
    found = tuple(side[name] for name in ("accuracy", "precision", "recall", "f1"))
    assert found == pytest.approx(expected(truth, predicted))
    assert {(cell["truth"], cell["predicted"]): cell["count"] for cell in side["confusion"]} == dict(
        confusion(truth, predicted))


def log_loss(probability):
    right = [probability(n) if churns(n) else 1 - probability(n) for n in range(N)]
    return sum(-math.log(min(max(p, 1e-15), 1 - 1e-15)) for p in right) / N


def brier(probability):
    return sum((probability(n) - churns(n)) ** 2 for n in range(N)) / N


def test_probabilities_are_measured_against_the_truth_on_the_same_requests(umbra, measured):
    path, found = measured(RULES, rows(lambda n: int(churns(n))), threshold=0.5)
    assert (found["variant"], found["role"], found["scored"]) == (f"shadow-{TEST}", "shadow", N)
    for side, rule in zip(("production", "own"), RULES):
        assert_quality(found[side], lambda n: str(int(churns(n))),
                       {n: str(int(rule(n) >= 0.5)) for n in range(N)})
        assert found[side]["log_loss"] == pytest.approx(log_loss(rule), abs=1e-6)
        assert found[side]["brier"] == pytest.approx(brier(rule), abs=1e-6)
    table = umbra.run("umbractl", "report", TEST).stdout
    assert all(word in table for word in ("accuracy", "precision", "recall", "F1", "log-loss", "Brier"))
    for model in (path.model, path.shadow_model):
        assert all("truth" not in json.loads(request.body) for request in model.requests)


def test_of_several_classes_each_counts_alike_and_nothing_is_scored(measured):
    def truth(n):
        return COLOURS[n % 3]
    _, found = measured(COLOUR_RULES, rows(truth))
    assert found["scored"] == 0
    for side, rule in zip(("production", "own"), COLOUR_RULES):
        assert_quality(found[side], truth, {n: rule(n) for n in range(N)})
        assert found[side]["log_loss"] is None and found[side]["brier"] is None


def test_the_truth_lies_beside_its_request_whoever_counts_the_partitions(umbra, measured):
    """--topic and --events-partitions: for who may not read the control log. The column stays here."""
    umbra.run("umbractl", "init", "--event-partitions", 3)
    path, found = measured(
        RULES, rows(lambda n: int(churns(n))), "--topic", umbra.topic("requests"), "--format", "jsonl",
        "--label", "truth", "--keep-label", "--events-partitions", 3, "--run", "told", threshold=0.5)
    assert found["labelled"] == N
    assert all("truth" in json.loads(request.body) for request in path.model.requests)
    told = [record for record in witness.read(umbra.kafka.brokers, umbra.own_topic("events"))
            if witness.decode(record.value)[0] == "label_event"]
    ids = [witness.decode(record.value)[1]["request_id"] for record in told]
    assert sorted(ids) == sorted(header(r, "x-request-id") for r in
                                 umbra.kafka.read(umbra.topic("requests")))
    assert [xxhash.xxh3_64_intdigest(i) % 3 for i in ids] == [record.partition for record in told]
    assert {record.partition for record in told} == {0, 1, 2}
