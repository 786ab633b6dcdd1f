"""Where umbra-aggregator reads on: its commits, and what it does when they, or the log, are not what
they were."""
import json
import subprocess
import time

import witness
from aggregates import final_totals, latest
from path import QUICK, TEST
from program import binary
from waiting import until

ARM = TEST, "shadow", f"shadow-{TEST}"
NEVER = -2**63


def start(path, *arguments):
    return path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "5s", *arguments).wait_ready()


def events_topic(path):
    return path.umbra.own_topic("events")


def ends(path):
    return {p: high for p, (_, high) in path.kafka.ends(events_topic(path)).items()}


def commit(path, partition, offset, **metadata):
    text = " ".join(f"{name}={value}" for name, value in metadata.items())
    subprocess.run([binary("umbra-commit-offset"), path.kafka.brokers, f"{path.umbra.prefix}aggregator",
                    events_topic(path), str(partition), str(offset), text], check=True)


def delete_before(path, partition, offset):
    subprocess.run([binary("umbra-delete-records"), path.kafka.brokers, events_topic(path),
                    str(partition), str(offset)], check=True)


def events_read(aggregator):
    return aggregator.metric("umbra_aggregator_records_total", kind="event")


def places(path):
    """{(partition, offset)} of the events that are there."""
    return {(r.partition, r.offset) for r in path.kafka.read(events_topic(path))
            if witness.decode(r.value)[0] == "invocation_event"}


def unwritten(path):
    """The partitions of which a window is told to be missing."""
    return {r["partition"] for r in latest(path.umbra).values() if r["unwritten_windows"]}


def report(path):
    done = path.umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "0")
    return json.loads(done.stdout)


def test_a_commit_beyond_the_end_of_the_log_is_none(path):
    path.define().start()
    path.produce(100)
    path.wait_account(lambda account: account.pending == 0)
    commit(path, 0, ends(path)[0] + 1000, clock=int(time.time() * 1e6), base=NEVER, blind=NEVER)
    aggregator = start(path)
    path.produce(100)
    account = path.wait_account(lambda account: account.pending == 0)
    until(lambda: unwritten(path) == {0}, "its gap is told", 60)
    until(lambda: events_read(aggregator) >= len(path.events()), "all is read")
    assert any(" missing: their events were deleted" in alarm for alarm in report(path)["alarms"])
    until(lambda: not any(r["provisional"] for r in latest(path.umbra).values()), "all is closed", 60)
    assert 0 < final_totals(path.umbra)[ARM]["sampled"] < account.sampled
    assert events_read(aggregator) == len(path.events())  # no record was read twice


def test_only_the_partition_whose_records_are_gone_is_begun_anew(path):
    path.define().start()
    aggregator = start(path)
    path.send(100)
    path.wait_account(lambda account: account.pending == 0)
    until(lambda: events_read(aggregator) == len(places(path)), "all is read")
    read = ends(path)[0]
    aggregator.suspend()
    path.send_ids(f"s{i}" for i in range(100))
    path.wait_account(lambda account: account.sampled == 200 and account.pending == 0)
    every = places(path)
    end = ends(path)[0]
    delete_before(path, 0, end)
    unread = {place for place in every if place[0] == 0 and read <= place[1] < end}
    aggregator.resume()
    aggregator.wait_log("partition 0: .*begun anew")
    path.send_ids(f"t{i}" for i in range(100))
    until(lambda: {len(path.answers()), len(path.copies())} == {300}, "all is answered")
    until(lambda: unwritten(path) == {0}, "the gap is told", 60)
    every |= places(path)
    assert unread and len(every) == 600
    # A few may have been on their way when it was suspended; of the others none was read twice.
    assert len(every - unread) <= events_read(aggregator) <= len(every)


def test_of_windows_that_were_open_in_a_crash_and_cannot_be_read_again_nothing_counts(path):
    path.define().start()
    aggregator = start(path)
    path.send(100)
    path.wait_account(lambda account: account.pending == 0)
    until(lambda: sum(r["paired"] for r in latest(path.umbra).values() if r["provisional"]) > 0,
          "open windows are shown")
    aggregator.kill()
    for partition, end in ends(path).items():
        delete_before(path, partition, end)
    start(path)
    told = until(lambda: (lambda r: r if r["alarms"] and not r["accounting"] else None)(report(path)),
                 lambda: f"it is told that they are missing: {report(path)}", 90, every=0.5)
    assert any(" missing: their events were deleted" in alarm for alarm in told["alarms"])
    path.send_ids(f"s{i}" for i in range(100))
    found = until(lambda: (lambda r: r if [a["paired"] for a in r["accounting"]] == [100] else None)(
        report(path)), lambda: f"what came later is told: {report(path)}", 60, every=0.5)
    assert (found["accounting"][0]["sampled"], found["accounting"][0]["pending"]) == (100, 0)
    assert any(" missing" in alarm for alarm in found["alarms"])


def own_events(aggregator, events):
    """How many of the events lie in partitions that are its own."""
    series = aggregator.metrics()
    return sum(series.get(f'umbra_aggregator_clock_seconds{{partition="{partition}"}}', 0) > 0
               for partition, _ in events)


def test_a_partition_that_comes_back_in_the_next_rebalance_is_not_read_again(path):
    """Its windows are open, so that its commit lies before all of them."""
    path.define().start()
    first = start(path, "--horizon", "10m")
    path.send(100)
    path.wait_account(lambda account: account.pending == 0)
    until(lambda: events_read(first) == 200, "all is read")
    second = start(path, "--horizon", "10m")
    until(lambda: {p.metric("umbra_aggregator_partitions") for p in (first, second)} == {4}, "they share")
    every = places(path)
    until(lambda: events_read(second) == own_events(second, every), "the second has read its half")
    assert events_read(first) == 200  # its half left and came back
    half = own_events(second, every)
    second.stop()
    until(lambda: events_read(first) >= 200 + half, "the first has all, and reads the other's half")
    path.send_ids(f"s{i}" for i in range(100))
    path.wait_account(lambda account: account.sampled == 200 and account.pending == 0)
    until(lambda: [arm["paired"] for arm in report(path)["accounting"]] == [200], "nothing is lost", 60)
    assert 0 < half < 200 and events_read(first) == 400 + half


def clocks(path):
    """{partition: PartitionClock} as last told."""
    return {r["partition"]: r for r in latest(path.umbra, "partition_clock").values()}


def test_the_report_says_up_to_when_it_is_complete_also_over_idle_partitions(path):
    """One request: seven of the eight partitions hold ticks alone."""
    path.define().start()
    start(path)
    path.send(1)
    account = path.wait_account(lambda account: account.pending == 0)
    sent = max(event["request_time"] for event in path.events())
    until(lambda: len(clocks(path)) == 8, "each partition has a clock", 60)
    until(lambda: report(path)["final_until"] and min(c["final_until"] for c in clocks(path).values()) > sent,
          lambda: f"all have passed the request: {clocks(path)}", 90, every=0.5)
    found, told = report(path), clocks(path)
    assert account.sampled == found["accounting"][0]["paired"] == 1 and found["alarms"] == []
    assert all(clock["final_until"] % 10_000_000 == 0 < clock["clock"] - clock["final_until"] for clock in told.values())
    assert "Counted up to 2" in path.umbra.run("umbractl", "report", TEST, expect=None).stdout
    ended = path.umbra.run("umbractl", "report", TEST, "--to", "2026-01-01T00:00:00Z", "--from",
                           "2025-01-01T00:00:00Z", expect=None).stdout
    assert "Complete and final." in ended
