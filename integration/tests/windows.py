"""Records of umbra.aggregates that tests write themselves, by the schema, without an aggregator."""
import witness
from control import one_endpoint, shadow_tests
from records import Record

WINDOW = 10_000_000
LONG_AGO = 1_700_000_000_000_000 // WINDOW * WINDOW  # in the test's time, after its start


def install(umbra, start="2023-01-01T00:00:00Z", end="2100-01-01T00:00:00Z"):
    """The endpoint with the test "t", which runs for long."""
    umbra.run("umbractl", "init")
    umbra.apply(one_endpoint(umbra) + shadow_tests(umbra.endpoint, "t", start=start, end=end))
    return umbra


def histogram(value, n):
    """n times a power of two: the last value of its bucket."""
    if not n:
        return None
    bucket = 32 * (value.bit_length() - 1) - 1
    return {"scale": 5, "zero_count": 0, "offset": bucket, "counts": [n], "negative_offset": 0,
            "negative_counts": [], "count": n, "sum": value * n, "min": value, "max": value}


def window(umbra, number=0, **fields):
    """A record of the shadow variant t-v2: 150 copies, 140 compared, 133 alike."""
    record = {
        "endpoint": umbra.endpoint, "test": "t", "variant": "t-v2", "role": "shadow",
        "window_start": LONG_AGO + number * WINDOW, "window_us": WINDOW, "partition": 0,
        "provisional": False, "invocations": 148, "outcomes": [{"name": "ok", "count": 140},
                                                               {"name": "timeout", "count": 8}],
        "sampled": 150, "paired": 148, "compared": 140, "match": 133, "mismatch": 7,
        "not_comparable": [{"name": "candidate_failed", "count": 8}],
        "losses": [{"name": "shed", "count": 2}], "pending": 0, "late": 0, "unsolicited": 0,
        "wrong_sampling_decisions": 0, "given_up_events": 0, "request_bytes": 0, "response_bytes": 0,
        "model_latency": histogram(4096, 148), "overhead_latency": None, "queue": None,
        "compared_model_latency": histogram(4096, 140),
        "compared_production_model_latency": histogram(2048, 140),
        "latency_difference": histogram(2048, 140), "number_difference": None, "confusion": [],
        "mismatches": [], "label_cells": [], "production_label_cells": [], "decided": [], "taken": [],
        **dict.fromkeys(("labelled", "label_correct", "production_label_correct", "scored", "log_loss",
                         "brier", "production_log_loss", "production_brier", "unwritten_windows"), 0)}
    return {**record, **fields}


def production(umbra, number=0):
    return window(umbra, number, test=None, variant=f"{umbra.endpoint}-v1", role="production",
                  invocations=1000, outcomes=[{"name": "ok", "count": 1000}], sampled=0, paired=0,
                  compared=0, match=0, mismatch=0, not_comparable=[], losses=[],
                  model_latency=histogram(2048, 1000), compared_model_latency=None,
                  compared_production_model_latency=None, latency_difference=None)


def write(umbra, *records):
    umbra.kafka.produce(umbra.own_topic("aggregates"), [
        Record(b"key-%d" % i, witness.encode("window_aggregate", record), [])
        for i, record in enumerate(records)])


def key(record):
    """As the aggregator's: one for each arm, window and partition."""
    return "/".join(str(record[name]) for name in (
        "endpoint", "test", "variant", "role", "window_start", "partition")).encode()


def write_keyed(umbra, *records):
    """(record, True) is taken back: a null value under its key."""
    umbra.kafka.produce(umbra.own_topic("aggregates"), [
        Record(key(record), None if is_gone else witness.encode("window_aggregate", record), [])
        for record, is_gone in records])
