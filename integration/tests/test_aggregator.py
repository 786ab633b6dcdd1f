"""umbra-aggregator's promises: the numbers in umbra.aggregates are those of the log, however often it
was interrupted, and the books close."""
import json
import signal
import subprocess

import pytest

import witness
from accounting import accounts, first_production
from aggregates import final_bytes, final_totals, latest, losses, totals, wait_final
from model_server import Answer
from path import QUICK, TEST, Path
from program import binary
from records import Record
from waiting import until

ARM = TEST, "shadow", f"shadow-{TEST}"
SHORT = ["--horizon", "5s"]


@pytest.fixture
def path(umbra, model, new_model):
    def half_wrong(request):
        n = json.loads(request.body)["n"]
        return Answer(500) if n % 10 == 0 else Answer(body=b'{"p": %d}' % (n % 2))
    return Path(umbra, new_model(lambda request: Answer(body=b'{"p": 1}')), new_model(half_wrong))


def start_aggregator(path, *arguments):
    return path.umbra.start("umbra-aggregator", *QUICK, *arguments).wait_ready()


def check_against_log(path, sums):
    """Every count of the books, from the events themselves."""
    events = path.events()
    for arm, account in accounts(events).items():
        total = sums[arm]
        assert (total["sampled"], total["paired"]) == (account.sampled, account.paired)
        expected = dict(account.losses)
        if account.pending:
            expected["unanswered"] = account.pending
        assert losses(total) == expected
        assert total["pending"] == total["unsolicited"] == total["late"] == 0
        assert total["wrong_sampling_decisions"] == 0
        assert total["model_latency", "sum"] == sum(
            shadow["model_latency_us"] for _, shadow in account.pairs)
    production = sums[None, "production", "v1"]
    firsts = first_production(events).values()
    assert production["invocations"] == len(firsts)
    assert production["model_latency", "sum"] == sum(e["model_latency_us"] for e in firsts)


def test_the_sums_over_all_records_are_the_accounting_of_the_log(path):
    path.define(sampling=50.0).start()
    start_aggregator(path, *SHORT)
    path.produce(400)
    account = path.wait_account(lambda account: account.pending == 0)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == account.sampled)
    check_against_log(path, sums)
    total = sums[ARM]
    assert total["compared"] == total["match"] + total["mismatch"]
    assert total["not_comparable", "candidate_failed"] == total["outcomes", "server_error"] > 0
    for record in latest(path.umbra).values():
        assert not record["provisional"], "the tombstones are there"
    pairs = [(p, s) for p, s in account.pairs if s["outcome"] == "ok"]
    assert total["match"] == sum(p["response_body"] == s["response_body"] for p, s in pairs)
    assert total["latency_difference", "sum"] == sum(
        s["model_latency_us"] - p["model_latency_us"] for p, s in pairs)


def test_open_windows_are_shown_and_what_is_pending_is_told(path):
    path.define(sampling=100.0).start_splitter()
    start_aggregator(path)
    path.produce(50)
    until(lambda: totals(latest(path.umbra).values())[ARM]["pending"] == 50, "fifty are pending")
    path.start_shadow()
    until(lambda: totals(latest(path.umbra).values())[ARM]["paired"] == 50, "fifty are paired")
    assert all(record["provisional"] for record in latest(path.umbra).values())


def test_copies_that_nobody_answers_are_lost_when_the_horizon_has_passed(path):
    """The shadow consumer is down, and after the requests nothing more is written: ticks close."""
    path.define(sampling=100.0).start_splitter()
    start_aggregator(path, *SHORT)
    path.produce(30)
    sums = wait_final(path.umbra, lambda sums: losses(sums[ARM]).get("unanswered") == 30)
    check_against_log(path, sums)
    kinds = [witness.decode(record.value)[0] for record in
             witness.read(path.kafka.brokers, path.umbra.own_topic("events"))]
    assert "event_tick" in kinds


def test_a_killed_aggregator_leaves_no_trace_in_the_final_records(path, umbra):
    path.define(sampling=100.0).start()
    arguments = [*SHORT, "--instance", "one"]
    aggregator = start_aggregator(path, *arguments)
    for events in (10, 60, 110, 160):
        path.produce(100)
        until(lambda: (aggregator.metric("umbra_aggregator_records_total", kind="event") or 0)
              >= events, "it is in the midst")
        aggregator.signal(signal.SIGKILL)
        aggregator.wait_exit(-signal.SIGKILL)
        aggregator = start_aggregator(path, *arguments)
    account = path.wait_account(lambda account: account.pending == 0)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == account.sampled == 400)
    check_against_log(path, sums)
    assert all(len(values) == 1 for values in final_bytes(umbra).values())
    aggregator.stop()


