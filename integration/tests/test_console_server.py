"""umbra-console as a server: streams, slow clients, strangers."""
import gzip
import http.client
import json
import socket
import time

import pytest

from console_client import start_console
from test_console_security import many_files
from waiting import until


@pytest.fixture
def console(ready):
    """On an installation with the tests t and u, without any numbers."""
    program = start_console(ready, ready.folder / "console.sqlite").wait_ready()
    program.port = int(program.wait_log(r"page is at \S+:(\d+)/")[1])
    return program


def ask(console, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=40)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer


def stream(console):
    """A socket on which the events come."""
    opened = socket.create_connection(("127.0.0.1", console.port), timeout=20)
    opened.sendall(b"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
    until_says(opened, b": here")
    return opened


def until_says(opened, text):
    said = b""
    deadline = time.monotonic() + 30  # a silent stream has its comments
    while text not in said:
        piece = opened.recv(4096)
        assert piece and time.monotonic() < deadline, said
        said += piece


def test_a_stream_tells_of_a_change_and_ends_with_the_program(ready, console):
    streams = [stream(console) for _ in range(20)]
    ready.run("umbractl", "set", "t", "sampling=7")
    for opened in streams:
        until_says(opened, b'event: change\ndata: {"tests":["t","u"]')
    streams.pop().close()
    console.stop()
    for opened in streams:
        opened.close()


def test_a_stream_too_many_is_refused_with_a_reason(console):
    with many_files():
        streams = [stream(console) for _ in range(500)]
        status, body, answer = ask(console, "/api/v1/changes")
        assert (status, answer.getheader("content-type")) == (503, "application/problem+json")
        assert json.loads(body)["detail"] == "too many streams are open"
        assert console.metric("umbra_console_http_answers_total", status="503") == 1
        for opened in streams:
            opened.close()


def test_the_head_of_a_stream_is_no_stream(console):
    status, body, answer = ask(console, "/api/v1/changes", "HEAD")
    assert (status, body, answer.getheader("content-type")) == (200, b"", "text/event-stream")
    assert console.metric("umbra_console_streams") == 0


def test_a_thousand_idle_clients_do_not_stop_it(console):
    with many_files():
        idle = [socket.create_connection(("127.0.0.1", console.port), timeout=10) for _ in range(1000)]
        for opened in idle[:500]:
            opened.sendall(b"GET / HTTP/1.1\r\nHost")
        assert ask(console, "/livez")[0] == 200
        assert ask(console, "/api/v1/tests")[0] == 200
        for opened in idle:
            opened.close()
    until(lambda: ask(console, "/api/v1/tests")[0] == 200, "it answers")
    console.stop()


def test_a_name_that_others_gave_this_machine_is_refused(console):
    assert ask(console, "/api/v1/tests", Host="evil.example:80")[0] == 421
    assert ask(console, "/api/v1/tests", Host=f"localhost:{console.port}")[0] == 200


def test_a_change_soon_after_another_is_told_too(ready, console):
    """Changes are told once a second at most; none is forgotten meanwhile."""
    opened = stream(console)
    for sampling in range(2, 8):
        ready.run("umbractl", "set", "t", f"sampling={sampling}")
    until(lambda: json.loads(ask(console, "/api/v1/tests/t")[1])["sampling_percent"] == 7, "the last one counts")
    newest = json.loads(ask(console, "/api/v1/system")[1])["generation"]
    until_says(opened, b'"generation":%d' % newest)
    opened.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_changed_over_http(console, method):
    assert ask(console, "/api/v1/tests", method)[0] == 405


def test_the_page_may_load_nothing_from_elsewhere(console):
    status, body, answer = ask(console, "/tests/any")
    assert status == 200 and b"/static/main.js" in body
    assert "default-src 'none'" in answer.getheader("content-security-policy")
    assert b"http://" not in body and b"https://" not in body


@pytest.mark.parametrize("path", ["/static/../main.c", "/static/%2e%2e/main.c", "/static/nothing.js",
                                  "/api/v1/nothing", "/api/v1/tests/../system", "/api/v2/tests"])
def test_what_is_not_there_is_not_found(console, path):
    assert ask(console, path)[0] == 404


def test_others_than_this_machine_must_be_let_in_by_name(ready):
    refused = ready.start("umbra-console", "--listen", "0.0.0.0:0", "--store", ready.folder / "a.sqlite")
    refused.wait_exit(expect=2)
    assert "--let-anyone-read" in refused.log()


# What an answer says of itself


@pytest.mark.parametrize("path", ["/api/v1/history", "/api/v1/openapi.yaml", "/static/style.css", "/"])
def test_long_answers_are_packed_for_those_who_take_it(console, path):
    _, plain, whole = ask(console, path)
    status, body, answer = ask(console, path, **{"Accept-Encoding": "br, gzip"})
    assert (status, answer.getheader("content-encoding")) == (200, "gzip")
    assert gzip.decompress(body) == plain and len(body) < len(plain) * 0.7
    assert whole.getheader("content-encoding") is None
    assert whole.getheader("vary") == answer.getheader("vary") == "Accept-Encoding"
    assert whole.getheader("etag") != answer.getheader("etag")
    assert ask(console, path, "HEAD", **{"Accept-Encoding": "gzip"})[1] == b""
    refused = ask(console, path, **{"Accept-Encoding": "gzip;q=0, identity"})
    assert (refused[2].getheader("content-encoding"), refused[1]) == (None, plain)


def test_short_answers_are_sent_as_they_are(console):
    for path in ("/livez", "/api/v1/tests/none"):
        assert ask(console, path, **{"Accept-Encoding": "gzip"})[2].getheader("content-encoding") is None


@pytest.mark.parametrize("path", ["/api/v1/history", "/static/main.js"])
def test_what_a_caller_has_is_not_sent_again(console, path):
    for encoding in ("identity", "gzip"):
        tag = ask(console, path, **{"Accept-Encoding": encoding})[2].getheader("etag")
        for known in (tag, f"W/{tag}", f'"0000000000000000", {tag}', "*"):
            status, body, answer = ask(console, path, **{"Accept-Encoding": encoding, "If-None-Match": known})
            assert (status, body, answer.getheader("etag")) == (304, b"", tag), known
            assert answer.getheader("content-encoding") is None
        assert ask(console, path, **{"If-None-Match": '"0000000000000000"'})[0] == 200


def test_a_changed_answer_has_another_etag(ready, console):
    tag = ask(console, "/api/v1/history")[2].getheader("etag")
    ready.run("umbractl", "set", "t", "sampling=7")
    until(lambda: ask(console, "/api/v1/history", **{"If-None-Match": tag})[0] == 200, "the log has grown")
    assert ask(console, "/api/v1/history")[2].getheader("etag") != tag
    for path in ("/livez", "/metrics", "/api/v1/nothing"):
        status, _, answer = ask(console, path, **{"If-None-Match": "*"})
        assert status in (200, 404) and answer.getheader("etag") is None


@pytest.mark.parametrize("status, method, path, headers", [
    (400, "GET", "/api/v1/tests?x=1", {}), (400, "GET", "/api/v1/tests?order&order", {}),
    (404, "GET", "/api/v1/tests/none", {}), (404, "GET", "/static/none", {}),
    (404, "GET", "/api/v1/tests/t%00", {}), (404, "GET", "/api/v1/none", {}), (405, "POST", "/api/v1/tests", {}),
    (405, "DELETE", "/api/v1/tests/t", {}), (421, "GET", "/", {"Host": "evil.example"}),
    (422, "GET", "/api/v1/tests?page_token=1.0.5.t", {})])
def test_an_error_is_a_problem_that_names_itself(console, status, method, path, headers):
    told, body, answer = ask(console, path, method, **headers)
    problem = json.loads(body)
    assert (told, problem["status"], problem["type"]) == (status, status, "about:blank")
    assert answer.getheader("content-type") == "application/problem+json"
    assert problem["title"] and problem["detail"]
    assert (answer.getheader("allow") == "GET, HEAD") == (status == 405)
