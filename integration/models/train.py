#!/usr/bin/python3
"""Trains the demo's two churn models, which differ, and writes the rows that they never saw.

    train.py FOLDER

FOLDER gets churn-v1.json and churn-v2.json (XGBoost's own format), beside each a .features.json that
tells the model server how columns become numbers, and held-out.csv: 300 rows, label included, as 1 and 0. The
same input gives the same files. Takes a few seconds; needs Debian's python3-xgboost."""

import csv
import json
import pathlib
import random
import sys

import numpy
import xgboost

DATA = pathlib.Path(__file__).resolve().parent / "churn.csv"
LABEL, POSITIVE = "churn", "yes"
HELD_OUT = 300

# The old one is small, the new one is better: on the held-out rows they agree on 95.7 %.
MODELS = {
    "churn-v1": {"trees": 8, "max_depth": 2, "learning_rate": 0.3},
    "churn-v2": {"trees": 120, "max_depth": 5, "learning_rate": 0.1},
}


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def find_columns(rows):
    """The columns in order; one that is not numeric has its values, whose places are its numbers."""
    columns = []
    for name in rows[0]:
        if name == LABEL:
            continue
        values = sorted({row[name] for row in rows})
        numeric = all(is_number(value) for value in values)
        columns.append({"name": name} if numeric else {"name": name, "values": values})
    return columns


def encode(row, columns):
    return [
        column["values"].index(row[column["name"]]) if "values" in column else float(row[column["name"]])
        for column in columns
    ]


def matrix(rows, columns):
    data = numpy.array([encode(row, columns) for row in rows], dtype=numpy.float32)
    labels = numpy.array([row[LABEL] == POSITIVE for row in rows], dtype=numpy.float32)
    return xgboost.DMatrix(data, labels, nthread=1)


def train(training, trees, **options):
    parameters = {"objective": "binary:logistic", "tree_method": "exact", "nthread": 1, "seed": 1}
    return xgboost.train({**parameters, **options}, training, num_boost_round=trees)


def split(lines):
    """(training, held-out) line numbers, by a shuffle that is the same everywhere."""
    order = list(range(1, len(lines)))
    random.Random("umbra churn demo").shuffle(order)
    return sorted(order[HELD_OUT:]), sorted(order[:HELD_OUT])


def write_features(path, columns):
    features = {"label": LABEL, "columns": columns}
    path.write_text(json.dumps(features, indent=1) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: train.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    lines = DATA.read_text(encoding="utf-8").splitlines(keepends=True)
    rows = list(csv.DictReader(lines))
    columns = find_columns(rows)
    seen, held_out = split(lines)
    training = matrix([rows[n - 1] for n in seen], columns)
    unseen = matrix([rows[n - 1] for n in held_out], columns)
    truth = "".join(lines[n].replace('"yes"\n', "1\n").replace('"no"\n', "0\n") for n in held_out)
    (folder / "held-out.csv").write_text(lines[0] + truth, encoding="utf-8")
    answers = []
    for name, options in MODELS.items():
        booster = train(training, **options)
        booster.save_model(folder / f"{name}.json")
        write_features(folder / f"{name}.features.json", columns)
        answers.append(booster.predict(unseen) > 0.5)
        right = (answers[-1] == unseen.get_label()).mean()
        print(f"{name}: {options['trees']} trees, {right:.1%} of {len(held_out)} held-out rows right")
    print(f"they agree on {(answers[0] == answers[1]).mean():.1%}")


main()
