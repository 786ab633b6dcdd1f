"""The same work by Benthos, for integration/bench --benthos: requests from Kafka, each to the model, the
answer and an event to Kafka, a copy of one request in ten to a shadow topic."""
import json
import uuid

from measure import middle, ratio, started, watch

THREADS = 64
SECONDS = 300  # for all the requests


def output(rig, topic, **more):
    return {"kafka_franz": {"seed_brokers": [rig.kafka.brokers], "topic": topic,
                            "key": '${! meta("kafka_key") }', "max_in_flight": 64,
                            "batching": {"count": 1000, "period": "5ms"}}, **more}


def config(rig, name, percent=10):
    copy = output(rig, f"{name}.shadow", processors=[{"mapping": 'root = meta("request")'}])
    event = output(rig, f"{name}.events", processors=[{"mapping": (
        'root = {"request_id": meta("x-request-id"), "topic": meta("kafka_topic"), "offset": meta("kafka_offset"), '
        '"status": meta("http_status_code"), "is_copied": meta("is_copied"), "time": timestamp_unix_micro()}')}])
    return {
        "http": {"enabled": False},
        "input": {"kafka_franz": {"seed_brokers": [rig.kafka.brokers], "topics": ["bench.requests"],
                                  "consumer_group": name, "start_from_oldest": True}},
        "pipeline": {"threads": THREADS, "processors": [
            {"mapping": 'meta request = content().string()\n'
                        f'meta is_copied = if random_int(min: 0, max: 99) < {percent} {{ "yes" }} else {{ "no" }}'},
            {"http": {"url": rig.url, "verb": "POST", "headers": {"Content-Type": "application/json"}}}]},
        "output": {"broker": {"pattern": "fan_out", "outputs": [
            output(rig, f"{name}.answers"), event,
            {"switch": {"cases": [{"check": 'meta("is_copied") == "yes"', "output": copy},
                                  {"output": {"drop": {}}}]}}]}},
        "logger": {"level": "ERROR"}}


def benthos(rig, program):
    name = f"benthos-{uuid.uuid4().hex[:8]}"
    for suffix in ("answers", "events", "shadow"):
        rig.kafka.create(f"{name}.{suffix}", 4)
    path = rig.folder / f"{name}.json"  # which is YAML, too
    path.write_text(json.dumps(config(rig, name)))
    with started([program, "-c", path], rig.folder) as process:
        return watch(process, lambda: sum(high for _, high in rig.kafka.ends(f"{name}.answers").values()),
                     rig.requests, SECONDS)


def print_row(rig, program, umbra, pairs):
    found = []
    for i in range(pairs):
        order = (umbra, benthos) if i % 2 else (benthos, umbra)
        results = {run: run(rig, program) if run is benthos else run(rig) for run in order}
        found.append((results[umbra], results[benthos]))
    print(f"\nAgainst Benthos with {THREADS} threads, 64 in flight, 10 % copied: CPU per request "
          f"{ratio(found, 'cpu_us')}, throughput {ratio(found, 'rate')}; Benthos takes "
          f"{middle(found, 1, 'cpu_us'):.0f} us and answers {middle(found, 1, 'rate'):,.0f} requests/s with "
          f"{max(b['memory_mib'][1] for _, b in found):.0f} MiB.", flush=True)
