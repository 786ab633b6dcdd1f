"""Our aggregation against integration/reference.py, field by field, over 100,000 random events:
duplicates, disorder, losses, redeliveries hours later, several tests, epochs, roles, variants, labels,
ticks, gaps; and once more with a reader that crashes all the time."""
import json
import random
import struct
import subprocess
import uuid

import pytest

import witness
from program import binary
from reference import Reference, compare_exact, compare_json, compare_label

EVENTS = 100_000
HORIZON = 60_000_000
MEMORY = 400_000_000_000  # longer than the log
SECOND = 1_000_000
START = 1_790_000_000 * SECOND

TESTS = {  # name: [(generation, k, comparison, definition)]
    "a": [(3, 500_000, compare_exact, {"kind": "exact"}),
          (6, 250_000, compare_exact, {"kind": "exact"})],
    "b": [(4, 1_000_000, compare_json(0.5), {"kind": "json", "absolute": 0.5}),
          (5, 1_000_000, compare_json(0), {"kind": "json"})],
    "c": [(7, 300_000, compare_label(), {"kind": "label", "label": "", "mask": ["/p"]})],
    "d": [(8, 600_000, compare_label(0.5), {"kind": "label", "label": "", "threshold": 0.5})]}
BASELINES = {("a", 6): 300_000}  # the others have none
VARIANTS = {"a": {"a2": None, "a3": None}, "b": {"b2": "/q"}, "c": {"c2": "/q"}, "d": {"d2": "/q"}}
LABELS = ("0", "0", "0", "1", "1", "1", "1.0", "0e0", "yes", "", "\x01", "x" * 101, "é" * 50)


def definition(test, generation):
    found = [version for version in TESTS.get(test, []) if version[0] <= generation]
    if not found:
        return None
    at, k, compare, spec = found[-1]
    return {"k": k, "baseline": BASELINES.get((test, at), 0), "created": TESTS[test][0][0],
            "variants": VARIANTS[test], "compare": compare,
            "mask": {pointer[1:] for pointer in spec.get("mask", [])}}


def production_path(_endpoint, _variant, _generation):
    return "/p"


def control_records():
    def record(generation, kind, name, value):
        return witness.encode("control_record", {
            "generation": generation, "write_id": str(uuid.UUID(int=generation)), "author": "a@b",
            "time": 1, "reason": "", "changes": [{"kind": kind, "action": "PUT", "name": name,
                                                  "definition": json.dumps(value)}]})
    yield record(1, "INSTALLATION", "installation", {"event_partitions": 1})
    yield record(2, "ENDPOINT", "e", {
        "name": "e", "epoch": 1, "start": [0], "topics": {
            "requests": "e.requests", "responses": "e.responses", "dead_letter": "e.dead-letter"},
        "variants": [{"name": "v1", "url": "http://a/", "answer_path": "/p"}]})
    versions = sorted((g, name, k, spec) for name, all_ in TESTS.items() for g, k, _, spec in all_)
    for generation, name, k, spec in versions:
        yield record(generation, "TEST", name, {
            "name": name, "endpoint": "e", "sampling": k,
            **({"baseline": BASELINES[name, generation]} if (name, generation) in BASELINES else {}),
            "start_us": 1, "end_us": 4 * 10**15, "compare": spec,
            "variants": [{"name": v, "url": "http://b/", **({"answer_path": p} if p else {})}
                         for v, p in VARIANTS[name].items()]})


