"""Without any one of the rights that `umbractl acls` prints, a program says what is missing: nothing
else works then, or, where the design says so, it counts what is refused and goes on."""
import json
import re

import pytest

from definitions import definitions, endpoint, test, variant
from model_server import ModelServer
from records import Record
from secured import SecureInstallation
from waiting import until

REMEDY = ".*umbractl acls prints what each program must be allowed"
SOON = ["-X", "topic.metadata.propagation.max.ms=1000"]  # for so long Kafka may not know a topic


def defined(umbra, urls, **settings):
    return definitions(endpoint(umbra.endpoint, [variant("v1", urls[0])], partitions=1, **settings),
                       test("t", umbra.endpoint, [variant("v2", urls[1])]))


@pytest.fixture(scope="module")
def urls():
    models = ModelServer(), ModelServer()
    yield [model.url for model in models]
    for model in models:
        model.close()


@pytest.fixture(scope="module")
def house(secure, tmp_path_factory, urls):
    """An installation in which each program may do what it needs; one request was answered."""
    umbra = SecureInstallation(secure, tmp_path_factory.mktemp("house"))
    umbra.run("umbractl", "init", "--event-partitions", 1)
    for topic in "replies", "captured":
        umbra.kafka.create(umbra.topic(topic))
        umbra.kafka.produce(umbra.topic(topic), [Record(b"k", b"{}")])
    umbra.apply(defined(umbra, urls, reply_topics=[umbra.topic("replies")]))
    secure.allow(all_rights(umbra))
    splitter = umbra.start_secure("umbra-splitter", umbra.sasl).wait_ready()
    umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", b"{}")])
    umbra.kafka.wait_count(umbra.own_topic("events"), 1)
    splitter.stop()
    yield umbra
    umbra.close()


def all_rights(umbra):
    """A list with one operation in each."""
    return [{**acl, "operations": [operation]}
            for acl in umbra.acls("--from-topic", umbra.topic("captured")) for operation in acl["operations"]]


def key(umbra, acl):
    name = acl["name"].removeprefix(umbra.prefix).replace(umbra.endpoint, "E")
    return acl["program"], name, acl["operations"][0]


class without:
    """As long as the block runs, the right is missing. Gives the name of the topic or group."""

    def __init__(self, umbra, *wanted):
        [self.acl] = [acl for acl in all_rights(umbra) if key(umbra, acl) == wanted]
        self.broker = umbra.broker

    def __enter__(self):
        self.broker.allow([self.acl], "forget")
        return re.escape(self.acl["name"])

    def __exit__(self, *_):
        self.broker.allow([self.acl])


# Services: what the log says, {} being the topic's or group's name, and whether it is ready

UNREAD = "{} cannot be read: .*Topic authorization failed"
UNCHECKED = "the properties of topic {} cannot be checked: .*Topic authorization failed"
UNASKED = "group {} may not be asked about: .*Group authorization failed"
UNLEARNT = "the partitions of topic {} cannot be learnt: .*Topic authorization failed"
UNJOINED = "GROUP_AUTHORIZATION_FAILED"
READS = {("control", "Read"): (UNLEARNT, False), ("control", "DescribeConfigs"): (UNCHECKED, True),
         ("reader", "Describe"): (UNASKED, True), ("events", "DescribeConfigs"): (UNCHECKED, True)}
SERVICES = {
    "umbra-splitter": {
        **READS,
        ("events", "Write"): (UNLEARNT, False),
        ("E.requests", "Read"): ("Subscribed topic not available: {}: .*Topic authorization failed", False),
        ("E.responses", "Write"): ("an answer was refused: .*Topic authorization failed", True),
        ("E.replies", "Write"): ("an answer was refused: .*Topic authorization failed", True),
        ("E.dead-letter", "Write"): ("a dead letter was refused: .*Topic authorization failed", True),
        ("splitter.E", "Read"): (UNJOINED, False),
    },
    "umbra-shadow": {
        **READS,
        ("events", "Write"): (UNLEARNT, False),
        ("E.shadow.", "Read"): ("Subscribed topic not available: {}v2: .*Topic authorization failed", False),
        ("shadow.E.", "Read"): (UNJOINED, False),
    },
    "umbra-aggregator": {
        **READS,
        ("events", "Read"): ("events: TOPIC_AUTHORIZATION_FAILED", True),
        ("events", "Write"): ("a record for {} was refused: .*Topic authorization failed", True),
        ("aggregates", "Write"): ("a record for {} was refused: .*Topic authorization failed", True),
        ("aggregator", "Read"): (UNJOINED, False),
    },
    "umbra-console": {
        **READS,
        ("events", "Describe"): (UNLEARNT, False),
        ("aggregates", "Read"): (UNLEARNT, False),
        **{(group, "Describe"): (UNASKED, True) for group in ("aggregator", "splitter.E")},
        ("shadow.E.", "Describe"): (UNASKED.format("{}v2"), True),
        ("E.requests", "Describe"): (UNLEARNT, True),
        ("E.shadow.", "Describe"): (UNLEARNT.format("{}v2"), True),
    },
}