def test_two_share_the_partitions_and_one_that_leaves_is_replaced(path):
    path.define(sampling=100.0).start()
    first = start_aggregator(path, *SHORT)
    second = start_aggregator(path, *SHORT)
    all_of_them = path.kafka.partitions(path.umbra.own_topic("events"))
    until(lambda: sorted(program.metric("umbra_aggregator_partitions") for program in (first, second))
          == [all_of_them // 2, all_of_them - all_of_them // 2], "each has its half")
    path.produce(100)
    first.stop()
    path.produce(100)
    account = path.wait_account(lambda account: account.pending == 0)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == account.sampled == 200)
    check_against_log(path, sums)
    assert all(len(values) == 1 for values in final_bytes(path.umbra).values())


def test_an_aggregator_that_comes_late_writes_every_window(path):
    path.define(sampling=100.0).start()
    path.produce(60)
    path.wait_account(lambda account: account.pending == 0)
    start_aggregator(path, *SHORT)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == 60)
    check_against_log(path, sums)


def test_what_is_no_event_is_counted_and_passed_over(path):
    path.define(sampling=100.0).start()
    path.kafka.produce(path.umbra.own_topic("events"), [
        Record(b"k", value, [], partition=0) for value in (b"", b"garbage", b"\xc3\x01" + b"x" * 20)])
    aggregator = start_aggregator(path, *SHORT)
    path.produce(20)
    total = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == 20)[ARM]
    assert (total["paired"], total["pending"], losses(total)) == (20, 0, {})
    assert aggregator.metric("umbra_aggregator_records_total", kind="unreadable") == 3


def test_sigterm_ends_it_with_its_position_committed(path):
    path.define(sampling=100.0).start()
    aggregator = start_aggregator(path, *SHORT)
    path.produce(20)
    wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == 20)
    aggregator.stop()
    group = f"{path.umbra.prefix}aggregator"
    assert path.kafka.committed(group, path.umbra.own_topic("events"))
    assert final_totals(path.umbra)[ARM]["sampled"] == 20


def test_one_that_is_stopped_past_its_session_does_no_harm_when_it_goes_on(path):
    path.define(sampling=100.0).start()
    first = start_aggregator(path, *SHORT)
    path.produce(100)
    first.suspend()
    second = start_aggregator(path, *SHORT)
    path.produce(100)
    until(lambda: second.metric("umbra_aggregator_partitions") ==
          path.kafka.partitions(path.umbra.own_topic("events")), "the second has them all")
    first.resume()
    path.produce(100)
    account = path.wait_account(lambda account: account.pending == 0)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == account.sampled == 300)
    check_against_log(path, sums)
    assert all(len(values) == 1 for values in final_bytes(path.umbra).values())


def test_a_window_whose_events_were_deleted_unread_is_no_window_with_fewer_events(path):
    path.define(sampling=100.0).start()
    path.produce(200)
    path.wait_account(lambda account: account.pending == 0)
    topic = path.umbra.own_topic("events")
    halves = {p: high // 2 for p, (_, high) in path.kafka.ends(topic).items()}
    for partition, offset in halves.items():
        subprocess.run([binary("umbra-delete-records"), path.kafka.brokers, topic, str(partition),
                        str(offset)], check=True)
    aggregator = start_aggregator(path, *SHORT)

    def told():
        return [r for r in latest(path.umbra).values() if r["unwritten_windows"] and not r["provisional"]]
    until(lambda: len(told()) >= sum(offset > 0 for offset in halves.values()), "it is told", 90)
    assert {(r["test"], r["variant"], r["role"], r["invocations"]) for r in told()} == {
        (None, "", "production", 0)}
    first = min(r["window_start"] for r in told())
    later = {r["window_start"] for r in latest(path.umbra).values() if r["invocations"]}
    assert all(start > first for start in later)
    report = json.loads(path.umbra.run("umbractl", "report", TEST, "-o", "json", expect=None).stdout)
    assert any(" missing: their events were deleted before" in alarm for alarm in report["alarms"])
    assert aggregator.metric("umbra_aggregator_alarms_total", what="unwritten_windows") >= len(told())
    assert "a window is missing: its events were deleted before" in aggregator.log()
