"""Completion in bash: what is offered for the words that have been typed."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from control import one_endpoint, shadow_tests
from program import BUILD, binary

ASK = r"""
source "$1"; source "$2"
COMP_WORDBREAKS=$3 COMP_LINE=$4 COMP_POINT=${#4}
COMP_WORDS=("${@:5}") COMP_CWORD=$(($# - 5))
_umbra_complete "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def script(program):
    return str(BUILD / "completions" / program)


def split(line, breaks):
    """The words as readline makes them: a run of = or : is a word, if they are word breaks."""
    marks = "".join(mark for mark in "=:" if mark in breaks)
    pattern = rf"[{marks}]+|[^\s{marks}]+" if marks else r"\S+"
    return re.findall(pattern, line) + ([""] if line[-1] in " " else [])


def complete(line, breaks=" \t\n\"'><=;|&(:", path=None, folder=None, timeout="30s"):
    """The sorted replies for the line with the cursor at its end."""
    program = os.path.basename(line.split()[0])
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "bash", script(program), script("umbractl"), breaks, line,
         *split(line, breaks)],
        capture_output=True, text=True, timeout=60, cwd=folder,
        env={**os.environ, "PATH": f"{path or BUILD / 'bin'}:{os.environ['PATH']}",
             "UMBRA_COMPLETION_TIMEOUT": timeout})
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(done.stdout.split())


# Options and words


def test_the_verbs_are_offered_and_narrowed():
    verbs = complete("umbractl ")
    assert {"init", "apply", "get", "complete", "set-start", "sample-hash"} <= set(verbs)
    assert complete("umbractl se") == ["set", "set-start"]
    assert complete("umbractl -b kafka:9092 --prefix x. ca") == ["cancel", "cat"]
    assert complete("umbractl --log-level=error comp") == ["complete"]


def test_each_verb_has_its_own_options():
    assert complete("umbractl apply --d") == ["--dry-run"]
    assert complete("umbractl get --d") == []
    assert complete("umbractl --brokers k get --out") == ["--output="]
    assert "--event-partitions=" in complete("umbractl init --")


@pytest.mark.parametrize("program", ["umbractl get", "umbra-aggregator", "umbra-producer",
                                     "umbra-shadow", "umbra-splitter"])
def test_what_the_help_lists_is_offered(program):
    text = subprocess.run([binary(program.split()[0]), *program.split()[1:], "--help"],
                          capture_output=True, text=True).stdout
    options = set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", text, re.M))
    assert len(options) > 9
    assert {reply.rstrip("=") for reply in complete(f"{program} --")} == options


@pytest.mark.parametrize("line, replies", [
    ("umbra-splitter --log-level ", ["debug", "error", "info", "off", "warn"]),
    ("umbra-splitter --log-level=", ["debug", "error", "info", "off", "warn"]),
    ("umbra-splitter --log-level=wa", ["warn"]),
    ("umbra-producer -f j", ["jsonl"]),
    ("umbra-producer --arrivals=p", ["poisson"]),
    ("umbractl get tests -o n", ["name"]),
    ("umbractl set-start endpoint x --from=n", ["now"]),
    ("umbractl set-start ", ["endpoint"]),
    ("umbractl get ", ["endpoints", "tests"]),
    ("umbractl get -o json t", ["tests"]),
    ("umbractl describe ", ["endpoint", "test"]),
    ("umbractl acls umbra-splitter umbra-s", ["umbra-shadow", "umbra-splitter"]),
    ("umbractl get tests ", []),
    ("umbra-shadow ", []),
    ("umbra-shadow --max-age ", []),
    ("umbractl nonsense ", []),
])
def test_words_are_offered_where_the_help_has_them(line, replies):
    assert complete(line) == replies


def test_a_shell_that_does_not_split_at_equals_signs_gets_the_whole_word():
    breaks = " \t\n"
    assert complete("umbra-splitter --log-level=wa", breaks) == ["--log-level=warn"]
    assert complete("umbractl -b kafka:9092 get tests --output=js", breaks) == ["--output=json"]


def test_files_are_offered(tmp_path):
    for name in "a.csv", "b.csv", "a:1.csv":
        (tmp_path / name).write_text("")
    assert complete("umbra-producer a.", folder=tmp_path) == ["a.csv"]
    assert complete("umbractl apply -f b", folder=tmp_path) == ["b.csv"]
    assert complete("umbra-splitter --config=b", folder=tmp_path) == ["b.csv"]
    assert complete("umbractl apply -f a:", folder=tmp_path) == ["1.csv"]


# Names


@pytest.fixture
def line(umbra):
    """A command line that reaches an installation with tests, up to its verb."""
    umbra.run("umbractl", "init")
    umbra.apply(one_endpoint(umbra) + shadow_tests(umbra.endpoint, "autumn", "winter"))
    return f"umbractl -b {umbra.kafka.brokers} --prefix {umbra.prefix}"


def test_the_names_of_tests_and_endpoints_are_printed_alone(umbra, line):
    assert umbra.run("umbractl", "get", "tests", "-o", "name").stdout == "autumn\nwinter\n"
    assert umbra.run("umbractl", "get", "endpoints", "-o", "name").stdout == umbra.endpoint + "\n"


def test_names_complete_themselves(umbra, line):
    assert complete(f"{line} complete ") == ["autumn", "winter"]
    assert complete(f"{line} set w") == ["winter"]
    assert complete(f"{line} describe test a") == ["autumn"]
    assert complete(f"{line} describe endpoint ") == [umbra.endpoint]
    assert complete(f"{line} history ") == sorted(["autumn", umbra.endpoint, "winter"])
    assert complete(f"{line} delete ") == ["autumn", "endpoint", "winter"]
    assert complete(f"{line} delete endpoint ") == [umbra.endpoint]
    options = line.replace("umbractl", "umbra-producer")
    assert complete(f"{options} --endpoint=") == [umbra.endpoint]
    assert complete(f"{options} -e ") == [umbra.endpoint]


def test_without_a_broker_nothing_is_offered_and_nothing_said():
    begin = time.monotonic()
    assert complete("umbractl -b 127.0.0.1:1 complete ", timeout="") == []
    assert time.monotonic() - begin < 20


def test_no_name_and_no_word_is_ever_run(tmp_path):
    """A umbractl that is none answers with what a shell would run, if it were let."""
    fake = tmp_path / "umbractl"
    fake.write_text("#!/bin/sh\necho '$(touch${IFS}ran)'; echo '`touch${IFS}ran`'; echo '*'\n")
    fake.chmod(0o755)
    replies = complete("umbra-producer -b $(touch${IFS}ran) --prefix '`touch${IFS}ran`' --endpoint ",
                       path=tmp_path, folder=tmp_path)
    assert replies == ["$(touch${IFS}ran)", "*", "`touch${IFS}ran`"]
    complete("umbractl describe $(touch${IFS}ran) ", path=tmp_path, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["umbractl"]


# A real readline


def type_in_bash(keys, wanted):
    """What stands on the screen of an interactive bash some time after these keys."""
    here, there = pty.openpty()
    bash = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=there, stdout=there, stderr=there,
                            env={**os.environ, "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}",
                                 "TERM": "dumb", "PS1": "> "}, start_new_session=True)
    os.close(there)
    os.write(here, f"source {script('umbra-splitter')}; source {script('umbractl')}\n".encode())
    os.write(here, keys)
    text, end = b"", time.monotonic() + 20
    while wanted not in text and time.monotonic() < end:
        if select.select([here], [], [], 0.2)[0]:
            text += os.read(here, 4096)
    bash.kill()
    bash.wait()
    os.close(here)
    return text


@pytest.mark.parametrize("keys, wanted", [
    (b"umbra-splitter --log-f\tjs\t--log-level=wa\t-b kafka:9092 \x01echo \n",
     b"\numbra-splitter --log-format=json --log-level=warn -b kafka:9092"),
    (b"umbractl -b kafka:9092 desc\ten\tx --out\tj\t\x01echo \n",
     b"\numbractl -b kafka:9092 describe endpoint x --output=json"),
])
def test_the_tabulator_key_completes(keys, wanted):
    text = type_in_bash(keys, wanted)
    assert wanted in text, text
