"""What a caller waits at half load, for integration/bench: from a request's due time to its answer, read
back from Kafka. The yardstick's way is the floor: the same two hops through Kafka and the same call of the
model, with nothing else. The splitter's way, at the same rate and beside it in alternation, is what it adds.

The full load is what 64 callers get of whom each waits for its answer. How busy the machine is stands beside
each row: where its processors are short, what is added is the wait for them.

umbra-producer sends and waits; a few requests go first, so that no group is still joining. The first pair
at each rate does not count: the broker's compiler is busy."""
import contextlib
import json
import pathlib
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


def processor_ticks():
    """All, and those in which the machine was idle."""
    fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4]


def through(rig, way, rate):
    """What a run at that rate gave: umbra-producer's report, and how "busy" the machine was, 0 to 1.
    0: as fast as so many callers go who wait."""
    topic = f"bench.live-{uuid.uuid4().hex[:8]}"
    rig.kafka.create(topic, 4)
    count = int(rate * SECONDS) or 100000
    with way(rig, topic, WARM + count) as answers:
        ask(rig, topic, answers, WARM)
        pace = ["--rate", str(int(rate))] if rate else ["--in-flight", str(IN_FLIGHT)]
        (all_before, idle_before), report = processor_ticks(), ask(rig, topic, answers, count, *pace)
        all_after, idle_after = processor_ticks()
        return {**report, "busy": 1 - (idle_after - idle_before) / (all_after - all_before)}


def print_rows(rig, umbra, pairs, body):
    """umbra(rig, topic, requests) is a running splitter, as bare is."""
    (rig.folder / "request.jsonl").write_bytes(body + b"\n")
    full = statistics.median(through(rig, umbra, 0)["rate"] for _ in range(3))
    print("\n| | floor, ms | with the splitter, ms | added, ms | machine busy |\n|---|---|---|---|---|", flush=True)
    for share, rate in (("half", full / 2), ("an eighth of the", full / 8)):
        found = []
        for i in range(pairs + 1):
            order = (bare, umbra) if i % 2 else (umbra, bare)
            reports = {way: through(rig, way, rate) for way in order}
            if i:
                found.append((reports[bare], reports[umbra]))
            print(f"  {share} load: pair {i} of {pairs}", file=sys.stderr, flush=True)
        for field, word in PERCENTILES.items():
            print_row(f"{share} load ({rate:,.0f} of {full:,.0f} requests/s), {word}", found, field)


def print_row(name, found, field):
    floors = [floor["latency_us"][field] / 1000 for floor, _ in found]
    ours = [ours["latency_us"][field] / 1000 for _, ours in found]
    added = sorted(b - a for a, b in zip(floors, ours))
    busy = statistics.median(ours["busy"] for _, ours in found)
    print(f"| {name} | {statistics.median(floors):.2f} | {statistics.median(ours):.2f} | "
          f"{statistics.median(added):.2f} ({added[0]:.2f} to {added[-1]:.2f}) | {busy:.0%} |", flush=True)
