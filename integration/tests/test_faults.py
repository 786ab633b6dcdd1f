"""What the path keeps when machines fail: crashes, members that come, go and stall, a broker that is
away, topics that are missing. With UMBRA_LONG=1 the rounds are many (integration/test --long)."""
import collections
import os
import random
import subprocess
import threading

import pytest

from members import stall
from model_server import Answer
from path import QUICK, TEST, Path
from program import BUILD, binary
from records import Record, header
from waiting import until

LONG = bool(os.environ.get("UMBRA_LONG"))
BOUND, PARTITIONS = 50, 4


def check_answers(path, sent, crashes):
    """Every request has an answer, and few have two: what was uncommitted at each crash."""
    counts = collections.Counter(path.answered_ids())
    assert len(counts) == sent
    assert sum(counts.values()) - sent <= crashes * PARTITIONS * BOUND


def send_bad(path, n):
    """A record without value in each partition: no request. Returns their keys."""
    records = [Record(b"bad%d" % (n + p), b"", partition=p) for p in range(PARTITIONS)]
    return [record.key for record in path.kafka.produce(path.umbra.topic("requests"), records)]


def check_dead_letters(path, bad, crashes):
    """Each bad record has its dead letter, and few have two."""
    letters = path.kafka.read(path.umbra.topic("dead-letter"))
    assert {letter.key for letter in letters} == set(bad)
    assert {header(letter, "__umbra.errors.code") for letter in letters} == {"empty"}
    assert len(letters) - len(bad) <= crashes * PARTITIONS * BOUND


class Watch(threading.Thread):
    """Looks at a group's commits as long as the block runs: none may ever go back, which is what
    happens when somebody commits for a partition that it lost."""

    def __init__(self, kafka, group, topic):
        super().__init__(daemon=True)
        self.group, self.topic = group, topic
        self.kafka, self.over, self.backwards, self.looks = kafka, threading.Event(), [], 0

    def run(self):
        last = {}
        while not self.over.wait(0.2):
            now = self.kafka.committed(self.group, self.topic)
            self.backwards += [(p, last[p], o) for p, o in now.items() if o < last.get(p, 0)]
            last.update(now)
            self.looks += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join(30)


# 1. Crashes at random moments


def test_kill_9_of_both_programs_at_random_moments_loses_nothing(path):
    rounds, dice, bad = (50 if LONG else 4), random.Random(4), []
    path.define(max_uncommitted=BOUND)
    path.start_splitter("--instance", "splitter-1")
    path.start_shadow("--instance", "shadow-1")
    with path.under_load("--rate", "300") as sent:
        for _ in range(rounds):
            path.wait_answers(path.answered() + dice.randrange(20, 150))
            path.splitter.kill()
            bad += send_bad(path, len(bad))
            path.start_splitter("--instance", "splitter-1")
            path.wait_answers(path.answered() + dice.randrange(20, 150))
            bad += send_bad(path, len(bad))
            path.shadow.kill()
            path.start_shadow("--instance", "shadow-1")
    path.wait_committed(seconds=120)
    check_answers(path, len(sent), crashes=rounds)
    check_dead_letters(path, bad, crashes=rounds)
    account = path.wait_account(lambda a: a.pending == 0, seconds=120, bad=len(bad))
    assert account.closes() and account.sampled == len(sent)


# 2. Members come, go and stall


