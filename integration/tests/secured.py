"""A broker with an authorizer, and an installation whose programs come to it with users of their own."""
import json
import pathlib
import subprocess

from brokers import BROKER, Broker
from installation import Installation
from program import SANITIZER, Program, binary
from records import Kafka

HERE = pathlib.Path(__file__).resolve().parent
PASSWORDS = {"umbra-splitter": "pass-splitter-7f3a", "umbra-shadow": "pass-shadow-91bc",
             "umbra-aggregator": "pass-aggregator-c3d2", "umbra-console": "pass-console-e614",
             "umbra-producer": "pass-producer-55de",
             "umbractl": "pass-operator-08aa"}


class SecureBroker(Broker):
    def __init__(self, folder):
        users = [word for name, password in PASSWORDS.items() for word in ("--user", f"{name}={password}")]
        super().__init__(folder, *users)
        jars = subprocess.run([BROKER, "fetch"], check=True, capture_output=True, text=True).stdout.strip()
        self.acls = subprocess.Popen(["java", "-cp", f"{jars}/*", str(HERE / "Acls.java"), self.address],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def allow(self, acls, verb="allow"):
        """Gives these rights (verb="forget": takes them), as `umbractl acls -o json` lists them."""
        for acl in acls:
            for operation in acl["operations"]:
                print(acl["principal"], acl["resource"], acl["name"], acl["pattern"], operation,
                      file=self.acls.stdin)
        print(verb, file=self.acls.stdin, flush=True)
        assert self.acls.stdout.readline() == f"{verb}: done\n"

    def kill(self):
        self.acls.kill()
        self.acls.communicate()
        super().kill()


class SecureInstallation(Installation):
    """An installation whose programs come by SASL_SSL or by certificate, with rights of their own;
    its witness may do everything."""

    def __init__(self, broker, folder):
        super().__init__(Kafka(broker.address), folder)
        self.broker = broker

    def sasl(self, name):
        (self.folder / f"{name}.password").write_text(PASSWORDS[name] + "\n")
        tls = self.broker.folder / "tls"
        return ["-b", self.broker.env("SASL_SSL"), "--prefix", self.prefix,
                "-X", "security.protocol=SASL_SSL", "-X", "sasl.mechanisms=PLAIN",
                "-X", f"sasl.username={name}", "-X", f"sasl.password_file={self.folder / name}.password",
                "-X", f"ssl.ca.location={tls / 'ca.pem'}"]

    def certificate(self, name):
        tls = self.broker.folder / "tls"
        return ["-b", self.broker.env("SSL"), "--prefix", self.prefix, "-X", "security.protocol=SSL",
                "-X", f"ssl.ca.location={tls / 'ca.pem'}", "-X", f"ssl.key.location={tls / name}.key",
                "-X", f"ssl.certificate.location={tls / name}.pem"]

    def start_secure(self, name, how, *arguments, env=None):
        log = self.folder / f"{name}-{len(self.programs)}.log"
        if name == "umbra-console":
            arguments = ["--listen", "127.0.0.1:0", "--store", log.with_suffix(".sqlite"), *arguments]
        program = Program([name, *how(name), "--admin", "127.0.0.1:0", "-X", "session.timeout.ms=6000",
                           *arguments], log, env)
        self.programs.append(program)
        return program

    def run_secure(self, name, *arguments, expect=0, input=None):
        """expect None: any status."""
        verb, rest = (arguments[:1], arguments[1:]) if name == "umbractl" else ([], arguments)
        done = subprocess.run([binary(name), *verb, *self.sasl(name), *map(str, rest)], text=True,
                              capture_output=True, timeout=60, input=input)
        assert not SANITIZER.search(done.stderr), done.stderr
        assert expect is None or done.returncode == expect, done.stdout + done.stderr
        return done

    def acls(self, *arguments):
        return json.loads(self.run("umbractl", "acls", "-o", "json", *arguments).stdout)
