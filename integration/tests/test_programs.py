"""What every program has in common: help, versions, settings, the admin port."""
import json
import re
import subprocess

import pytest

from program import binary
from waiting import until

PROGRAMS = ["umbractl", "umbra-aggregator", "umbra-console", "umbra-producer", "umbra-shadow", "umbra-splitter"]
SERVICES = ["umbra-aggregator", "umbra-shadow", "umbra-splitter"]
LIBRARIES = ["librdkafka", "libcurl", "avro-c", "libconfig", "jansson", "libmicrohttpd", "xxHash"]


def run(*words, env=None):
    return subprocess.run([binary(words[0]), *words[1:]], capture_output=True, text=True, timeout=20,
                          stdin=subprocess.DEVNULL, env=env)


# The command line


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_lists_every_option_with_its_default(program):
    done = run(program, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith(f"Usage: {program} ")
    for option in ("--brokers", "--prefix", "--property", "--log-level", "--config", "--check-config",
                   "--help", "--version"):
        assert option in done.stdout
    assert "[default localhost:9092; file: brokers]" in " ".join(done.stdout.split())


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_version_names_the_libraries_in_use(program):
    lines = run(program, "--version").stdout.splitlines()
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+", lines[0])
    assert [line.split()[0] for line in lines[1:]] == LIBRARIES
    assert all(re.search(r" \d+\.\d+", line) for line in lines)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_manual_page_has_the_usual_sections(program):
    page = run(program, "--help=man").stdout
    assert page.startswith(".TH ")
    assert re.findall(r"^\.SH (.*)$", page, re.M)[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_unknown_option_is_told_with_the_nearest(program):
    verb = ["get"] if program == "umbractl" else []
    done = run(program, *verb, "--brokrs", "x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{program}: unknown option --brokrs; did you mean --brokers?\n"


# Settings files

WRONG = [  # a settings file, and all that is said of it
    ('broker = "k:1";', '1: broker: unknown setting; did you mean "brokers"?'),
    ("brokers = 5;", "1: brokers: write text in quotes"),
    ('brokers = "";', "1: brokers: it is empty; write HOST:PORT, several with commas"),
    ('brokers = "k:99999";', '1: brokers: "k:99999" is no HOST:PORT with a port up to 65535'),
    ('brokers = "k:1";\nbrokers = "k:2";', "2: duplicate setting name"),
    ('log = { level = "loud"; };', '1: log.level: "loud" is none of off, error, warn, info, debug'),
    ('log = { lvel = "info"; };', '1: log.lvel: unknown setting; did you mean "log.level"?'),
    ('\n\nadmin = "nowhere";', '3: admin: "nowhere" is no HOST:PORT with a port up to 65535'),
    ('drain_timeout = "2 fortnights";', '1: drain_timeout: "2 fortnights" is not a duration with its '
     "unit, as 250ms, 2s or 7d"),
    ('drain_timeout = "9h";', '1: drain_timeout: "9h" is out of range: 0 to 1h'),
    ('prefix = "a b";', "1: prefix: it may hold 100 of the characters A-Z a-z 0-9 . _ -"),
    ('kafka = { properties = [ "sasl.pasword=hunter2" ]; };', "1: kafka.properties: librdkafka has no "
     'property "sasl.pasword"; did you mean "sasl.password"?'),
    ('kafka = { properties = [ "linger.ms=soon" ]; };', "1: kafka.properties: librdkafka does not take "
     'the value of property "linger.ms"; see its CONFIGURATION.md'),
    ('kafka = { properties = [ "linger.ms" ]; };', "1: kafka.properties: a property is written NAME=VALUE"),
    ('kafka = { properties = [ "sasl.password=${NO_SUCH_VARIABLE}" ]; };', "1: kafka.properties: the "
     "environment variable NO_SUCH_VARIABLE is not set; set it, or write the value in its place"),
    ('kafka = { properties = [ "sasl.password_file=/no/such" ]; };', "1: kafka.properties: property "
     '"sasl.password_file": cannot read /no/such: No such file or directory'),
]


@pytest.mark.parametrize("program", SERVICES)
@pytest.mark.parametrize("text, message", WRONG)
def test_a_wrong_settings_file_is_told_in_one_line(tmp_path, program, text, message):
    path = tmp_path / "wrong.conf"
    path.write_text(text)
    for words in (["--check-config"], []):
        done = run(program, "-c", path, *words)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{path}:{message}\n")


@pytest.mark.parametrize("program", SERVICES)
def test_a_good_settings_file_is_said_to_be_good(tmp_path, program):
    path = tmp_path / "good.conf"
    path.write_text('brokers = "kafka-1:9093,[::1]:9092,kafka-2"; admin = "127.0.0.1:0"; instance = "a-1";\n'
                    'kafka = { properties = [ "linger.ms=5", "sasl.password=${SECRET}" ]; };\n'
                    'drain_timeout = "5s"; log = { level = "warn"; format = "json"; };\n')
    done = run(program, "-c", path, "--check-config", env={"SECRET": "hunter2"})
    assert done.returncode == 0 and "hunter2" not in done.stdout + done.stderr


# The log

LOGFMT = re.compile(r'time=(\S+Z) level=(\w+) program=(\S+)( object="(?:[^"\\]|\\.)*")? msg="((?:[^"\\]|\\.)*)"')


@pytest.mark.parametrize("program", SERVICES)
@pytest.mark.parametrize("form, read", [
    ("json", json.loads),
    ("logfmt", lambda line: json.loads('"' + LOGFMT.fullmatch(line)[5] + '"')),
])
def test_each_line_of_a_life_is_in_the_form_that_was_asked_for(ready, program, form, read):
    process = ready.start(program, "--log-format", form, "--log-level", "debug", "-X", "debug=broker,cgrp")
    until(lambda: process.log().count("\n") > 100, "librdkafka talks")
    process.stop()
    lines = process.log().splitlines()
    assert lines and all(read(line) for line in lines)


# The admin port


@pytest.mark.parametrize("program", SERVICES)
def test_the_admin_port_tells_life_readiness_and_sound_metrics(ready, program):
    process = ready.start(program).wait_ready()
    assert process.admin("/livez")[0] == 200
    status, text = process.admin("/metrics")
    assert status == 200
    check = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
    assert check.returncode == 0, check.stdout + check.stderr
    assert process.admin("/nothing")[0] == 404
    process.stop()


@pytest.mark.parametrize("program", SERVICES)
def test_without_an_installation_a_program_lives_and_says_why_it_is_not_ready(umbra, program):
    process = umbra.start(program)
    process.wait_log("umbractl init")
    assert process.admin("/livez")[0] == 200
    until(lambda: process.admin("/readyz")[0] == 503 and "umbractl init" in process.admin("/readyz")[1],
          "not ready, and why")
    umbra.run("umbractl", "init")
    process.wait_ready()
    process.stop()
