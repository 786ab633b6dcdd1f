"""What a caller waits at half load, for integration/bench: from a request's due time to its answer, read
back from Kafka. The yardstick's way is the floor: the same two hops through Kafka and the same call of the
model, with nothing else. The splitter's way, at the same rate and beside it in alternation, is what it adds.

umbra-producer sends and waits; a few requests go first, so that no group is still joining."""
import contextlib
import json
import statistics
import subprocess
import sys
import uuid

from measure import BIN, started

IN_FLIGHT = 64
WARM = 2000
SECONDS = 10
PERCENTILES = {"p50": "median", "p99": "p99"}


@contextlib.contextmanager
def bare(rig, topic, requests):
    name = f"bare-{uuid.uuid4().hex[:8]}"
    answers = f"{name}.answers"
    for each in (answers, f"{name}.shadow", f"{name}.events"):
        rig.kafka.create(each, 4)
    with started([BIN / "umbra-bare-splitter", rig.kafka.brokers, rig.url, str(requests), str(IN_FLIGHT), "10",
                  topic, answers, f"{name}.shadow", f"{name}.events", name, "ids"], rig.folder):
        yield answers


def ask(rig, topic, answers, count, *arguments):
    """umbra-producer's report on so many requests."""
    done = subprocess.run(
        [BIN / "umbra-producer", "-b", rig.kafka.brokers, "--topic", topic, "--responses", answers, "--wait",
         "--limit", str(count), "--repeat", "0", "--format", "jsonl", "--log-level", "error", "-o", "json",
         *arguments, rig.folder / "request.jsonl"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def through(rig, way, rate):
    """The latencies of a run at that rate; 0: as fast as it goes."""
    topic = f"bench.live-{uuid.uuid4().hex[:8]}"
    rig.kafka.create(topic, 4)
    count = int(rate * SECONDS) or 100000
    with way(rig, topic, WARM + count) as answers:
        ask(rig, topic, answers, WARM)
        pace = ["--rate", str(int(rate))] if rate else ["--in-flight", str(4 * IN_FLIGHT)]
        return ask(rig, topic, answers, count, *pace)


def print_rows(rig, umbra, pairs, body):
    """umbra(rig, topic, requests) is a running splitter, as bare is."""
    (rig.folder / "request.jsonl").write_bytes(body + b"\n")
    full = statistics.median(through(rig, umbra, 0)["rate"] for _ in range(3))
    print("\n| | floor, ms | with the splitter, ms | added, ms |\n|---|---|---|---|", flush=True)
    for share, rate in (("half", full / 2), ("an eighth of the", full / 8)):
        found = []
        for i in range(pairs):
            order = (bare, umbra) if i % 2 else (umbra, bare)
            latencies = {way: through(rig, way, rate)["latency_us"] for way in order}
            found.append((latencies[bare], latencies[umbra]))
            print(f"  {share} load: pair {i + 1} of {pairs}", file=sys.stderr, flush=True)
        for field, word in PERCENTILES.items():
            print_row(f"{share} load ({rate:,.0f} of {full:,.0f} requests/s), {word}",
                      [(floor[field] / 1000, ours[field] / 1000) for floor, ours in found])


def print_row(name, found):
    added = sorted(ours - floor for floor, ours in found)
    print(f"| {name} | {statistics.median(floor for floor, _ in found):.2f} | "
          f"{statistics.median(ours for _, ours in found):.2f} | "
          f"{statistics.median(added):.2f} ({added[0]:.2f} to {added[-1]:.2f}) |", flush=True)
