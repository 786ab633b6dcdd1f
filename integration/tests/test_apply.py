"""umbractl init and apply on a real broker: what they create, write, refuse and leave alone."""
import os
import re
import subprocess

import pytest
from confluent_kafka.admin import ConfigResource

from control import history, one_endpoint, shadow_tests, the_endpoints, the_tests
from definitions import variant
from program import binary
from records import Record


def config(umbra, topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    entries = umbra.kafka.admin.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in entries.items()}


# init

def test_init_makes_the_topics_with_their_properties_and_again_changes_nothing(umbra):
    first = umbra.run("umbractl", "init", "--event-partitions", 3).stdout
    assert first.count("created") == 4
    assert umbra.kafka.partitions(umbra.own_topic("control")) == 1
    assert umbra.kafka.partitions(umbra.own_topic("events")) == 3
    control, events = (config(umbra, umbra.own_topic(name)) for name in ("control", "events"))
    assert control["message.timestamp.type"] == events["message.timestamp.type"] == "LogAppendTime"
    assert (control["retention.ms"], control["cleanup.policy"]) == ("-1", "delete")
    assert int(events["retention.ms"]) >= 86_400_000
    aggregates = config(umbra, umbra.own_topic("aggregates"))
    assert set(aggregates["cleanup.policy"].split(",")) == {"compact", "delete"}
    again = umbra.run("umbractl", "init").stdout
    assert "created" not in again and "installation unchanged (3 event partitions)" in again
    assert umbra.kafka.count(umbra.own_topic("control")) == 1


def test_another_number_of_event_partitions_is_refused(ready):
    done = ready.run("umbractl", "init", "--event-partitions", 5, expect=1)
    assert "has 2 partitions already, not 5" in done.stderr


def test_init_without_creating_prints_commands_that_create_what_init_wants(umbra):
    done = umbra.run("umbractl", "init", "--no-create", expect=1)
    commands = done.stdout.splitlines()
    assert len(commands) == 3
    for command in commands:
        words = command.split()
        assert words[:2] == ["kafka-topics.sh", "--bootstrap-server"]
        settings = dict(word.split("=", 1) for flag, word in zip(words, words[1:])
                        if flag == "--config")
        at = {flag: word for flag, word in zip(words, words[1:]) if flag.startswith("--")}
        umbra.kafka.create(at["--topic"], int(at["--partitions"]), **settings)
    done = umbra.run("umbractl", "init", "--no-create")
    assert "installation created (8 event partitions)" in done.stdout


def test_a_topic_with_the_wrong_properties_is_named_with_the_repair(umbra):
    umbra.kafka.create(umbra.own_topic("control"), 1)
    done = umbra.run("umbractl", "init", expect=1)
    assert re.search(r"topic \S+control has \S+; repair it with: kafka-configs.sh .* --add-config "
                     r"retention.ms=-1", done.stderr)


def test_without_init_every_verb_says_what_to_do(umbra):
    for words in (["get", "tests"], ["history"], ["set", "t", "sampling=1"]):
        done = umbra.run("umbractl", *words, expect=1)
        assert done.stderr == f"umbractl: no such topic {umbra.prefix}control: run umbractl init\n"


# apply

def test_a_second_apply_says_unchanged_and_writes_nothing(umbra):
    umbra.run("umbractl", "init")
    text = one_endpoint(umbra) + shadow_tests(umbra.endpoint, "t")
    first = umbra.apply(text).stdout
    topics = ["requests", "responses", "dead-letter", "shadow.t-v2"]
    assert first.splitlines() == [
        *(f"topic {umbra.topic(topic)} created (4 partitions)" for topic in topics),
        f"endpoint {umbra.endpoint} created", "test t created"]
    before = umbra.kafka.count(umbra.own_topic("control"))
    assert umbra.apply(text).stdout.splitlines() == [
        f"endpoint {umbra.endpoint} unchanged", "test t unchanged"]
    assert umbra.kafka.count(umbra.own_topic("control")) == before
    changed = text.replace("50.0", "12.3456")
    assert "test t changed: sampling 50 -> 12.3456" in umbra.apply(changed).stdout
    assert the_tests(umbra)["t"]["created_generation"] == 2
    assert the_tests(umbra)["t"]["sampling"] == 123456


