"""A real Apache Kafka of the tests' own."""
import pathlib
import subprocess

BROKER = pathlib.Path(__file__).resolve().parents[1] / "broker"


class Broker:
    """One that a test may stop and start."""

    def __init__(self, folder, *arguments):
        self.folder = folder
        self.arguments = arguments
        self.start()
        self.address = self.env("BROKERS")

    def env(self, name):
        """BROKERS, and with users SASL_SSL and SSL: where it listens."""
        lines = (self.folder / "broker.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    def _command(self, command, *arguments):
        subprocess.run([BROKER, command, "--dir", self.folder, *arguments], check=True, timeout=180)

    def start(self):
        self._command("start", *self.arguments)

    def stop(self):
        self._command("stop")

    def kill(self):
        self._command("kill")

    def suspend(self):
        self._command("suspend")

    def resume(self):
        self._command("resume")
