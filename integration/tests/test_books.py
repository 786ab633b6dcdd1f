"""After each fault the books close: umbractl report, which reads nothing but umbra.aggregates, says
that every copy was paired or lost with a reason and none is pending, and production is whole."""
import json
import threading

import pytest

from model_server import Answer
from path import QUICK, TEST, Path
from waiting import until

REQUESTS = 120
HORIZON = ["--horizon", "20s"]  # longer than any fault lasts


def report(path):
    """The report, while it is built: with too little data it says so by its status."""
    done = path.umbra.run("umbractl", "report", TEST, "-o", "json", "--least", "0", expect=None)
    return json.loads(done.stdout) if done.stdout else None


def books(path, sent):
    """(sampled, paired, losses) once the report shows all that was sent, and nothing is pending."""
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
        assert production["invocations"] == production["outcomes"]["ok"] == sent
        return account
    account = until(look, lambda: f"the books close: {json.dumps(seen[0])[-1500:]}", 60, every=0.3)
    assert account["sampled"] == sent == account["paired"] + sum(account["losses"].values())
    alarms = report(path)["alarms"]
    assert len(alarms) == ("unanswered" in account["losses"])
    assert all("nobody told within the horizon" in alarm for alarm in alarms)
    return account["paired"], account["losses"]


def check_production(path, sent):
    assert len(set(path.answered_ids())) == sent, "every request has its answer"


def run(path):
    path.define().start()
    path.aggregator = path.umbra.start("umbra-aggregator", *QUICK, *HORIZON).wait_ready()


def produce(path):
    path.produce(REQUESTS)


# The faults: each drives its requests through, and returns how many there were


def shadow_model_is_down(path):
    path.shadow_model.close()
    produce(path)


def shadow_model_hangs(path):
    path.shadow_model.answer = Answer(hang=True)
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


def asked_or_shed(paired, lost):
    """A model that fails again and again is spared for a while."""
    return paired > 0 and set(lost) <= {"shed"}


FAULTS = {  # fault: what the books must say of (paired, losses)
    shadow_model_is_down: asked_or_shed,
    shadow_model_hangs: asked_or_shed,
    shadow_model_fails: asked_or_shed,
    shadow_model_answers_garbage: asked_or_shed,
    shadow_consumer_is_killed: lambda paired, lost: lost == {"unanswered": REQUESTS},
    splitter_is_killed: lambda paired, lost: paired >= REQUESTS,
    shadow_topic_is_missing: lambda paired, lost: lost == {"not_delivered": REQUESTS},
    shadow_topic_refuses: lambda paired, lost: lost == {"not_delivered": REQUESTS},
    aggregator_is_killed: lambda paired, lost: paired >= REQUESTS,
    partitions_move: lambda paired, lost: paired >= REQUESTS,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_the_books_close_after(fault, path):
    run(path)
    sent = fault(path) or REQUESTS
    paired, lost = books(path, sent)
    assert FAULTS[fault](paired, lost), (paired, lost)
    check_production(path, sent)


def test_the_books_close_after_the_broker_was_away(own_broker, new_umbra, model, shadow_model):
    path = Path(new_umbra(own_broker.address), model, shadow_model)
    run(path)
    with path.under_load("--rate", "50", "--timeout", "90s") as sent:
        path.wait_answers(50)
        own_broker.stop()
        threading.Event().wait(3)  # the fault is that time passes
        own_broker.start()
        path.wait_answers(path.answered() + 100)
    books(path, len(sent))
    check_production(path, len(sent))
