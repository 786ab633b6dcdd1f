"""The aggregator's rows of integration/bench: events a second and a core beside a bare consume loop on
the same topic, in alternation; and its memory after millions of requests whose shadow never answers.

Events come from umbra-event-load: production's with its sampling decision, and for each copy the
shadow's a thousand requests later, both with their answers, which are compared."""
import contextlib
import json
import subprocess
import sys
import uuid

from measure import BIN, metric, middle, ratio, resident_mib, started, watch
from ports import free_port

PARTITIONS = 4
SECONDS = 300

# Owed: so many events a second and a core, or half of what the bare loop does, if that is less.
OWED = 200000

# What a limit of one costs: a remembered request with one copy, its place in the table included; the
# answer that is kept for a join, here of 33 bytes.
REQUEST_BYTES, JOIN_BYTES = 220, 220


@contextlib.contextmanager
def installation(rig, requests, percent, is_answered):
    """Its options, and how many events its topic holds."""
    from definitions import definitions, endpoint, test, variant
    name = f"bench-{uuid.uuid4().hex[:8]}"
    common = ["-b", rig.kafka.brokers, "--prefix", f"u-{name}."]
    run = {"check": True, "capture_output": True, "text": True}
    subprocess.run([BIN / "umbractl", *common, "init", "--event-partitions", str(PARTITIONS)], **run)
    (rig.folder / "apply.conf").write_text(definitions(
        endpoint(name, [variant("v1", "http://127.0.0.1:9/")]),
        test("t", name, [variant("v2", "http://127.0.0.1:9/")], sampling=float(percent))))
    subprocess.run([BIN / "umbractl", *common, "apply", "-f", rig.folder / "apply.conf"], **run)
    tests = subprocess.run([BIN / "umbractl", *common, "get", "tests", "-o", "json"], **run)
    generation = json.loads(tests.stdout)[0]["created_generation"]
    topic = f"u-{name}.events"
    done = subprocess.run([BIN / "umbra-event-load", rig.kafka.brokers, topic, name, str(generation),
                           str(requests), str(percent), str(int(is_answered))], **run)
    try:
        yield common, topic, int(done.stdout)
    finally:
        rig.kafka.admin.delete_topics([topic])[topic].result(30)


def aggregator(rig, common, events, *options):
    """Until it has read them all; with what it holds then."""
    port = free_port()
    command = [BIN / "umbra-aggregator", *common, "--admin", f"127.0.0.1:{port}", *options]
    with started(command, rig.folder) as process:
        result = watch(process, lambda: metric(port, "umbra_aggregator_records_total", 'kind="event"'),
                       events, SECONDS, every=0.05)
        held = {what: metric(port, "umbra_aggregator_held", f'what="{what}"')
                for what in ("requests", "joins", "join_bytes")}
        given_up = metric(port, "umbra_aggregator_oddities", 'what="state_bound"')
        return {**result, **held, "given_up": given_up, "peak_mib": resident_mib(process.pid, "VmHWM")}


def bare(rig, topic, events):
    done = subprocess.run([BIN / "umbra-bare-consumer", rig.kafka.brokers, topic, str(events)],
                          check=True, capture_output=True, text=True, timeout=SECONDS)
    return json.loads(done.stdout)


def print_rows(rig, pairs, requests):
    print("\n| | CPU per event, ratio to a bare consume loop | throughput, ratio | CPU us | of the bare loop "
          "| events/s and core | events/s |\n|---|---|---|---|---|---|---|", flush=True)
    for percent in (100, 10):
        print_row(rig, pairs, requests, percent)


def print_row(rig, pairs, requests, percent):
    name, found = f"aggregator, {percent} % copied", []
    for i in range(pairs):
        with installation(rig, requests, percent, True) as (common, topic, events):
            first = bare(rig, topic, events) if i % 2 else None
            ours = aggregator(rig, common, events, "--horizon", "1s")
            found.append((ours, first or bare(rig, topic, events)))
        print(f"  {name}: pair {i + 1} of {pairs}", file=sys.stderr, flush=True)
    ours, other = (1e6 / middle(found, which, "cpu_us") for which in (0, 1))
    print(f"| {name} | {ratio(found, 'cpu_us')} | {ratio(found, 'rate')} | "
          f"{middle(found, 0, 'cpu_us'):.2f} | {middle(found, 1, 'cpu_us'):.2f} | {ours:,.0f} | "
          f"{middle(found, 0, 'rate'):,.0f} |", flush=True)
    if ours < min(OWED, other / 2):
        print(f"{name}: less than the {min(OWED, other / 2):,.0f} events/s and core that are owed")


def print_memory(rig, events):
    """All copied, none answered: each request waits for its copy until a limit or the horizon ends it.
    What a reader of the same backlog needs whose limits leave it no state is taken off: librdkafka's
    queue, mostly."""
    joins, requests = 100000, 500000
    bound = PARTITIONS * (requests * REQUEST_BYTES + joins * JOIN_BYTES) / 2**20
    with installation(rig, events, 100, False) as (common, _, n):
        stateless = aggregator(rig, common, n // 10, "--max-joins", "1", "--max-requests", "1")["peak_mib"]
        found = aggregator(rig, common, n, "--max-joins", str(joins), "--max-requests", str(requests))
    state = found["peak_mib"] - stateless
    print(f"\nAggregator's memory: {found['peak_mib']:.0f} MiB at most over {n:,} events whose shadow never "
          f"answers, of which {stateless:.0f} MiB are needed to read a backlog at all; the rest, "
          f"{state:.0f} MiB, has a bound of {bound:.0f} MiB ({PARTITIONS} partitions, each of {requests:,} "
          f"requests and {joins:,} joins at most). Held at the end: {found['requests']:,.0f} requests, "
          f"{found['joins']:,.0f} joins; {found['given_up']:,.0f} copies were given up as state_bound.",
          flush=True)
    if state > bound:
        raise SystemExit("bench: the aggregator's memory is beyond its bound")