def test_a_dry_run_writes_nothing_and_creates_nothing(umbra):
    umbra.run("umbractl", "init")
    before = umbra.kafka.topics()
    done = umbra.apply(one_endpoint(umbra) + shadow_tests(umbra.endpoint, "t"), "--dry-run")
    assert f"endpoint {umbra.endpoint} created (dry run)" in done.stdout
    assert umbra.kafka.topics() == before
    assert umbra.kafka.count(umbra.own_topic("control")) == 1


def test_without_creating_apply_prints_commands_and_writes(umbra):
    umbra.run("umbractl", "init")
    done = umbra.apply(one_endpoint(umbra), "--no-create")
    assert f"--topic {umbra.topic('requests')} --partitions 4" in done.stdout
    assert umbra.kafka.partitions(umbra.topic("requests")) == 0
    assert the_endpoints(umbra)[umbra.endpoint]["start"] == []


def test_the_start_position_is_resolved_once_and_written(umbra):
    umbra.run("umbractl", "init")
    umbra.kafka.create(umbra.topic("requests"), 2)
    stamp = 1_700_000_000_000
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(None, b"x", [], partition=p, timestamp=stamp + 1000 * n)
        for p, count in ((0, 3), (1, 5)) for n in range(count)])
    text = one_endpoint(umbra, **{"from": "now"})
    umbra.apply(text)
    assert (the_endpoints(umbra)[umbra.endpoint]["start"], the_endpoints(umbra)[umbra.endpoint]["epoch"]) == (
        [3, 5], 1)
    umbra.kafka.produce(umbra.topic("requests"), [Record(None, b"x", [], partition=0)])
    assert "unchanged" in umbra.apply(text).stdout
    assert "epoch 1 -> 2" in umbra.apply(text, "--reset-start").stdout
    assert the_endpoints(umbra)[umbra.endpoint]["start"] == [4, 5]
    umbra.run("umbractl", "set-start", "endpoint", umbra.endpoint, "--from", "earliest")
    assert the_endpoints(umbra)[umbra.endpoint]["start"] == [0, 0]
    done = umbra.run("umbractl", "set-start", umbra.endpoint, "--from", "2023-11-14T22:13:22Z")
    assert "start 0, 0 -> 2, 2, epoch 3 -> 4" in done.stdout


def test_from_a_time_and_earliest_in_the_file(umbra):
    umbra.run("umbractl", "init")
    umbra.kafka.create(umbra.topic("requests"), 1)
    umbra.kafka.produce(umbra.topic("requests"), [
        Record(None, b"x", [], timestamp=1_700_000_000_000 + 1000 * n) for n in range(3)])
    for start, wanted in (("2023-11-14T22:13:21Z", [1]), ("earliest", [0])):
        umbra.apply(one_endpoint(umbra, **{"from": start}), "--reset-start")
        assert the_endpoints(umbra)[umbra.endpoint]["start"] == wanted