def check_service(umbra, program, what, operation, send):
    words, is_ready = SERVICES[program][what, operation]
    with without(umbra, program, what, operation) as name:
        service = umbra.start_secure(program, umbra.sasl, "--instance", "one", *SOON)
        umbra.kafka.produce(umbra.topic("requests"), send)
        service.wait_log(words.format(name) + REMEDY, 40)
        until(lambda: service.admin("/readyz")[0] == (200 if is_ready else 503), f"ready: {is_ready}", 40)
        service.kill()


@pytest.mark.parametrize("what, operation", SERVICES["umbra-splitter"])
def test_a_splitter_without_one_right_says_which(house, what, operation):
    reply = [("kafka_replyTopic", house.topic("replies").encode())]
    check_service(house, "umbra-splitter", what, operation, [
        Record(b"k", b"{}"), Record(b"k", b"{}", reply), Record(b"k", b"")])


def test_without_the_right_to_the_shadow_topics_copies_are_told_as_lost_and_production_does_not_notice(house):
    with without(house, "umbra-splitter", "E.shadow.", "Write"):
        answered = house.kafka.count(house.topic("responses"))
        splitter = house.start_secure("umbra-splitter", house.sasl, "--instance", "one", *SOON).wait_ready()
        house.kafka.produce(house.topic("requests"), [Record(b"k", b"{}")])
        house.kafka.wait_count(house.topic("responses"), answered + 1)
        until(lambda: splitter.metric("umbra_splitter_copies_total", result="not_authorized") > 0, "it is counted")
        splitter.kill()


@pytest.fixture(scope="module")
def answering(house):
    """It has a splitter that answers, from now on."""
    splitter = house.start_secure("umbra-splitter", house.sasl, "--instance", "one").wait_ready()
    yield house
    splitter.kill()


@pytest.mark.parametrize("program, what, operation", [
    (program, *right) for program, rights in SERVICES.items() for right in rights if program != "umbra-splitter"])
def test_a_service_without_one_right_says_which(answering, program, what, operation):
    check_service(answering, program, what, operation, [Record(b"k", b"{}")])


# umbra-producer: the run that needs the right, its status, and what it says

WAIT, LABEL, REPLAY = ["--wait", "--timeout", "20s"], ["--label", "truth"], ["--from-topic"]
PRODUCER = {
    ("control", "Read"): (WAIT, 1, UNLEARNT),
    ("reader", "Describe"): (WAIT, 0, UNASKED),
    ("events", "Write"): (LABEL, 1, "the label of .* cannot be published: .*Topic authorization failed"),
    ("E.requests", "Write"): (LABEL, 1, "cannot be published to {}: .*Topic authorization failed"),
    ("E.requests", "Read"): (REPLAY, 1, UNREAD),
    ("E.captured", "Read"): (REPLAY, 1, UNLEARNT),
    ("E.responses", "Read"): (WAIT, 1, UNLEARNT),
}


@pytest.mark.parametrize("what, operation", PRODUCER)
def test_a_producer_without_one_right_says_which(answering, what, operation):
    run, status, words = PRODUCER[what, operation]
    source = [answering.topic(what.removeprefix("E."))] if run == REPLAY else ["--format", "jsonl"]
    lines = None if run == REPLAY else '{"n": 1, "truth": "yes"}\n'
    with without(answering, "umbra-producer", what, operation) as name:
        done = answering.run_secure("umbra-producer", "--endpoint", answering.endpoint, *run, *source,
                                    input=lines, expect=status)
        assert re.search(words.format(name) + REMEDY, done.stderr), done.stderr


# umbractl: the verb that first says something, its status, and what it says