def test_members_that_join_leave_and_stall_lose_nothing_and_commit_nothing_they_lost(path):
    rounds, dice = (20 if LONG else 2), random.Random(5)
    path.model.answer = path.shadow_model.answer = Answer(delay=0.02)  # something is always in flight
    path.define(max_uncommitted=BOUND)
    starts = path.start_splitter, path.start_shadow
    groups = [[start() for _ in range(2)] for start in starts]
    requests, copies = path.umbra.topic("requests"), path.shadow_topic()
    with (Watch(path.kafka, path.umbra.group("splitter"), requests) as watch,
          Watch(path.kafka, path.umbra.group("shadow", f"shadow-{TEST}"), copies) as shadow_watch,
          path.under_load("--rate", "100") as sent):
        for _ in range(rounds):
            path.wait_answers(path.answered() + dice.randrange(50, 100))
            for members, start in zip(groups, starts):
                members.append(start())
            leaving = [members.pop(dice.randrange(len(members))) for members in groups]
            stall(*((PARTITIONS, *pair) for pair in zip(leaving, groups)))
            path.wait_answers(path.answered() + 50)
            for member in leaving:
                member.stop()
    path.wait_committed(seconds=120)
    for each in watch, shadow_watch:
        assert each.looks > 10 and not each.backwards
    check_answers(path, len(sent), crashes=2 * rounds)
    account = path.wait_account(lambda a: a.pending == 0, seconds=180)
    assert account.closes() and account.sampled == len(sent)


# 3. The shadow side fails: production does not notice


def test_without_the_shadow_topic_every_request_is_answered_and_every_copy_told_as_lost(path):
    path.define()
    topic = path.shadow_topic()
    path.kafka.admin.delete_topics([topic])[topic].result(30)
    until(lambda: topic not in path.kafka.topics(), "the shadow topic is gone")
    path.start_splitter()
    path.produce(300)
    account = path.wait_account(lambda a: a.sampled == 300 and a.pending == 0)
    assert account.closes() and account.losses == {"not_delivered": 300}
    assert set(path.loss_reasons()) <= {"no_topic", "timed_out"}
    assert topic not in path.kafka.topics(), "nobody creates a topic by producing"


def test_copies_that_the_shadow_topic_refuses_are_told_and_the_others_flow(path):
    path.define().start()
    path.kafka.configure(path.shadow_topic(), **{"max.message.bytes": "2000"})
    path.kafka.produce(path.umbra.topic("requests"), [
        Record(b"k", b'"%s"' % (b"x" * size), [("x-request-id", b"r%d" % i)])
        for i, size in enumerate([10, 5000] * 50)])
    path.wait_answers(100)
    account = path.wait_account(lambda a: a.sampled == 100 and a.pending == 0)
    assert account.closes() and account.paired == 50
    assert path.loss_reasons() == {"too_large": 50}


def test_a_full_queue_of_copies_is_dropped_and_counted_while_production_goes_on(path):
    path.shadow_model.answer = Answer(delay=1)
    path.define()
    path.start_splitter("-X", "queue.buffering.max.messages=20", "-X", "linger.ms=200")
    path.produce(500)
    account = path.wait_account(lambda a: a.sampled == 500)
    assert account.closes() and account.losses["not_delivered"] > 0
    assert set(path.loss_reasons()) == {"queue_full"}


def test_a_slow_shadow_model_holds_nobody_up_and_loses_nothing(path):
    path.shadow_model.answer = Answer(delay=0.5)
    path.define(shadow={"max_in_flight": 16}).start()
    path.produce(300)  # has all answers when it ends
    assert path.account().paired < 300, "production waited for the shadow"
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and account.paired == account.sampled == 300


def shadow_model_hangs(path):
    path.shadow_model.answer = Answer(hang=True)
    return [path.start_splitter(*FEW_FETCHED), path.start_shadow(*FEW_FETCHED)]


def shadow_consumer_is_stopped(path):
    return [path.start_splitter(*FEW_FETCHED)]


def shadow_topic_is_missing(path):
    topic = path.shadow_topic()
    path.kafka.admin.delete_topics([topic])[topic].result(30)
    until(lambda: topic not in path.kafka.topics(), "the shadow topic is gone")
    return [path.start_splitter(*FEW_FETCHED)]


FEW_FETCHED = ["-X", "queued.max.messages.kbytes=1024"]  # what librdkafka holds of the partitions


