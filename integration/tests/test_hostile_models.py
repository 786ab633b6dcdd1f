"""A production model that breaks HTTP in every way: each answer is classified, the caller is always
answered, no connection is used again after doubt, and the model serves again once it behaves."""
import gzip
import socket
import struct
import threading
import time

import pytest

from definitions import definitions, endpoint, variant
from records import Record, header

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
GOOD = OK + b"content-length: 2\r\n\r\n{}"
BOMB = gzip.compress(b"0" * 50_000_000)


def send(data):
    return lambda connection: connection.sendall(data)


def reset_in_body(connection):
    connection.sendall(OK + b"content-length: 100\r\n\r\n12345")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection):
    for byte in GOOD:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def endless(part, first=b""):
    def go_on(connection):
        connection.sendall(first)
        while True:
            connection.sendall(part * 100)
    return go_on


def slow(connection):
    time.sleep(0.5)
    connection.sendall(GOOD)


def hang(connection):
    connection.recv(1)


CASES = {  # what the model does: (outcome, status, value)
    "closes at once": (send(b""), "protocol_error", "0", b""),
    "resets in the body": (reset_in_body, "protocol_error", "200", b""),
    "promises more than it sends": (send(OK + b"content-length: 100\r\n\r\n12345"), "protocol_error", "200", b""),
    "sends more than it promised": (send(OK + b"content-length: 2\r\n\r\n{}{}{}"), "ok", "200", b"{}"),
    "promises an absurd length": (send(OK + b"content-length: 99999999999999999999\r\n\r\n{}"),
                                  "too_large", "200", b""),
    "promises a negative length": (send(OK + b"content-length: -5\r\n\r\n{}"), "protocol_error", "200", b""),
    "sends headers without end": (endless(b"x-more: 1\r\n", OK), "protocol_error", None, b""),
    "sends a header without end": (endless(b"x" * 100, OK + b"x-long: "), "protocol_error", None, b""),
    "sends a body without end": (endless(b"40\r\n" + b"x" * 64 + b"\r\n", OK + b"transfer-encoding: chunked\r\n\r\n"),
                                 "too_large", "200", b""),
    "breaks its chunks": (send(OK + b"transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"), "protocol_error", "200", b""),
    "drips a byte at a time": (drip, "timeout", None, b""),
    "hangs": (hang, "timeout", "0", b""),
    "speaks another language": (send(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol_error", "0", b""),
    "redirects": (send(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"),
                  "protocol_error", "302", b""),
    "sends a bomb, which is not unpacked": (
        send(OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB) + BOMB), "ok", "200", BOMB),
    "fails": (send(b"HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno"), "server_error", "500", b""),
    "is slow, yet in time": (slow, "ok", "200", b"{}"),
    "is not available": (send(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"), "server_error", "503", b""),
    "is busy for an hour": (send(b"HTTP/1.1 429 Slow\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n"),
                            "client_error", "429", b""),
    "is busy": (send(b"HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n"), "client_error", "429", b""),
}


class RawModel:
    """Reads a request, then does what it is told with the bare connection, which it closes unless it
    behaves well."""

    def __init__(self, port=0):
        self.act = send(GOOD)
        self.requests = []  # (connection number, behaviour)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        number = 0
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection, number):
        with connection:
            while self._read_request(connection):
                act = self.act
                self.requests.append((number, act))
                try:
                    act(connection)
                except OSError:
                    return  # the caller has had enough
                if not getattr(act, "keeps", False):
                    return

    @staticmethod
    def _read_request(connection):
        data = b""
        try:
            while not data.endswith(b"[1]"):
                more = connection.recv(65536)
                if not more:
                    return False
                data += more
        except OSError:
            return False
        return True

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # ends accept()
        self.listener.close()


def well(connection):
    connection.sendall(GOOD)


well.keeps = True


@pytest.fixture(scope="module")
def asked(kafka, tmp_path_factory):
    """Every case in turn, a good answer after each: {case: its answer, the answer after it}."""
    from installation import Installation
    umbra = Installation(kafka, tmp_path_factory.mktemp("umbra"))
    model = RawModel()
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant(
        "v1", model.url, timeout="1s", retries=0, breaker_failures=0, max_response_bytes="1MiB")])))
    splitter = umbra.start("umbra-splitter").wait_ready()
    answers, n = {}, 0
    for case, (act, *_) in CASES.items():
        got = []
        for behaviour in (act, well, well):
            model.act = behaviour
            umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", b"[1]", [], partition=0)])
            n += 1
            got.append(umbra.kafka.wait_count(umbra.topic("responses"), n)[-1])
        answers[case] = got
    splitter.stop()
    yield answers, model.requests
    umbra.close()
    model.close()


@pytest.mark.parametrize("case", CASES)
def test_a_model_that(asked, case):
    answers, _ = asked
    bad, after, again = answers[case]
    _, outcome, status, value = CASES[case]
    assert header(bad, "umbra-outcome") == outcome
    assert status is None or header(bad, "umbra-status") == status
    assert bad.value == value
    assert [header(a, "umbra-outcome") for a in (after, again)] == ["ok", "ok"], "it serves again"


def test_no_connection_is_used_again_after_doubt(asked):
    _, requests = asked
    for (number, act), (following, _) in zip(requests, requests[1:]):
        assert act is well or following != number, "a connection in doubt was used again"
    assert any(a == b for (a, _), (b, _) in zip(requests, requests[1:])), "good ones are used again"


def busy_once(model, status):
    """Asks for a pause of a second, then behaves."""
    def act(connection):
        model.act = well
        connection.sendall(b"HTTP/1.1 %d Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n" % status)
    return act


def test_a_model_that_is_down_then_busy_is_asked_again_when_it_wishes(kafka, tmp_path):
    from installation import Installation
    umbra, down = Installation(kafka, tmp_path), RawModel()
    down.close()
    umbra.run("umbractl", "init")
    umbra.apply(definitions(endpoint(umbra.endpoint, [variant(
        "v1", down.url, timeout="5s", retries=1, breaker_failures=0)])))
    splitter = umbra.start("umbra-splitter").wait_ready()
    n = 0

    def ask():
        nonlocal n
        n += 1
        umbra.kafka.produce(umbra.topic("requests"), [Record(b"k", b"[1]", [], partition=0)])
        return umbra.kafka.wait_count(umbra.topic("responses"), n)[-1]

    assert header(ask(), "umbra-outcome") == "connect_failed"
    model = RawModel(int(down.url.rsplit(":", 1)[1].strip("/")))
    for asked_before, status in ((0, 429), (2, 503)):
        model.act, begin = busy_once(model, status), time.monotonic()
        assert header(ask(), "umbra-outcome") == "ok"
        assert time.monotonic() - begin >= 1, "Retry-After is obeyed"
        assert len(model.requests) == asked_before + 2
    splitter.stop()
    umbra.close()
    model.close()
