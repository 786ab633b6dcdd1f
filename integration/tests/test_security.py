"""Brokers with security: SASL_SSL and client certificates, exactly the rights that `umbractl acls`
prints, and secrets that show up nowhere."""
import json
import pathlib
import urllib.request

import pytest

import witness
from aggregates import wait_final
from definitions import definitions, endpoint, test, variant
from program import Program
from records import Record, header
from secured import PASSWORDS, SecureInstallation
from waiting import until


@pytest.fixture
def guarded(secure, tmp_path, model, shadow_model):
    """An installation with an endpoint and a test at 100 %; nobody may do anything yet."""
    umbra = SecureInstallation(secure, tmp_path)
    umbra.run("umbractl", "init")
    umbra.apply(definitions(
        endpoint(umbra.endpoint, [variant("v1", model.url)]),
        test("t", umbra.endpoint, [variant("v2", shadow_model.url)])))
    yield umbra
    umbra.close()


def rights(umbra, *programs):
    umbra.broker.allow([acl for program in programs for acl in umbra.acls(program)])


READERS = ["umbra-splitter", "umbra-shadow", "umbra-aggregator", "umbra-console"]


def system(console):
    address = console.wait_log(r"page is at (http://\S+:\d+)/")[1]
    with urllib.request.urlopen(f"{address}/api/v1/system", timeout=20) as answer:
        return json.load(answer)


def lags(console):
    """Why it is not known how far each program has read."""
    return {entry["program"]: entry["why"] for entry in system(console)["lags"]}


def test_a_console_that_may_not_look_at_others_says_so_and_works(guarded):
    needed = [acl for acl in guarded.acls("umbra-console")
              if acl["operations"] != ["Describe"] or acl["name"] == guarded.own_topic("reader")]
    assert len(needed) < len(guarded.acls("umbra-console"))
    guarded.broker.allow(needed)
    console = guarded.start_secure("umbra-console", guarded.sasl).wait_ready(60)
    until(lambda: len(lags(console)) == len(READERS), lambda: f"the others are known: {lags(console)}", every=0.5)
    assert lags(console).pop("umbra-console") is None
    assert all("umbractl acls" in lags(console)[name] for name in READERS[:3]), lags(console)
    assert system(console)["stale"] is False and system(console)["alarms"] == []


def test_each_program_works_with_exactly_the_rights_that_acls_prints(guarded):
    rights(guarded, "umbra-splitter", "umbra-shadow", "umbra-aggregator", "umbra-console", "umbra-producer",
           "umbractl")
    guarded.start_secure("umbra-splitter", guarded.sasl).wait_ready(60)
    guarded.start_secure("umbra-shadow", guarded.certificate).wait_ready(60)
    guarded.start_secure("umbra-aggregator", guarded.sasl, "--horizon", "1s").wait_ready(60)
    lines = "".join(json.dumps({"n": n}) + "\n" for n in range(50))
    guarded.run_secure("umbra-producer", "--endpoint", guarded.endpoint, "--format", "jsonl", "--wait",
                       input=lines)
    until(lambda: guarded.kafka.count(guarded.own_topic("events")) >= 100, "both arms' events")
    wait_final(guarded, lambda sums: sums["t", "shadow", "v2"]["paired"] == 50)
    console = guarded.start_secure("umbra-console", guarded.sasl).wait_ready(60)
    until(lambda: console.metric("umbra_test_paired_total", test="t") == 50, "the console shows them", every=0.5)
    until(lambda: lags(console) == dict.fromkeys(READERS), lambda: f"it sees how far each has read: {lags(console)}",
          every=0.5)
    assert {seen["program"] for seen in system(console)["programs"]} == set(READERS)
    guarded.run_secure("umbractl", "set", "t", "sampling=10")
    assert "sampling" in guarded.run_secure("umbractl", "history").stdout
    guarded.kafka.produce(guarded.topic("requests"), [Record(b"k", b"", [], partition=0)])
    dead, = guarded.kafka.wait_count(guarded.topic("dead-letter"), 1)
    assert header(dead, "__umbra.errors.code") == "empty"


