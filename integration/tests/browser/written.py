"""Tests whose numbers are written by hand: failures of every kind, losses, mismatches, two models' hosts;
so that each part of the page has something to show, and what it must show is known."""
import time

from console_client import Console
from definitions import definitions, endpoint, test, variant
from installation import Installation
from model_server import Answer, ModelServer
from windows import WINDOW, histogram, production, window, write_keyed
from waiting import until

N = 12  # windows, the last of them ended half a minute ago
GAP = 5  # of this one and the next there is no record
PAGE = "process_cpu_seconds_total {}\nprocess_resident_memory_bytes {}\ndisk_used_bytes {}\n"
KINDS = {"label no > yes": ("\"no\"", "\"yes\""), "not json": ("\"no\"", "x")}  # what differs: both answers
OUTCOMES = ("client_error", "server_error", "timeout")


def outcomes(ok, *failed):
    return [{"name": "ok", "count": ok}] + [{"name": n, "count": c} for n, c in zip(OUTCOMES, failed)]


def shadow_window(umbra, first, i):
    """The numbers go up and down, so that a line is one."""
    few = i % 3 + 1
    return window(
        umbra, window_start=first + i * WINDOW, invocations=148, outcomes=outcomes(139 - 3 * few, few, 2 * few, 9),
        losses=[{"name": "shed", "count": 1}, {"name": "not_delivered", "count": few}], sampled=151 + few, pending=2,
        match=140 - 4 * few, mismatch=4 * few, not_comparable=[{"name": "candidate_failed", "count": 8}],
        model_latency=histogram(4096 << few, 148), overhead_latency=histogram(256 << few, 148), queue=histogram(64 << few, 148),
        compared_model_latency=histogram(4096 << few, 140), compared_production_model_latency=histogram(2048 << few, 140),
        latency_difference=histogram(2048 << few, 140), mismatches=[mismatch(i, kind) for kind in KINDS])


def mismatch(i, kind):
    one, other = (f'{{"churn": {answer}, "score": 0.5}}'.encode() for answer in KINDS[kind])
    return {"rank": 100 * i + len(kind), "kind": kind, "request_id": f"r{i}-{len(kind)}", "source_topic": "churn.requests",
            "source_partition": i % 4, "source_offset": 1000 + i, "production": one, "production_size": len(one),
            "candidate": other, "candidate_size": len(other)}


def unbooked_window(umbra, first):
    """Of the test "u": 200 copies, of which 48 are nowhere."""
    return window(umbra, window_start=first, test="u", variant="u-v2", sampled=200, pending=2)


def production_window(umbra, first, i):
    few = (i + 1) % 3 + 1
    return {**production(umbra), "window_start": first + i * WINDOW, "outcomes": outcomes(1000 - 6 * few, few, 2 * few, 3 * few),
            "model_latency": histogram(2048 << few, 1000), "overhead_latency": histogram(128 << few, 1000), "queue": histogram(32 << few, 1000)}


class Written:
    """The test "t" of one candidate, its console, and the models whose Prometheus pages it reads."""

    def __init__(self, kafka, folder):
        self.umbra = Installation(kafka, folder)
        self.models = [ModelServer(), ModelServer()]
        self.apply(self.umbra)
        self.first = (int(time.time() * 1e6) - 30_000_000) // WINDOW * WINDOW - N * WINDOW
        rows = [row for row in range(N) if row not in (GAP, GAP + 1)]
        write_keyed(self.umbra, *((make(self.umbra, self.first, i), False)
                                  for i in rows for make in (shadow_window, production_window)),
                    (unbooked_window(self.umbra, self.first), False))
        self.console = Console(self.umbra)
        self.origin = f"http://{self.console.address}"
        until(lambda: self.console.get("tests/t")["invocations"] == 1000 * len(rows), lambda: self.console.get("tests/t"))

    def apply(self, umbra):
        """Production has two instances; each host uses its own share of CPU, memory and disk."""
        self.began = time.monotonic()
        for i, model in enumerate(self.models):
            model.page = lambda request, share=(i + 1) / 4, size=(i + 1) << 20: Answer(
                body=PAGE.format((time.monotonic() - self.began) * share, size, 3 * size).encode(), content_type="text/plain")
        one, other = ({"metrics": {"url": m.url.replace("/invocations", "/metrics"), "disk": "disk_used_bytes"}} for m in self.models)
        umbra.run("umbractl", "init")
        umbra.apply(definitions(
            endpoint(umbra.endpoint, [variant(f"{umbra.endpoint}-v1", self.models[0].url, instances=2, **one)]),
            *(test(name, umbra.endpoint, [variant(f"{name}-v2", self.models[1].url, **other)], sampling=50.0,
                   start="2023-01-01T00:00:00Z", end="2100-01-01T00:00:00Z") for name in ("t", "u"))))

    def series(self, **query):
        return self.console.get("tests/t/series", **query)

    def report(self, name="t"):
        return self.console.get(f"tests/{name}/report")

    def close(self):
        self.umbra.close()
        for model in self.models:
            model.close()
