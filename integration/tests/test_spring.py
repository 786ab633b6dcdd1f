"""Request and reply with the client that Java services use: Spring's ReplyingKafkaTemplate."""
import fcntl
import json
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent / "spring"
N = 20


def jars():
    """The folder of the client's jars, which Maven fills at the first call."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "umbra"
    folder = cache / "spring-kafka-4.0.8"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "spring-lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            subprocess.run(["mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
                            f"-DoutputDirectory={folder}"], check=True, timeout=300)
            (folder / "whole").touch()
    return folder


def test_spring_s_replying_template_gets_its_answers(replying):
    umbra = replying
    asked = subprocess.run(
        ["java", "-cp", f"{jars()}/*", str(HERE / "Ask.java"), umbra.kafka.brokers, umbra.topic("requests"),
         umbra.topic("replies"), str(N)], capture_output=True, text=True, timeout=120)
    assert asked.returncode == 0, asked.stderr[-3000:]
    lines = [line.rsplit(" ", 1) for line in asked.stdout.splitlines() if line.startswith("{")]
    assert [(json.loads(value), word) for value, word in lines] == [({"n": n}, "ok") for n in range(N)]
    assert umbra.kafka.count(umbra.topic("replies")) == N
    assert umbra.kafka.count(umbra.topic("responses")) == 0
