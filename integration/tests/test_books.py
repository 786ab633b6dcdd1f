"""After each fault the books close: umbractl report, which reads nothing but umbra.aggregates, says
that every copy was paired or lost with a reason and none is pending, and production is whole."""
import json
import threading

import pytest

from members import stall
from model_server import Answer
from path import QUICK, TEST, Path
from records import Record
from waiting import until

REQUESTS = 120
HORIZON = ["--horizon", "20s"]  # longer than any fault lasts


def report(path):
    """The report, while it is built: with too little data it says so by its status."""
    done = path.umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "0", expect=None)
    return json.loads(done.stdout) if done.stdout else None


def books(path, sent, outcome="ok"):
    """(paired, losses) once the report shows all that was sent with that outcome of production's, and
    nothing is pending."""
    seen = [None]

    def look():
        seen[0] = found = report(path)
        if not found or not found["accounting"]:
            return None
        [account] = found["accounting"]
        [production] = [v for v in found["variants"]
                        if (v["role"], v["population"], v["name"]) == ("production", "all", "v1")]
        if production["invocations"] < sent or account["sampled"] < sent or account["pending"]:
            return None
        assert production["invocations"] == production["outcomes"][outcome] == sent
        return account
    account = until(look, lambda: f"the books close: {json.dumps(seen[0])[-1500:]}", 60, every=0.3)
    assert account["sampled"] == sent == account["paired"] + sum(account["losses"].values())
    alarms = report(path)["alarms"]
    assert len(alarms) == ("unanswered" in account["losses"])
    assert all("nobody told within the horizon" in alarm for alarm in alarms)
    return account["paired"], account["losses"]


def check_production(path, sent):
    assert len(set(path.answered_ids())) == sent, "every request has its answer"


def run(path, *horizon):
    path.define().start()
    path.aggregator = path.umbra.start("umbra-aggregator", *QUICK, *(horizon or HORIZON)).wait_ready()


def produce(path):
    path.produce(REQUESTS)


# The faults: each drives its requests through, and returns how many there were


def shadow_model_is_down(path):
    path.shadow_model.close()
    produce(path)


def shadow_model_hangs(path):
    path.shadow_model.answer = Answer(hang=True)
    produce(path)


def shadow_model_is_slow(path):
    path.shadow_model.answer = Answer(delay=0.5)
    produce(path)


def shadow_model_fails(path):
    path.shadow_model.answer = Answer(500)
    produce(path)


def shadow_model_answers_garbage(path):
    path.shadow_model.answer = Answer(raw=b"\x00garbage\r\n\r\n")
    produce(path)


def shadow_consumer_is_killed(path):
    path.shadow.kill()
    produce(path)