class Log:
    """A random log. Sources' committed offsets tell the truth: below them nothing comes first."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.time = START
        self.records = []  # (time, kind, fields)
        self.requests = []  # production events that were written
        self.offsets = {}
        while len(self.records) < EVENTS:
            self.step()
        self.records.append((self.time + 10**6 * SECOND, "tick", {"instance": "i", "time": 0}))

    def append(self, kind, fields):
        pause = self.random.choice((0, 0, 0, 1000, 20_000, 200_000))
        self.time += pause if self.random.random() > 1e-3 else self.random.randrange(200) * SECOND
        fallback = self.random.randrange(3000) * 1000 if self.random.random() < 0.01 else 0
        self.records.append((self.time - fallback, kind, fields))

    def step(self):
        dice = self.random.random()
        if dice < 0.42:
            self.new_request()
        elif dice < 0.44 and self.requests:  # soon, or hours later
            self.append("event", self.random.choice((self.requests, self.requests[-50:]))[
                self.random.randrange(min(50, len(self.requests)))])
        elif dice < 0.445:
            self.append("tick", {"instance": "i", "time": 0})
        elif dice < 0.6:
            self.some_label()
        elif dice < 0.605:
            self.append("gap", {
                "instance": "i", "program": "p", "endpoint": "e", "source_topic": "t",
                "test": self.random.choice((None, "a")), "events": self.random.randrange(9),
                "from": 1, "to": 2, "reason": ""})
        else:
            self.some_copy()

    def new_request(self):
        place = self.random.choice(((1, 0), (1, 1), (2, 0)))
        offset = self.offsets[place] = self.offsets.get(place, 0) + 1
        event = self.event("v1", "production", None, place, offset)
        self.decide(event)
        event["done_below"] = max(-1, offset - 30) if self.random.random() < 0.8 else -1
        copies = [self.copy_of(event, named) for named in event["sampled_for"]
                  if self.random.random() < 0.9]
        early = self.random.random() < 0.2
        if early:
            for copy in copies:
                self.append("event", copy)
        self.append("event", event)
        self.requests.append(event)
        if not early and self.random.random() < 0.7:
            for copy in copies:
                self.append("event", copy)

    def decide(self, event):
        taken = []
        for test in TESTS:
            defined = definition(test, event["generation"])
            if not defined:
                continue
            number = witness.sampling_hash(
                event["request_id"], witness.sampling_seed(test, defined["created"]))
            if self.random.random() < 0.01:
                number ^= 1
            event["sampling_hashes"].append(
                {"test": test, "hash": number - 2**64 if number >= 2**63 else number})
            if witness.sampling_takes(number, defined["k"]) != (self.random.random() < 0.01):
                taken += [{"test": test, "role": "shadow", "variant": v} for v in VARIANTS[test]]
            share = defined["k"] * defined["baseline"] * 2**64 // 10**12
            if (number < share) != (self.random.random() < 0.01):
                taken.append({"test": test, "role": "baseline", "variant": "v1"})
        if self.random.random() < 0.01:
            taken.append({"test": "a", "role": "baseline", "variant": "v9"})
        event["sampled_for"] = taken

    def some_copy(self):
        """Of any request: late, again, against what was said before, or announced by nobody."""
        if not self.requests:
            return
        recent = self.random.random() < 0.9
        event = self.requests[-1 - self.random.randrange(min(300, len(self.requests)))] if recent \
            else self.random.choice(self.requests)
        named = self.random.choice(event["sampled_for"] or [
            {"test": "b", "role": "shadow", "variant": "b2"}])
        if named["role"] == "baseline":
            return
        copy = self.copy_of(event, named)
        if self.random.random() < 0.01:
            copy["source_offset"] += 10**6
        self.append("event", copy)

    def some_label(self):
        """Of a request of these minutes, still to come, old or unknown; often more than one."""
        dice = self.random.random()
        place = self.random.choice(list(self.offsets or {(1, 0): 0}))
        last = self.offsets.get(place, 0)
        offset = last + 1 + self.random.randrange(20) if dice < 0.4 else (
            self.random.randrange(last + 1) if dice < 0.5 else max(1, last - self.random.randrange(200)))
        self.append("label", {
            "request_id": self.request_id(place, offset) if dice < 0.97 else "",
            "endpoint": self.random.choice((None, "e", "e", "f")), "time": 1,
            "label": self.random.choice(LABELS)})

    @staticmethod
    def request_id(place, offset):
        return f"r-{place[0]}-{place[1]}-{offset}"

    def copy_of(self, event, named):
        place = event["epoch"], event["source_partition"]
        copy = self.event(named["variant"], named["role"], named["test"], place,
                          event["source_offset"])
        copy["generation"] = event["generation"]
        if self.random.random() < 0.1:
            copy.update(outcome=self.random.choice(("not_delivered", "shed", "cancelled")),
                        model_latency_us=-1, overhead_latency_us=-1, queue_us=-1, response_bytes=0,
                        response_body=None, response_digest=None, attempts=0)
        return copy

    def event(self, variant, role, test, place, offset):
        r = self.random
        outcome = "ok" if r.random() < 0.9 else r.choice(("timeout", "server_error", "client_error"))
        body = r.choice((b'{"p": %d}', b'{"q": %d}')) % r.randrange(2) if r.random() < 0.2 else (
            b'{"p": 1}' if role == "production" else b'{"q": 1}')
        if test == "a":
            body = b'{"p": 1}' if r.random() < 0.9 else b'{"p": 1.0}'
        if test == "d":
            body = b'{"%s": %s}' % (b"q" if role == "shadow" else b"p", r.choice(
                (b"0", b"1", b"0.25", b"0.5", b"0.99", b"1e-20", b"1.5", b"-0.5")))
        if r.random() < 0.01:
            body = b"not JSON"
        if outcome != "ok":
            body = None
        return {
            "request_id": self.request_id(place, offset), "endpoint": "e", "epoch": place[0],
            "test": test, "variant": variant, "role": role, "generation": r.choice((3, 4, 5, 6, 7, 8)),
            "source_topic": "t", "source_partition": place[1], "source_offset": offset,
            "done_below": -1, "request_time": 1, "outcome": outcome,
            "reason": "", "status_code": 200 if body else 0, "attempts": 1,
            "model_latency_us": int(r.lognormvariate(8, 2)) - (r.random() < 0.01),
            "overhead_latency_us": r.randrange(300), "queue_us": r.randrange(3),
            "request_bytes": r.randrange(1000), "response_bytes": len(body or b""),
            "response_content_type": "application/json" if body else "", "response_body": body,
            "response_digest": witness.digest(body) if body else None, "sampling_hashes": [],
            "sampled_for": [], "instance": "i"}


def run_ours(log, crash_every=0):
    """{key: value} of the final records; a key that is written twice must have one value."""
    pieces = []
    for record in control_records():
        pieces += [b"c", struct.pack("<qI", 1, len(record)), record]
    names = {"event": "invocation_event", "gap": "event_gap", "tick": "event_tick",
             "label": "label_event"}
    for time, kind, fields in log.records:
        value = log.encoded.setdefault(id(fields), witness.encode(names[kind], fields))
        pieces += [b"e", struct.pack("<qI", time, len(value)), value]
    done = subprocess.run([binary("umbra-replay-events"), str(HORIZON), str(MEMORY),
                           str(crash_every)], input=b"".join(pieces), stdout=subprocess.PIPE,
                          check=True, timeout=300)
    return unpack(done.stdout)


def unpack(data):
    at, parts = 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        parts.append(data[at + 4:at + 4 + size])
        at += 4 + size
    found = {}
    for key, value in zip(parts[::2], parts[1::2]):
        assert found.setdefault(key, value) == value, key
    return found


@pytest.fixture(scope="module")
def log():
    made = Log(20261123)
    made.encoded = {}
    return made


@pytest.fixture(scope="module")
def ours(log):
    return run_ours(log)


def test_the_aggregation_is_the_references_field_by_field(log, ours):
    expected = Reference(HORIZON, definition, production_path).aggregate(log.records)
    found = {}
    for value in ours.values():
        _, fields = witness.decode(value)
        arm = fields["endpoint"], fields["test"], fields["variant"], fields["role"]
        found[arm, fields["window_start"]] = fields
    used = {key: fields for key, fields in expected.items() if key in found or any(fields.values())}
    assert found.keys() == used.keys()
    for key, fields in used.items():
        for name, value in fields.items():
            assert found[key][name] == value, (key, name)
        rest = {name: found[key][name] for name in found[key].keys() - fields.keys()}
        assert rest == {"endpoint": key[0][0], "test": key[0][1], "variant": key[0][2],
                        "role": key[0][3], "window_start": key[1], "window_us": 10 * SECOND,
                        "partition": 0, "provisional": False}


def test_the_log_holds_what_it_is_to_hold(ours):
    sums = dict.fromkeys(("late", "unsolicited", "wrong_sampling_decisions", "given_up_events",
                          "match", "mismatch", "paired", "labelled", "label_correct",
                          "production_label_correct", "scored", "log_loss", "production_brier"), 0)
    words, cells, truths, kinds, examples = set(), set(), set(), set(), []
    for value in ours.values():
        _, fields = witness.decode(value)
        for name in sums:
            sums[name] += fields[name]
        words |= {item["name"] for group in ("losses", "not_comparable") for item in fields[group]}
        cells |= {item["name"] for item in fields["confusion"]}
        kinds |= {example["kind"] for example in fields["mismatches"]}
        examples.append(len(fields["mismatches"]))
        truths |= {tuple(item["name"].split("\t")) for item in fields["label_cells"]}
    assert truths == {(truth, label) for truth in ("0", "1", "yes", "é" * 50) for label in "01"}
    assert cells == {"0\t0", "0\t1", "1\t0", "1\t1"}
    assert kinds == {"answer", "number", "label 0 > 1", "label 1 > 0"}
    assert max(examples) == 10
    assert all(n > 50 for n in sums.values()), sums
    assert words >= {"unanswered", "shed", "cancelled", "not_delivered", "both_failed", "no_answer",
                     "not_parseable", "production_failed", "candidate_failed"}


def test_a_reader_that_crashes_all_the_time_writes_the_same_bytes(log, ours):
    assert run_ours(log, crash_every=3000) == ours
