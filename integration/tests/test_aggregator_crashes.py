"""umbra-aggregator killed at random moments, two sharing the partitions, one stopped past its session
and continued: the final records are those of one that reads the same log undisturbed. It is killed
while windows close, over some 40 s; with UMBRA_LONG=1 fifty times (integration/test --long)."""
import collections
import json
import os
import random
import threading

from confluent_kafka import Consumer, KafkaException, TopicPartition

import witness
from aggregates import final_bytes, losses, records, wait_final
from members import stall
from model_server import Answer
from path import QUICK, TEST
from waiting import until

LONG = bool(os.environ.get("UMBRA_LONG"))
KILLS = 50 if LONG else 10
ARM = TEST, "shadow", f"shadow-{TEST}"


def start(path, name):
    return path.umbra.start("umbra-aggregator", *QUICK, "--horizon", "5s", "--instance", name)


def pause(seconds):
    """Time passes: the moment of the kill is what is random."""
    threading.Event().wait(seconds)


def kill_at_random(path, names, kills, dice):
    """Kills one of them at a time, whatever it does then, and starts it again. Returns them."""
    running = {name: start(path, name) for name in names}
    for _ in range(kills):
        pause(dice.uniform(0.1, 7))
        name = dice.choice(names)
        running[name].kill()
        running[name] = start(path, name)
    for program in running.values():
        program.wait_ready(seconds=60)
    return running


def rewind(path):
    """The group has left, and begins at the first record, as if nobody had ever read."""
    topic = path.umbra.own_topic("events")
    first = [TopicPartition(topic, p, 0) for p in range(path.kafka.partitions(topic))]
    consumer = Consumer({"bootstrap.servers": path.kafka.brokers,
                         "group.id": f"{path.umbra.prefix}aggregator"})

    def commit():
        try:
            return consumer.commit(offsets=first, asynchronous=False)
        except KafkaException:
            return None  # members are still in their session
    try:
        until(commit, "nobody is in the group", 30, every=0.5)
    finally:
        consumer.close()


def finals_after(path, offsets):
    """{key: value} of the final records that lie behind those offsets."""
    return {record.key: record.value for record, fields in records(path.umbra)
            if fields and record.offset >= offsets[record.partition] and not fields["provisional"]}


def n_of(request):
    return json.loads(request.body)["n"]


def define(path):
    """Copies that match and that do not, that fail, that are lost, second calls and the truth."""
    path.model.answer = lambda request: Answer(body=b'{"p": %d}' % (n_of(request) % 2))
    path.shadow_model.answer = lambda request: Answer(500) if n_of(request) % 10 == 0 else Answer(
        body=b'{"p": %d}' % (n_of(request) % 3 == 0))
    path.define(tests={TEST: {"sampling": 50.0, "baseline": 30.0,
                              "compare": {"kind": "label", "label": "/p"}}},
                budget={"copies_per_second": 20})
    return path


def check_traffic(sums, finals):
    """There was something to lose."""
    fields = [witness.decode(value)[1] for value in finals]
    told = collections.Counter()
    for record in fields:
        for name in ("labelled", "mismatch", "match"):
            told[record["role"], name] += record[name]
    assert all(told["shadow", name] > 100 for name in ("labelled", "mismatch", "match")), told
    assert told["baseline", "match"] > 20
    assert losses(sums[ARM])["not_delivered"] > 20 and sums[ARM]["outcomes", "server_error"] > 20
    assert len({record["window_start"] for record in fields}) >= 5


def test_kills_at_random_moments_leave_the_final_records_of_an_undisturbed_run(path):
    dice = random.Random(6)
    define(path).start()
    with path.under_load("--rate", "50", "--label", "truth") as sent:
        running = kill_at_random(path, ["one", "two"], KILLS // 2, dice)
        stall((path.kafka.partitions(path.umbra.own_topic("events")), running["two"], [running["one"]]))
        for program in running.values():
            program.kill()
        running = kill_at_random(path, ["one", "two"], KILLS - KILLS // 2, dice)
    account = path.wait_account(lambda account: account.pending == 0, seconds=120)
    sums = wait_final(path.umbra, lambda sums: sums[ARM]["sampled"] == account.sampled and
                      sums[None, "production", "v1"]["invocations"] == len(sent))
    assert sums[ARM]["paired"] == account.paired and losses(sums[ARM]) == dict(account.losses)
    for program in running.values():
        program.stop()
    disturbed = final_bytes(path.umbra)
    assert all(len(values) == 1 for values in disturbed.values())
    check_traffic(sums, [value for (value,) in disturbed.values()])
    ends = {p: high for p, (_, high) in
            path.kafka.ends(path.umbra.own_topic("aggregates")).items()}
    rewind(path)
    start(path, "undisturbed").wait_ready()
    until(lambda: len(finals_after(path, ends)) >= len(disturbed), "it has written them all", 90, 0.5)
    assert finals_after(path, ends) == {key: value for key, (value,) in disturbed.items()}