@pytest.mark.skipif("asan" in BUILD.name, reason="the sanitizer keeps what was freed")
@pytest.mark.parametrize("fault", [shadow_model_hangs, shadow_consumer_is_stopped, shadow_topic_is_missing])
def test_memory_is_bounded_while_the_shadow_is_stuck(path, fault):
    some = [Record(b"k%d" % i, b'"%s"' % (b"x" * 4000)) for i in range(4000)]
    path.define(shadow={"timeout": "60s"})
    programs = fault(path)
    seen = []
    for n in range(1, 12 if LONG else 6):
        path.kafka.produce(path.umbra.topic("requests"), some)
        until(lambda: path.answered() == n * len(some), "all are answered", 120, every=0.1)
        seen.append([program.memory() for program in programs])
    grown = [late - early for early, late in zip(seen[0], seen[-1])]
    assert max(grown) < 24e6, f"of {4000 * len(some) * (len(seen) - 1)} bytes of requests it kept {grown}"


# 5. The broker is away


@pytest.fixture
def alone(own_broker, new_umbra, model, shadow_model):
    """A path on a broker of its own, and that broker."""
    return Path(new_umbra(own_broker.address), model, shadow_model), own_broker


def pause(seconds):
    """Time passes: the fault is that it does."""
    threading.Event().wait(seconds)


def test_a_broker_that_is_away_for_a_while_costs_nothing_but_time(alone):
    path, broker = alone
    path.define().start()
    with path.under_load("--rate", "200", "--timeout", "90s") as sent:
        path.wait_answers(200)
        broker.stop()
        pause(20 if LONG else 5)
        broker.start()
        due = len(sent)
        until(lambda: path.answered() >= due, "what waited is answered", seconds=15, every=0.1)
        path.wait_committed(seconds=5)
    path.wait_committed(seconds=60)
    assert len(set(path.answered_ids())) == len(sent)
    account = path.wait_account(lambda a: a.pending == 0, seconds=120)
    assert account.closes() and account.sampled == len(sent)


SERVICES = ["umbra-splitter", "umbra-shadow", "umbra-aggregator", "umbra-console"]


def test_programs_that_start_without_a_broker_serve_when_it_is_there_and_may_be_stopped_before(alone):
    path, broker = alone
    path.define()
    broker.stop()
    services, stopped = [[path.umbra.start(name, *QUICK) for name in SERVICES] for _ in range(2)]
    for service in services + stopped:
        service.wait_log("admin port")
        assert service.admin("/livez")[0] == 200
        until(lambda: service.admin("/readyz")[0] == 503, "not ready without a broker")
    for service in stopped:
        service.signal(15)
    for service in stopped:
        service.wait_exit(expect=0, seconds=15)
    broker.start()
    for service in services:
        service.wait_ready(seconds=60)
    path.produce(50)
    assert len(path.answered_ids()) == 50
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and account.paired == 50


def test_sigterm_ends_in_time_even_while_the_broker_is_away(alone):
    path, broker = alone
    path.model.answer = Answer(delay=0.01)
    path.define().start()
    path.send(500)
    path.wait_answers(100)
    broker.suspend()
    try:
        for program in (path.splitter, path.shadow):
            program.signal(15)
        for program in (path.splitter, path.shadow):
            status = program.wait_exit(expect=None, seconds=45)  # 30 s of drain, 10 s of the watchdog
            assert status == ("ended by the watchdog" in program.log()), program.tail()
    finally:
        broker.resume()
    path.start()
    path.wait_committed(seconds=60)
    assert len(set(path.answered_ids())) == 500
    assert path.wait_account(lambda a: a.pending == 0, seconds=90).closes()


# 9. The clock steps


