"""umbra-console as a server: streams, slow clients, strangers."""
import http.client
import json
import socket
import time

import pytest

from waiting import until


@pytest.fixture
def console(ready):
    """On an installation with the tests t and u, without any numbers."""
    program = ready.start("umbra-console", "--listen", "127.0.0.1:0", "--store",
                          ready.folder / "console.sqlite").wait_ready()
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


def test_idle_clients_do_not_stop_it(console):
    idle = [socket.create_connection(("127.0.0.1", console.port), timeout=10) for _ in range(600)]
    for opened in idle[:300]:
        opened.sendall(b"GET / HTTP/1.1\r\nHost")
    assert ask(console, "/livez")[0] == 200
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
    refused.wait_exit(expect=1)
    assert "--let-anyone-read" in refused.log()