def test_the_producer_may_read_a_captured_topic_that_acls_was_told_and_no_other(guarded):
    other, captured = guarded.topic("other"), guarded.topic("captured")
    for topic in other, captured:
        guarded.kafka.create(topic, 1)
        guarded.kafka.produce(topic, [Record(b"k", b'{"n": 1}', [])])
    guarded.broker.allow(guarded.acls("umbra-producer", "--from-topic", captured))
    to = ["--endpoint", guarded.endpoint, "--from-topic"]
    guarded.run_secure("umbra-producer", *to, captured)
    assert guarded.kafka.count(guarded.topic("requests")) == 1
    refused = guarded.run_secure("umbra-producer", *to, other, expect=1)
    assert other in refused.stderr and "authoriz" in refused.stderr.lower()


def test_the_truth_is_told_with_the_rights_of_acls(guarded):
    guarded.broker.allow(guarded.acls("umbra-producer"))
    guarded.run_secure("umbra-producer", "--endpoint", guarded.endpoint, "--format", "jsonl", "--label", "truth",
                       input='{"n": 1, "truth": "yes"}\n')
    assert guarded.kafka.count(guarded.own_topic("events")) == 1


def test_production_goes_on_without_the_right_to_write_events_and_the_gap_is_told_later(guarded):
    rights(guarded, "umbra-splitter", "umbra-shadow", "umbra-aggregator")
    splitter = guarded.start_secure("umbra-splitter", guarded.sasl).wait_ready(60)
    guarded.start_secure("umbra-shadow", guarded.sasl).wait_ready(60)
    guarded.start_secure("umbra-aggregator", guarded.sasl, "--horizon", "1s").wait_ready(60)
    events = [acl for acl in guarded.acls("umbra-splitter") if acl["name"] == guarded.own_topic("events")]
    guarded.broker.allow(events, "forget")
    guarded.kafka.produce(guarded.topic("requests"), [Record(b"k", b"{}") for _ in range(20)])
    answers = guarded.kafka.wait_count(guarded.topic("responses"), 20)
    assert {header(answer, "umbra-outcome") for answer in answers} == {"ok"}
    splitter.wait_log("an event was given up: .*umbractl acls")
    until(lambda: splitter.metric("umbra_splitter_events_given_up_total") == 20, "they are counted")
    guarded.broker.allow(events)

    def gaps():
        guarded.kafka.produce(guarded.topic("requests"), [Record(b"k", b"{}")])
        records = [witness.decode(r.value) for r in guarded.kafka.read(guarded.own_topic("events"))]
        return [fields for kind, fields in records if kind == "event_gap"]

    told = until(gaps, "the gap is told", seconds=60, every=0.5)
    until(lambda: sum(gap["events"] for gap in gaps()) ==
          splitter.metric("umbra_splitter_events_given_up_total"), "all of it", every=0.5)
    assert (told[0]["program"], told[0]["endpoint"]) == ("umbra-splitter", guarded.endpoint)

    def alarms():
        done = guarded.run("umbractl", "report", "t", "-o", "json", "--least", "0", expect=None)
        return json.loads(done.stdout)["alarms"] if done.stdout else []

    until(lambda: any("given up" in alarm for alarm in alarms()), lambda: f"the report says so: {alarms()}", 60, 0.5)


# Secrets


