"""umbra-console and bytes that no client of good will sends: thousands of requests over plain sockets,
the same ones in every run. It answers what it must, never with 5xx, tells nothing of its machine, and
is well afterwards."""
import concurrent.futures
import gzip
import random
import re
import socket

import pytest

from console_client import Console

SEED = 20261124
ROUNDS = 3000
SILENCE = 0.1
VERSION_REFUSED = 505  # of HTTP: the word of the standard for a version that is not spoken
SECRET = "a-secret-of-this-machine-7f3a"
PATHS = ["/", "/tests/t", "/static/main.js", "/livez", "/readyz", "/metrics", "/api/v1/tests",
         "/api/v1/tests/t", "/api/v1/tests/t/report?last=1h", "/api/v1/tests/t/series?metric=queue&step=1h",
         "/api/v1/tests/t/histogram?metric=queue", "/api/v1/tests/t/mismatches?limit=3",
         "/api/v1/tests/t/accounting", "/api/v1/history?limit=2", "/api/v1/system", "/api/v1/endpoints",
         "/api/v1/tests?sort_by=created&order=desc&max_results=1", "/api/v1/openapi.yaml"]
OUTSIDE = ["../../../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
           "....//....//etc/passwd", "..%5c..%5cetc%5cpasswd", "%252e%252e%252fetc%252fpasswd",
           "..%c0%af..%c0%afetc/passwd", "..;/..;/etc/passwd", "/etc/passwd", "%00/../secret",
           "../secret", "console.sqlite", "../console.sqlite", "~/.ssh/id_rsa", "proc/self/environ"]


@pytest.fixture
def console(ready):
    (ready.folder / "secret").write_text(SECRET)
    made = Console(ready)
    made.home = str(ready.folder)
    return made


# What is sent