UNMADE = "topic {} cannot be created: .*uthorization failed"
OPERATOR = {
    ("control", "Read"): ("init", 1, UNREAD),
    ("control", "Write"): ("init", 1, "not written to {}: .*Topic authorization failed"),
    ("control", "Create"): ("init", 1, UNMADE),
    ("control", "DescribeConfigs"): ("init", 0, UNCHECKED),
    ("reader", "Describe"): ("cat", 1, UNASKED),
    ("events", "Read"): ("init", 1, UNLEARNT),
    ("events", "Create"): ("init", 1, UNMADE),
    ("events", "DescribeConfigs"): ("init", 0, UNCHECKED),
    ("aggregates", "Read"): ("init", 1, UNLEARNT),
    ("aggregates", "Create"): ("init", 1, UNMADE),
    ("E.shadow.", "Describe"): ("apply", 1, UNLEARNT.format("{}v2")),
    ("E.shadow.", "Create"): ("apply", 1, UNMADE.format("{}v2")),
    ("E.dead-letter", "Read"): ("apply", 1, UNLEARNT),
    ("E.dead-letter", "Create"): ("apply", 1, UNMADE),
    **{(topic, "Describe"): ("apply", 1, UNLEARNT) for topic in ("E.requests", "E.responses")},
    **{(topic, "Create"): ("apply", 1, UNMADE) for topic in ("E.requests", "E.responses")},
}


@pytest.fixture
def newcomer(house, tmp_path):
    """An installation that does not exist yet, and the rights that umbractl will need in it."""
    umbra = SecureInstallation(house.broker, tmp_path)
    text = json.dumps([acl for acl in all_rights(house) if acl["program"] == "umbractl"])
    yield umbra, json.loads(text.replace(house.prefix, umbra.prefix).replace(house.endpoint, umbra.endpoint))
    umbra.close()


def work(umbra, urls):
    """What an operator does, one verb after the other: gives (verb, CompletedProcess)."""
    file = umbra.folder / "apply.conf"
    file.write_text(defined(umbra, urls))
    on = "endpoint", umbra.endpoint
    for verb, *rest in [
            ("init", "--timeout", "5s"), ("apply", "-f", file), ("get", "endpoints"), ("describe", "test", "t"),
            ("set", "t", "sampling=10"), ("history",), ("report", "t"), ("diff", "t"),
            ("set-start", *on, "--from", "earliest"), ("set-start", *on, "--from", "2026-01-01T00:00:00Z"),
            *(("cat", umbra.own_topic(topic)) for topic in ("events", "aggregates", "control")),
            ("cat", umbra.topic("dead-letter")), ("acls",), ("sample-hash", "t", "k"), ("complete", "t"),
            ("delete", "t", "--yes"), ("delete", *on, "--yes")]:
        yield verb, umbra.run_secure("umbractl", verb, *rest, expect=None)


def test_umbractl_works_with_exactly_the_rights_that_acls_prints(newcomer, urls):
    umbra, rights = newcomer
    umbra.broker.allow(rights)
    done = [(verb, run.returncode, run.stderr) for verb, run in work(umbra, urls)]
    assert {(verb, status) for verb, status, _ in done if status} <= {("report", 4), ("diff", 4)}
    assert all(error == "" for _, status, error in done if status == 0), done


@pytest.mark.parametrize("what, operation", OPERATOR)
def test_umbractl_without_one_right_says_which(newcomer, urls, what, operation):
    umbra, rights = newcomer
    [gone] = [acl for acl in rights if key(umbra, acl) == ("umbractl", what, operation)]
    umbra.broker.allow([acl for acl in rights if acl is not gone])
    verb, status, words = OPERATOR[what, operation]
    said = next((verb, run) for verb, run in work(umbra, urls) if run.returncode not in (0, 4) or run.stderr)
    assert (said[0], said[1].returncode) == (verb, status), said
    assert re.search(words.format(re.escape(gone["name"])) + REMEDY, said[1].stderr), said


def test_every_right_that_acls_prints_is_tried(house):
    tried = {(program, *right) for program, rights in SERVICES.items() for right in rights}
    tried |= {("umbra-producer", *right) for right in PRODUCER} | {("umbractl", *right) for right in OPERATOR}
    tried.add(("umbra-splitter", "E.shadow.", "Write"))
    assert {key(house, acl) for acl in all_rights(house)} == tried