def shadow_consumer_is_killed_under_load(path):
    with path.under_load("--rate", "100") as sent:
        path.wait_answers(REQUESTS // 2)
        path.shadow.kill()
        path.start_shadow()
        path.wait_answers(REQUESTS)
    return len(sent)


def copies_do_not_fit_into_their_queue(path):
    path.splitter.stop()
    path.start_splitter("-X", "queue.buffering.max.messages=20", "-X", "linger.ms=200")
    produce(path)


def splitter_is_killed(path):
    with path.under_load("--rate", "100") as sent:
        path.wait_answers(REQUESTS // 2)
        path.splitter.kill()
        path.start_splitter()
        path.wait_answers(REQUESTS)
    return len(sent)


def shadow_topic_is_missing(path):
    topic = path.shadow_topic()
    path.shadow.stop()
    path.splitter.stop()
    path.kafka.admin.delete_topics([topic])[topic].result(30)
    until(lambda: topic not in path.kafka.topics(), "the shadow topic is gone")
    path.start_splitter()
    produce(path)


def shadow_topic_refuses(path):
    path.kafka.configure(path.shadow_topic(), **{"max.message.bytes": "60"})
    produce(path)


def aggregator_is_killed(path):
    with path.under_load("--rate", "100") as sent:
        path.wait_answers(REQUESTS // 2)
        path.aggregator.kill()
        path.umbra.start("umbra-aggregator", *QUICK, *HORIZON).wait_ready()
        path.wait_answers(REQUESTS)
    return len(sent)


def partitions_move(path):
    with path.under_load("--rate", "100") as sent:
        path.wait_answers(REQUESTS // 2)
        for program in ("umbra-splitter", "umbra-shadow"):
            path.umbra.start(program, *QUICK).wait_ready()
        path.umbra.start("umbra-aggregator", *QUICK, *HORIZON).wait_ready()
        path.wait_answers(path.answered() + 50)
        path.splitter.stop()
        path.shadow.stop()
        path.aggregator.stop()
        path.wait_answers(path.answered() + 50)
    return len(sent)


def members_stall(path):
    """One of each kind stops past its session, while others take over."""
    stalled = path.splitter, path.shadow, path.aggregator
    with path.under_load("--rate", "50") as sent:
        others = [path.umbra.start(program.name, *QUICK, *(HORIZON if program is path.aggregator else []))
                  .wait_ready() for program in stalled]
        path.wait_answers(REQUESTS // 2)
        stall(*((path.kafka.partitions(topic), member, [other]) for topic, member, other in zip(
            (path.umbra.topic("requests"), path.shadow_topic(), path.umbra.own_topic("events")), stalled, others)))
        path.wait_answers(path.answered() + 50)
    return len(sent)


def some_records_are_bad(path):
    path.kafka.produce(path.umbra.topic("requests"), [Record(b"k", b"") for _ in range(20)])
    produce(path)
    path.kafka.wait_count(path.umbra.topic("dead-letter"), 20)


def request_topic_is_made_anew(path):
    produce(path)
    path.wait_committed()
    path.kafka.recreate(path.umbra.topic("requests"), 4)
    path.umbra.run("umbractl", "set-start", "endpoint", path.umbra.endpoint, "--from", "earliest")
    path.send(REQUESTS)
    path.wait_answers(2 * REQUESTS)
    return 2 * REQUESTS


def asked_or_shed(paired, lost):
    """A model that fails again and again is spared for a while."""
    return paired > 0 and set(lost) <= {"shed"}


FAULTS = {  # fault: what the books must say of (paired, losses)
    shadow_model_is_down: asked_or_shed,
    shadow_model_hangs: asked_or_shed,
    shadow_model_is_slow: lambda paired, lost: paired == REQUESTS,
    shadow_model_fails: asked_or_shed,
    shadow_model_answers_garbage: asked_or_shed,
    shadow_consumer_is_killed: lambda paired, lost: lost == {"unanswered": REQUESTS},
    shadow_consumer_is_killed_under_load: lambda paired, lost: paired >= REQUESTS,
    copies_do_not_fit_into_their_queue: lambda paired, lost: lost["not_delivered"] > 0,
    splitter_is_killed: lambda paired, lost: paired >= REQUESTS,
    shadow_topic_is_missing: lambda paired, lost: lost == {"not_delivered": REQUESTS},
    shadow_topic_refuses: lambda paired, lost: lost == {"not_delivered": REQUESTS},
    aggregator_is_killed: lambda paired, lost: paired >= REQUESTS,
    partitions_move: lambda paired, lost: paired >= REQUESTS,
    members_stall: lambda paired, lost: paired >= REQUESTS,
    some_records_are_bad: lambda paired, lost: paired == REQUESTS,
    request_topic_is_made_anew: lambda paired, lost: paired == 2 * REQUESTS,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_books_close_after(fault, path):
    run(path)
    sent = fault(path) or REQUESTS
    paired, lost = books(path, sent)
    assert FAULTS[fault](paired, lost), (paired, lost)
    check_production(path, sent)


@pytest.mark.parametrize("outcome, answer", [
    ("server_error", Answer(500)), ("client_error", Answer(400)), ("timeout", Answer(hang=True)),
    ("protocol_error", Answer(raw=b"garbage\r\n\r\n"))])
def test_the_books_close_when_production_fails(path, outcome, answer):
    path.model.answer = answer
    path.define(production={"timeout": "300ms"}).start()
    path.umbra.start("umbra-aggregator", *QUICK, *HORIZON).wait_ready()
    path.send(10)  # before it is spared
    paired, lost = books(path, 10, outcome)
    assert (paired, lost) == (10, {})
    check_production(path, 10)


def test_the_books_close_after_the_broker_was_away(own_broker, new_umbra, model, shadow_model):
    path = Path(new_umbra(own_broker.address), model, shadow_model)
    run(path, "--horizon", "2m")  # a busy machine starts a broker slowly
    with path.under_load("--rate", "50", "--timeout", "90s") as sent:
        path.wait_answers(50)
        own_broker.stop()
        threading.Event().wait(3)  # the fault is that time passes
        own_broker.start()
        path.wait_answers(path.answered() + 100)
    books(path, len(sent))
    check_production(path, len(sent))