def request(path, method="GET", version="HTTP/1.1", headers=(), body=b""):
    lines = [f"{method} {path} {version}", "Host: localhost", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def good(draw):
    kept = ["If-None-Match: *", 'If-None-Match: "0123456789abcdef"', "Accept-Encoding: gzip", "Accept: */*",
            "Connection: close", "Cookie: a=b", "Range: bytes=0-10", "Expect: 100-continue"]
    return request(draw.choice(PATHS), draw.choice(["GET", "GET", "GET", "HEAD"]),
                   headers=draw.sample(kept, draw.randrange(3)))


def noise(draw, n):
    return bytes(draw.choice(b"\0\r\n\t :;/%&=?#\xff\x80\x7fGET1aZ{}\"'<>\\") for _ in range(n))


# Each makes a request, or what might have been one.


def truncated(draw):
    whole = good(draw)
    return whole[:draw.randrange(len(whole))]


def altered(draw):
    data = bytearray(good(draw))
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(len(data))
        data[at:at + draw.randrange(3)] = noise(draw, draw.randrange(4))
    return bytes(data)


def pipelined(draw):
    return b"".join(draw.choice([good, altered])(draw) for _ in range(draw.randint(2, 30)))


def flooded(draw):
    n = draw.choice([100, 1000, 5000])
    headers = [draw.choice([f"X-{i}: {'a' * draw.randrange(50)}", "Cookie: a=b; c=d", "Host: localhost",
                            "If-None-Match: *", "Accept-Encoding: gzip", " folded"]) for i in range(n)]
    return request(draw.choice(PATHS), headers=headers)


def overlong(draw):
    n = draw.choice([300, 4000, 31000, 33000, 200000])
    filler = draw.choice(["a", "%41", "%00", "/..", "&a=1", "&limit=1", ";", "é", "%", "=", "../"]) * n
    place = draw.choice(["{}", "/{}", "/api/v1/tests/{}", "/api/v1/tests/{}/series", "/api/v1/tests?{}",
                         "/api/v1/tests?page_token=0.0.0.{}", "/static/{}", "/api/v1/history?object={}"])
    if draw.random() < 0.3:
        return request("/api/v1/tests", headers=[draw.choice([f"If-None-Match: {filler}", f"Host: {filler}",
                                                              f"{filler}: 1", f"Accept-Encoding: {filler}"])])
    return request(place.format(filler[:n]))


def with_a_body(draw):
    length = draw.choice(["0", "1", "5", "-1", "+5", "99999999999999999999", "18446744073709551615", "0x10",
                          "5, 5", "", "a", "9223372036854775807", "1e9"])
    body = noise(draw, draw.choice([0, 1, 5, 10000, 100000]))
    return request(draw.choice(PATHS), draw.choice(["GET", "POST", "PUT", "PATCH", "DELETE"]),
                   headers=[f"Content-Length: {length}"] * draw.randint(1, 2), body=body)


def chunked(draw):
    sizes = ["5", "0", "ffffffff", "ffffffffffffffffff", "-1", "g", "", "5;a=b", "0005", " 5", "5 ", "\0"]
    body = b"".join(f"{draw.choice(sizes)}\r\n".encode() + noise(draw, draw.randrange(12)) + b"\r\n"
                    for _ in range(draw.randint(1, 6)))
    more = draw.choice([[], ["Content-Length: 3"], ["Transfer-Encoding: identity"]])
    return request(draw.choice(PATHS), draw.choice(["GET", "POST"]),
                   headers=[draw.choice(["Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
                                         "Transfer-Encoding : chunked", "transfer-encoding:\tCHUNKED"]), *more],
                   body=body + draw.choice([b"", b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n"]))


def addressed(draw):
    path = draw.choice(["http://localhost/livez", "http://evil.example/api/v1/tests", "//evil.example/", "*",
                        "http://", "livez", "", "?", "#", "/#/../x", "/api/v1//tests", "/api/v1/tests/",
                        "/API/v1/tests", "/api/v1/tests/t%00", "/api/v1/tests/%00t", "/api/v1/tests/t\0/report",
                        "/api/v1/tests/%", "/api/v1/tests/%f", "/api/v1/tests/%zz", "/api/v1/tests/%25",
                        "/api/v1/tests/%ff%fe", "/api/v1/tests/%f0%9f%92%a9", "/api/v1/tests/%0d%0aX-Y:1",
                        "/api/v1/tests?=", "/api/v1/tests?&&&", "/api/v1/tests?a", "/api/v1/tests?order",
                        "/api/v1/tests?order=asc%00", "/api/v1/tests?endpoint=%ff", "/api/v1/tests?endpoint=%00",
                        "/api/v1/tests?created_after=9999-12-31T23:59:60%2B23:59",
                        "/api/v1/tests/t/series?metric=cpu&from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
                        "/api/v1/tests/t/series?metric=queue&step=999999d&last=999999d",
                        "/api/v1/tests/t/report?from=0001-01-01T00:00:00Z&to=0001-01-01T00:00:00Z",
                        "/api/v1/tests/t/report?from=2026-01-01T00:00:00Z&last=1h",
                        "/api/v1/tests/t/series?metric=losses&statistic=p50",
                        "/api/v1/history?limit=9223372036854775808", "/api/v1/changes?a=b"])
    return request(path, draw.choice(["GET", "HEAD"]), draw.choice(["HTTP/1.1", "HTTP/1.0"]))


def outside(draw):
    return request(draw.choice(["/static/", "/", "/api/v1/tests/", "/static/main.js/", "/tests/"])
                   + draw.choice(OUTSIDE))


def of_another_tongue(draw):
    return draw.choice([
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise(draw, 500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + noise(draw, 50), b"\r\n\r\n\r\n" + good(draw), b"\0" * 5000,
        b"GET /\r\n", b"GET\r\n\r\n", b" GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\n\n", noise(draw, 3000),
        request("/", version="HTTP/9.9"), request("/", version="HTTP/1.1 x"), request("/", version="http/1.1"),
        request("/", version=""), request("/", "get"), request("/", "A" * 3000), request("/", "CONNECT"),
        request("/", "TRACE"), request("/", "OPTIONS"), b"GET /livez HTTP/1.1\r\n\r\n",
        request("/api/v1/tests", headers=["Origin: https://evil.example", "Cookie: a", "Authorization: Bearer x"]),
        request("/livez", headers=["Connection: upgrade", "Upgrade: websocket"]),
        b"GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"GET /livez HTTP/1.1\r\nHost: localhost\0.a\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"])


KINDS = [truncated, altered, pipelined, flooded, overlong, with_a_body, chunked, addressed, outside,
         of_another_tongue]


# What comes back


def exchange(console, data):
    """What is answered until the program closes. After a silence our side is closed: it may wait for
    more of a request that does not end, or for another one. It may also overlook that, and closes
    when the connection was idle for half a minute; nobody waits for it here."""
    host, port = console.address.split(":")
    said = b""
    with socket.create_connection((host, int(port)), timeout=30) as opened:
        try:
            opened.sendall(data)
            opened.settimeout(SILENCE)
            said += rest(opened)
            opened.shutdown(socket.SHUT_WR)
            opened.settimeout(2)
            said += rest(opened)
        except OSError:
            pass  # it had enough, and says so by closing
    return said


def rest(opened):
    said = b""
    try:
        while piece := opened.recv(65536):
            said += piece
    except (TimeoutError, ConnectionResetError):
        pass
    return said


def statuses(said):
    """Of all answers. Their bodies are text, and no line of a body begins as an answer does."""
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d{3}) ", said, re.M)]


def check_answers(console, data, said):
    where = data[:300], said[:1000]
    assert not said or said.startswith(b"HTTP/1.1 "), where
    assert all(100 <= status < 500 or status == VERSION_REFUSED for status in statuses(said)), where
    text = said + b"".join(unpacked(said))
    for leak in (SECRET, console.home, "root:x:0:", "SQLite format", "PATH="):
        assert leak.encode() not in text, (leak, *where)
    assert b"\r\nX-Y:" not in said, where


def unpacked(said):
    """What follows each head that says gzip, as far as it can be read."""
    for part in said.split(b"Content-Encoding: gzip\r\n")[1:]:
        try:
            head, body = part.split(b"\r\n\r\n", 1)
            size = int(re.search(rb"Content-Length: (\d+)", head)[1])
            yield gzip.decompress(body[:size])
        except (ValueError, TypeError, EOFError, OSError):
            continue  # of a HEAD: nothing follows


def test_no_bytes_bring_it_down_or_make_it_fail(console):
    draw = random.Random(SEED)
    requests = [draw.choice(KINDS)(draw) for _ in range(ROUNDS)]
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        for data, said in zip(requests, pool.map(lambda data: exchange(console, data), requests)):
            check_answers(console, data, said)
            seen.update(statuses(said))
    assert {200, 304, 400, 404, 405, 413, 414, 421, 422, 431} <= seen
    assert console.program.is_running()
    assert {test["name"] for test in console.get("tests")["tests"]} == {"t", "u"}
    console.program.stop()
