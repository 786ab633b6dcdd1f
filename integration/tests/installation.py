"""One Umbra of its own for one test: a prefix, an endpoint name, a folder, and its programs."""
import subprocess
import uuid

from program import Program, binary, SANITIZER


class Installation:
    """`endpoint` is a name that no other test uses, so its topics are the test's own, and `prefix`
    does the same for umbra.*. `programs` are killed at the end of the test."""

    def __init__(self, kafka, folder):
        unique = uuid.uuid4().hex[:8]
        self.kafka = kafka
        self.folder = folder
        self.prefix = f"t{unique}."
        self.endpoint = f"churn-{unique}"
        self.programs = []

    # Names

    def topic(self, suffix, endpoint=None):
        """topic("requests"), topic("shadow.churn-v2"), ... of the endpoint."""
        return f"{endpoint or self.endpoint}.{suffix}"

    def own_topic(self, suffix):
        """own_topic("events"), own_topic("control")."""
        return self.prefix + suffix

    def group(self, program, variant=None, endpoint=None):
        name = f"{self.prefix}{program}.{endpoint or self.endpoint}"
        return f"{name}.{variant}" if variant else name

    # Programs

    def settings(self):
        """What every program of this installation is told."""
        return ["-b", self.kafka.brokers, "--prefix", self.prefix]

    def start(self, name, *arguments, env=None, admin=True, stdin=None):
        """Starts a program with the installation's settings; its log is <folder>/<name>-<n>.log."""
        log = self.folder / f"{name}-{len(self.programs)}.log"
        port = ["--admin", "127.0.0.1:0"] if admin else []
        if name == "umbra-console" and "--listen" not in arguments:
            port += ["--listen", "127.0.0.1:0", "--store", self.folder / f"console-{len(self.programs)}.sqlite"]
        program = Program([name, *self.settings(), *port, *arguments], log, env, stdin)
        self.programs.append(program)
        return program

    def run(self, name, *arguments, expect=0, input=None, env=None, seconds=60):
        """Runs a program to its end and returns its CompletedProcess; its status must be `expect`
        (None: any)."""
        done = subprocess.run([binary(name), *self.settings(), *map(str, arguments)], text=True,
                              capture_output=True, timeout=seconds, input=input, env=env)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert expect is None or done.returncode == expect, (
            f"{name} {arguments}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def apply(self, definitions, *arguments, expect=0):
        """umbractl apply of this text."""
        path = self.folder / "apply.conf"
        path.write_text(definitions)
        return self.run("umbractl", "apply", "-f", path, *arguments, expect=expect)

    def close(self):
        for program in self.programs:
            program.kill()