def test_a_clock_that_steps_an_hour_spoils_no_duration_and_ends_no_call_early(path):
    clock = path.umbra.folder / "clock"
    stepping = {"env": {"UMBRA_TEST_CLOCK": str(clock)}}
    path.model.answer = path.shadow_model.answer = Answer(delay=0.02)
    path.define(tests={TEST: {"sampling": 100.0, "start": "2026-01-01T00:00:00Z",
                              "end": "2100-01-01T00:00:00Z"}}, production={"timeout": "5s"})
    path.start_splitter(**stepping)
    path.start_shadow("--max-age", "3h", **stepping)
    with path.under_load("--rate", "200") as sent:
        for hours in (1, -1, 0):
            clock.write_text(str(hours * 3600 * 1000000))
            path.wait_answers(path.answered() + 400)  # the programs look at the file each second
    account = path.wait_account(lambda a: a.pending == 0)
    assert account.closes() and account.paired == len(sent)
    events = path.events()
    assert {event["outcome"] for event in events} == {"ok"}
    for field in ("model_latency_us", "overhead_latency_us", "queue_us"):
        assert all(0 <= event[field] < 60e6 for event in events), field
    assert all(event["model_latency_us"] >= 20000 for event in events)


# 11. Topics change under the programs


def test_a_partition_that_is_added_is_read_from_its_beginning(path):
    path.define()
    path.start_splitter("-X", "topic.metadata.refresh.interval.ms=500")
    path.produce(20)
    path.kafka.add_partitions(path.umbra.topic("requests"), 6)
    path.kafka.produce(path.umbra.topic("requests"), [
        Record(b"k", b"{}", [("x-request-id", b"late%d" % i)], partition=5) for i in range(10)])
    until(lambda: {i for i in path.answered_ids() if i.startswith("late")} == {
        f"late{i}" for i in range(10)}, "the new partition is read", seconds=30, every=0.3)


def test_a_topic_made_anew_stops_with_an_alarm_and_a_new_start_serves_it(path):
    path.define()
    path.start_splitter()
    path.send(100)
    path.wait_committed()
    path.kafka.recreate(path.umbra.topic("requests"), 4)
    path.send(40)
    path.splitter.wait_log("its position is gone from the topic")
    until(lambda: path.splitter.admin("/readyz")[0] == 503, "the alarm is seen from outside")
    path.umbra.run("umbractl", "set-start", "endpoint", path.umbra.endpoint, "--from", "earliest")
    path.splitter.wait_ready(seconds=60)
    path.wait_answers(140)
    assert collections.Counter(path.answered_ids()) == collections.Counter(
        [f"r{i}" for i in range(100)] + [f"r{i}" for i in range(40)])


def test_records_that_are_deleted_before_they_were_read_stop_that_partition_until_a_new_start_is_set(path):
    path.define()
    path.start_splitter()
    path.send(100)
    path.wait_committed()
    path.splitter.stop()
    requests = path.umbra.topic("requests")
    late = path.kafka.produce(requests, [
        Record(b"k", b"{}", [("x-request-id", b"late%d" % i)], partition=i % PARTITIONS) for i in range(80)])
    ends = path.kafka.ends(requests)
    subprocess.run([binary("umbra-delete-records"), path.kafka.brokers, requests, "0", str(ends[0][1] - 5)],
                   check=True, timeout=60)
    path.umbra.start("umbra-splitter", *QUICK).wait_log("partition 0: its position is gone from the topic")
    splitter = path.umbra.programs[-1]

    def answered(partitions):
        ids = set(path.answered_ids())
        return [f"late{i}" in ids for i in range(80) if i % PARTITIONS in partitions]

    until(lambda: all(answered([1, 2, 3])), "the other partitions go on", every=0.2)
    assert not any(answered([0])) and splitter.metric("umbra_splitter_stopped_partitions") == 1
    until(lambda: splitter.admin("/readyz")[0] == 503, "the alarm is seen from outside")
    path.umbra.run("umbractl", "set-start", "endpoint", path.umbra.endpoint, "--from", "earliest")
    splitter.wait_ready(seconds=60)
    until(lambda: answered([0]) == [False] * 15 + [True] * 5, "what is left is answered", every=0.2)
    assert len(late) == 80 and splitter.metric("umbra_splitter_stopped_partitions") == 0