def test_planted_secrets_show_up_nowhere(guarded, model, shadow_model):
    planted = ["token-in-a-file-c0ffee", "token-in-the-environment-beef", "key-of-a-caller-dead",
               *PASSWORDS.values()]
    (guarded.folder / "token").write_text(planted[0] + "\n")
    headers = [{"name": "authorization", "value_file": str(guarded.folder / "token")},
               {"name": "x-key", "value": "${UMBRA_TEST_KEY}"}]
    guarded.apply(definitions(
        endpoint(guarded.endpoint, [variant("v1", model.url, headers=headers)], secret_headers=["x-api-key"]),
        test("t", guarded.endpoint, [variant("v2", shadow_model.url, headers=headers)])))
    rights(guarded, *PASSWORDS)
    talk = ["--log-level", "debug", "-X", "debug=security,broker"]
    services = [guarded.start_secure(name, guarded.sasl, *talk, *more, env={"UMBRA_TEST_KEY": planted[1]})
                for name, *more in (["umbra-splitter"], ["umbra-shadow"], ["umbra-aggregator", "--horizon", "1s"],
                                    ["umbra-console"])]
    for service in services:
        service.wait_ready(60)
    key = ("x-api-key", planted[2].encode())
    guarded.kafka.produce(guarded.topic("requests"), [
        Record(b"k", body, [key, ("x-other", b"stays")], partition=0) for body in (b"{}", b"{}", b"")])
    sent = guarded.run_secure("umbra-producer", *talk, "--endpoint", guarded.endpoint, "--format", "jsonl", "--wait",
                              input='{"n": 1}\n')
    wait_final(guarded, lambda sums: sums["t", "shadow", "v2"]["paired"] == 3)
    for arm in (model, shadow_model):
        got = dict(arm.requests[0].headers)
        assert (got["authorization"], got["x-key"]) == (planted[0], planted[1]), "the model gets them"
    dead, = guarded.kafka.wait_count(guarded.topic("dead-letter"), 1)
    assert header(dead, "x-other") == "stays"
    seen = [service.log() + service.output() + service.admin("/metrics")[1] + command_line(service)
            for service in services]
    seen += [done.stdout + done.stderr for done in [sent] + [
        guarded.run_secure("umbractl", *words, *talk) for words in what_operators_ask(guarded)]]
    for topic in (guarded.own_topic("events"), guarded.own_topic("control"), guarded.own_topic("aggregates"),
                  *map(guarded.topic, ("shadow.v2", "responses", "dead-letter"))):
        records = guarded.kafka.read(topic)
        assert records, f"something is in {topic}"
        seen += map(repr, records)
        seen.append(guarded.run("umbractl", "cat", topic).stdout)
    for secret in planted:
        assert not [text for text in seen if secret in text], f"{secret} is seen"


def what_operators_ask(umbra):
    for form in [], ["-o", "json"]:
        for words in (["get", "endpoints"], ["get", "tests"], ["describe", "endpoint", umbra.endpoint],
                      ["describe", "test", "t"], ["history"], ["acls"], ["report", "t", "--least", "0"], ["diff", "t"]):
            yield [*words, *form]
    yield ["cat", umbra.topic("dead-letter")]


def command_line(program):
    return pathlib.Path(f"/proc/{program.process.pid}/cmdline").read_bytes().decode()


@pytest.mark.parametrize("name, verb", [
    ("umbra-splitter", []), ("umbra-shadow", []), ("umbra-aggregator", []), ("umbra-console", []),
    ("umbra-producer", []), ("umbractl", ["get", "tests"])])
def test_a_password_on_the_command_line_is_hidden_from_ps(secure, tmp_path, name, verb):
    more = {"umbra-producer": ["--endpoint", "x", "--format", "jsonl"], "umbractl": [],
            "umbra-console": ["--listen", "127.0.0.1:0", "--store", tmp_path / "s"]}.get(name, [])
    program = Program([name, *verb, "-b", secure.env("SASL_SSL"), *more, "-X", "security.protocol=SASL_SSL",
                       "-X", "sasl.mechanisms=PLAIN", "-X", "sasl.username=x", "-Xsasl.password=open-secret-1",
                       "--property", "ssl.key.password=open-secret-2"], tmp_path / "log")
    try:
        until(lambda: "sasl.username" in command_line(program) and "open-secret" not in command_line(program),
              "it is hidden")
        assert program.is_running() and "open-secret" not in program.log()
    finally:
        program.kill()


def test_a_token_file_is_read_again_when_it_changes(guarded, model):
    token = guarded.folder / "token"
    token.write_text("first\n")
    guarded.apply(definitions(endpoint(guarded.endpoint, [variant("v1", model.url, headers=[
        {"name": "authorization", "value_file": str(token)}])])))
    rights(guarded, "umbra-splitter")
    guarded.start_secure("umbra-splitter", guarded.sasl).wait_ready(60)

    def sent():
        before = len(model.requests)
        guarded.kafka.produce(guarded.topic("requests"), [Record(b"k", b"{}", [], partition=0)])
        return dict(model.wait_requests(before + 1)[-1].headers)["authorization"]

    assert sent() == "first"
    fresh = token.with_suffix(".new")
    fresh.write_text("second\n")
    fresh.rename(token)
    until(lambda: sent() == "second", "the new token is sent", every=0.2)