V = 'variants = ( { name = "v"; url = "http://m/"; } );'
HEADERS = 'endpoints = ( { name = "c"; variants = ( { name = "v"; url = "http://m/"; headers = ( %s ); } ); } );'
WRONG = [  # a definition file, and all that is said of it
    ("endpoint = ();", '1: unknown setting "endpoint"; did you mean "endpoints"?'),
    ("endpoints = ( { name = = } );", "1: syntax error"),
    ("", "1: the file defines no endpoints and no tests"),
    ("endpoints = { };", "1: endpoints must be a list of groups, as ( { ... }, { ... } )"),
    ('endpoints = (\n{ name = "c"; formt = "raw"; %s } );' % V,
     '2: unknown setting "formt"; did you mean "format"?'),
    ('endpoints = ( { name = "c"; name = "d"; %s } );' % V, "1: duplicate setting name"),
    ("endpoints = ( { %s } );" % V, "1: name is missing"),
    ("endpoints = ( { name = 5; %s } );" % V, "1: name must be text in quotes"),
    ('endpoints = ( { name = "no spaces"; %s } );' % V,
     '1: name must be 1 to 100 letters, digits, _ and -, not "no spaces"'),
    ('endpoints = ( { name = "c"; format = "xml"; %s } );' % V,
     '1: format must be "raw" or "avro", not "xml"'),
    ('endpoints = ( { name = "c"; from = "yesterday"; %s } );' % V,
     '1: from must be "now", "earliest" or a time, as "2026-01-31T12:00:00Z", not "yesterday"'),
    ('endpoints = ( { name = "c"; max_uncommitted = 0; %s } );' % V,
     "1: max_uncommitted must be from 1 to 1000000, not 0"),
    ('endpoints = ( { name = "c"; max_uncommitted = "many"; %s } );' % V,
     '1: max_uncommitted must be a whole number, not "many"'),
    ('endpoints = ( { name = "c"; correlation_headers = [ 1 ]; %s } );' % V,
     "1: correlation_headers must be text in quotes"),
    ('endpoints = ( { name = "c"; %s topics = { requests = "x";\nresponses = "x"; }; } );' % V,
     "2: topics.requests and topics.responses are the same topic, x"),
    ('endpoints = ( { name = "c"; %s },\n{ name = "c"; %s } );' % (V, V), "2: endpoint c is defined twice"),
    ('endpoints = ( { name = "c"; variants = (\n{ name = "v"; url = "ftp://u:secret@m/"; } ); } );',
     "2: url must be an http or https URL without user and password"),
    ('endpoints = ( { name = "c"; variants = (\n{ name = "v"; url = "http://m/"; timeout = "soon"; } ); } );',
     '2: timeout must be a duration, as "2s" or "500ms", not "soon"'),
    ('endpoints = ( { name = "c"; variants = (\n{ name = "v"; url = "http://m/"; },\n'
     '{ name = "v"; url = "http://m/"; } ); } );', "3: two variants are named v"),
    ('endpoints = ( { name = "c"; variants = ( { name = "v"; url = "http://m/"; weight = 0; } ); } );',
     "1: at least one variant must have a weight above 0"),
    ('endpoints = ( { name = "c"; variants = ( { name = "v"; url = "http://m/"; cert_file = "a"; } ); } );',
     "1: cert_file and key_file belong together"),
    (HEADERS % '{ name = "a b"; value = "x"; }', '1: name must be a header\'s name, not "a b"'),
    (HEADERS % '{ name = "a"; }', "1: a header needs either value or value_file"),
    (HEADERS % '{ name = "a"; value = "x"; value_file = "y"; }',
     "1: a header needs either value or value_file"),
    ('tests = ( { name = "t"; %s\nendpoint = "c"; sampling = 101; } );' % V,
     "2: sampling must be a percentage from 0 to 100, as 12.5, not 101"),
    ('tests = ( { name = "t"; endpoint = "c"; sampling = 12.34567; %s } );' % V,
     "1: sampling must be a percentage with at most four decimals, not 12.34567"),
    ('tests = ( { name = "t"; endpoint = "c"; %s\n sampling = 3000000000; } );' % V,
     "2: 3000000000 is beyond 32 bits and needs an L: write 3000000000L"),
    ('tests = ( { name = "t"; endpoint = "c"; %s } );' % V, "1: sampling is missing"),
    ('tests = ( { name = "t"; endpoint = "c"; sampling = 5.0; variants = ( ); } );',
     "1: variants must hold at least one variant"),
    ('tests = ( { name = "t"; endpoint = "c"; sampling = 5.0; start = "2026-01-02T00:00:00Z";\n'
     'end = "2026-01-01T00:00:00Z"; %s } );' % V, "2: a test must end after its start"),
    ('tests = ( { name = "t"; endpoint = "c"; sampling = 5.0; duration = "1d"; '
     'end = "2090-01-01T00:00:00Z"; %s } );' % V, "1: give either end or duration"),
]


@pytest.mark.parametrize("text, message", WRONG)
def test_a_wrong_file_is_told_in_one_line_before_any_broker_is_asked(tmp_path, text, message):
    path = tmp_path / "wrong.conf"
    path.write_text(text)
    done = subprocess.run([binary("umbractl"), "-b", "127.0.0.1:1", "apply", "-f", path, "--dry-run"],
                          capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{path}:{message}\n")


def test_what_the_log_forbids_is_told_with_the_line_too(ready):
    text = one_endpoint(ready) + shadow_tests("nowhere", "v")
    assert "which does not exist" in ready.apply(text, expect=2).stderr
    clash = shadow_tests(ready.endpoint, "w").replace("w-v2", "t-v2")
    done = ready.apply(clash, expect=2)
    assert re.search(r"apply.conf:1: test t has a shadow variant t-v2 already", done.stderr)
    production = shadow_tests(ready.endpoint, "w").replace("w-v2", f"{ready.endpoint}-v1")
    assert "is a production variant" in ready.apply(production, expect=2).stderr
    own = one_endpoint(ready, topics={"requests": f"{ready.prefix}events"})
    assert "its own" in ready.apply(own, expect=2).stderr
    assert len(history(ready)) == 2
