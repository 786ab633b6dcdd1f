"""The whole path of one test: an endpoint with one production variant, a shadow test, and the
programs between them."""
import collections
import contextlib
import json
import subprocess
import threading

import witness
from accounting import Account, accounts, first_production, unsolicited
from definitions import definitions, endpoint, test, variant
from records import Record, header
from waiting import until

TEST = "v2-vs-v1"
QUICK = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=500"]


class Path:
    def __init__(self, umbra, model, shadow_model):
        self.umbra, self.kafka = umbra, umbra.kafka
        self.model, self.shadow_model = model, shadow_model
        self.splitter = self.shadow = None
        self.histories = {}

    # What is defined

    def define(self, sampling=100.0, tests=None, production=None, shadow=None, **endpoint_settings):
        """init and apply; `tests`: {name: settings} instead of the one test; `production`, `shadow`:
        settings of the variants."""
        variants = [variant("v1", self.model.url, **(production or {}))]
        tests = {TEST: {"sampling": sampling}} if tests is None else tests
        self.umbra.run("umbractl", "init")
        self.umbra.apply(definitions(
            endpoint(self.umbra.endpoint, variants, **endpoint_settings),
            *(test(name, self.umbra.endpoint, [variant(f"shadow-{name}", self.shadow_model.url, **(shadow or {}))],
                   **settings) for name, settings in tests.items())))
        return self

    def shadow_topic(self, name=TEST):
        return self.umbra.topic(f"shadow.shadow-{name}")

    # The programs

    def start_splitter(self, *arguments, **named):
        self.splitter = self.umbra.start("umbra-splitter", *QUICK, *arguments, **named).wait_ready()
        return self.splitter

    def start_shadow(self, *arguments, **named):
        self.shadow = self.umbra.start("umbra-shadow", *QUICK, *arguments, **named).wait_ready()
        return self.shadow

    def start(self):
        self.start_splitter()
        self.start_shadow()
        return self

    def produce(self, n, *arguments, expect=0, **named):
        """umbra-producer --wait with n JSON lines; returns its CompletedProcess."""
        return self.umbra.run("umbra-producer", *self.producer_arguments(*arguments),
                              input=json_lines(n), expect=expect, seconds=180, **named)

    def producer_arguments(self, *arguments):
        return ["--endpoint", self.umbra.endpoint, "--format", "jsonl", "--wait", *arguments]

    def produce_in_background(self, n, *arguments):
        process = self._start_producer(*arguments)
        process.process.stdin.write(json_lines(n).encode())
        process.process.stdin.close()
        return process

    @contextlib.contextmanager
    def under_load(self, *arguments):
        """umbra-producer --wait sends as long as the block runs; afterwards all it sent is answered.
        Gives a list whose length is the number of requests handed to it so far."""
        process, lines, enough = self._start_producer(*arguments), [], threading.Event()

        def feed():
            with process.process.stdin as pipe:
                while not enough.is_set():
                    n = len(lines)
                    lines.append(json.dumps({"n": n, "truth": n % 2, "pad": "." * 1000}))  # a pipe holds few
                    pipe.write(lines[-1].encode() + b"\n")
                    pipe.flush()

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            yield lines
        finally:
            enough.set()
            feeder.join()
        process.wait_exit(expect=0, seconds=120)

    def _start_producer(self, *arguments):
        return self.umbra.start("umbra-producer", *self.producer_arguments(*arguments),
                                admin=False, stdin=subprocess.PIPE)

    def send(self, n, **fields):
        """n records of our own, with request ids r0, r1, ...; returns them with their places."""
        return self.kafka.produce(self.umbra.topic("requests"), [
            Record(f"k{i}".encode(), json.dumps({"n": i}).encode(),
                   [("x-request-id", f"r{i}".encode())])._replace(**fields) for i in range(n)])

    def send_ids(self, ids):
        """A record for each request id."""
        return self.kafka.produce(self.umbra.topic("requests"), [
            Record(i.encode(), b"{}", [("x-request-id", i.encode())]) for i in ids])

    # What came out

    def answers(self):
        return self.kafka.read(self.umbra.topic("responses"))

    def answered(self):
        """The number of answers so far."""
        return self.kafka.count(self.umbra.topic("responses"))

    def answered_ids(self):
        return [header(answer, "umbra-request-id") for answer in self.answers()]

    def copies(self, name=TEST):
        return self.kafka.read(self.shadow_topic(name))

    def events(self):
        """All InvocationEvents of the installation, in the order of the log."""
        return witness.read_decoded(self.kafka.brokers, self.umbra.own_topic("events"))

    def production_events(self):
        return [event for event in self.events() if event["role"] == "production"]

    def account(self, name=TEST):
        """The books of the test's arm."""
        return account_of(self.events(), name)

    def loss_reasons(self):
        """{reason: copies} of those that never reached the shadow consumer."""
        return collections.Counter(
            event["reason"] for event in self.events() if event["outcome"] == "not_delivered")

    def wait_account(self, holds, name=TEST, seconds=60, bad=0):
        """Waits until every request that was sent has its event, the account fulfils the condition and
        nothing is unsolicited (a shadow's event may come before production's), and returns it. So
        many of the records are bad: no requests."""
        sent = self.kafka.count(self.umbra.topic("requests")) - bad

        def look():
            events = self.events()
            account = account_of(events, name)
            told = len(first_production(events)) == sent and not unsolicited(events)
            return account if told and holds(account) else None
        return until(look, lambda: f"the books close: {self.account(name).line()}", seconds, every=0.3)

    def wait_answers(self, n, seconds=60):
        return self.kafka.wait_count(self.umbra.topic("responses"), n, seconds)

    def wait_committed(self, seconds=60):
        self.kafka.wait_committed(
            self.umbra.group("splitter"), self.umbra.topic("requests"), seconds)

    # What the control log says

    def history(self, name=TEST):
        """[(generation, k)] of the test's percentage, oldest first."""
        records = witness.read_decoded(
            self.kafka.brokers, self.umbra.own_topic("control"), "control_record")
        return [(record["generation"], json.loads(change["definition"])["sampling"])
                for record in records for change in record["changes"]
                if change["name"] == name and change["definition"]]

    def takes(self, key, generation=None, name=TEST):
        """Is the key's request sampled, by the percentage that held at that generation? Asked when
        all changes are made: the log is read once."""
        if name not in self.histories:
            self.histories[name] = self.history(name)
        history = self.histories[name]
        k = [k for at, k in history if generation is None or at <= generation][-1]
        number = witness.sampling_hash(key, witness.sampling_seed(name, history[0][0]))
        return witness.sampling_takes(number, k)


def account_of(events, name):
    return accounts(events).get((name, "shadow", f"shadow-{name}"), Account())


def json_lines(n):
    return "".join(json.dumps({"n": i}) + "\n" for i in range(n))

