"""umbra-console outside this machine: TLS, the token, and those who should not get in."""
import contextlib
import http.client
import json
import resource
import socket
import ssl
import subprocess

import pytest

from control import one_endpoint, shadow_tests
from installation import Installation
from waiting import until

TOKEN = "planted-token-5eed-0123456789"
OTHER = "planted-token-cafe-9876543210"
SECRETS = [TOKEN, OTHER]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_pair(folder, name):
    """NAME.pem and NAME.key, signed by itself, for this machine."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with two certificates, and files that are none."""
    folder = tmp_path_factory.mktemp("tls")
    make_pair(folder, "console")
    make_pair(folder, "stranger")
    openssl("ec", "-in", folder / "console.key", "-aes128", "-passout", "pass:x", "-out", folder / "locked.key")
    (folder / "empty").touch()
    (folder / "no.pem").write_text("-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----\n")
    (folder / "huge").write_bytes(b"a" * 2_000_000)
    return folder


class Guarded:
    """A console that asks for TLS and a token, at every address of this machine."""

    def __init__(self, umbra, files, *arguments):
        self.files = files
        self.token_file = umbra.folder / "token"
        self.write_token(TOKEN)
        self.program = umbra.start(
            "umbra-console", "--listen", "0.0.0.0:0", "--store", umbra.folder / "console.sqlite",
            "--tls-certificate", files / "console.pem", "--tls-key", files / "console.key",
            "--token-file", self.token_file, *arguments).wait_ready()
        self.port = int(self.program.wait_log(r"page is at https://\S+:(\d+)/")[1])
        self.context = ssl.create_default_context(cafile=files / "console.pem")

    def write_token(self, text):
        fresh = self.token_file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(text + "\n")
        fresh.rename(self.token_file)

    def ask(self, path, token=TOKEN, method="GET", **headers):
        """(status, body, answer); token None: none is brought; bytes: the whole header's value."""
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=40, context=self.context)
        if token is not None:
            headers["Authorization"] = token if isinstance(token, bytes) else f"Bearer {token}"
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer

    def connect(self, version=None):
        context = ssl.create_default_context(cafile=self.files / "console.pem")
        if version:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        raw = socket.create_connection(("localhost", self.port), timeout=40)
        return context.wrap_socket(raw, server_hostname="localhost")


@contextlib.contextmanager
def running(umbra, files):
    """A guarded console that ends well and has told no token."""
    guarded = Guarded(umbra, files)
    yield guarded
    if guarded.program.is_running():
        guarded.program.stop()
    said = guarded.program.log() + guarded.program.output()
    assert not [secret for secret in SECRETS if secret in said]


@pytest.fixture(scope="module")
def guarded(kafka, files, tmp_path_factory):
    """One for all tests that leave it as it is."""
    with contextlib.closing(Installation(kafka, tmp_path_factory.mktemp("guarded"))) as umbra:
        umbra.run("umbractl", "init")
        umbra.apply(one_endpoint(umbra) + shadow_tests(umbra.endpoint, "t", "u"))
        with running(umbra, files) as guarded:
            yield guarded


@pytest.fixture
def own_guarded(ready, files):
    with running(ready, files) as guarded:
        yield guarded


# The token


def test_the_token_opens_everything_over_tls(guarded):
    assert [test["name"] for test in json.loads(guarded.ask("/api/v1/tests")[1])["tests"]] == ["t", "u"]
    assert b"umbra_console_http_answers_total" in guarded.ask("/metrics")[1]
    assert guarded.ask("/api/v1/nothing")[0] == 404


@pytest.mark.parametrize("path", ["/api/v1/tests", "/api/v1/tests/t/report", "/api/v1/changes", "/api/v1/nothing",
                                  "/api/v1/openapi.yaml", "/api/", "/metrics", "/%61pi/v1/tests"])
def test_without_the_token_nothing_about_the_tests_is_told(guarded, path):
    status, body, answer = guarded.ask(path, token=None)
    assert (status, answer.getheader("www-authenticate")) == (401, "Bearer")
    assert answer.getheader("content-type") == "application/problem+json"
    problem = json.loads(body)
    assert (problem["status"], problem["title"]) == (401, "A token is needed")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/", "/tests/t", "/static/main.js"])
def test_the_page_itself_and_the_health_of_the_program_need_no_token(guarded, path):
    assert guarded.ask(path, token=None)[0] == 200


@pytest.mark.parametrize("brought", [
    b"", b"Bearer", b"Bearer ", TOKEN.encode(), b"Bearer " + TOKEN[:-1].encode(), b"Bearer " + TOKEN.encode() + b"0",
    b"Bearer " + TOKEN.upper().encode(), b"Basic " + TOKEN.encode(), b"Bearer " + OTHER.encode(),
    b"Bearer " + TOKEN.encode() + b" " + TOKEN.encode(), b"Bearer " + b"a" * 10_000, b"Bearer \x01\x02\x7f\xff",
], ids=range(12))
def test_a_wrong_token_is_refused(guarded, brought):
    assert guarded.ask("/api/v1/tests", token=brought)[0] == 401
    assert guarded.ask("/api/v1/tests")[0] == 200


def test_a_token_that_no_server_would_read_ends_that_request_only(guarded):
    assert guarded.ask("/api/v1/tests", token=b"Bearer " + b"a" * 100_000)[0] in (413, 431)
    assert guarded.ask("/api/v1/tests")[0] == 200


def test_refusals_are_counted_and_do_not_fill_the_log(own_guarded):
    for _ in range(50):
        assert own_guarded.ask("/api/v1/tests", token=OTHER)[0] == 401
    assert own_guarded.ask("/api/v1/tests", token=None)[0] == 401
    assert own_guarded.program.metric("umbra_console_refused_total", token="wrong") == 50
    assert own_guarded.program.metric("umbra_console_refused_total", token="none") == 1
    own_guarded.program.stop()
    lines = [line for line in own_guarded.program.log().splitlines() if "a wrong token was refused" in line]
    assert 1 <= len(lines) <= 10 and "127.0.0.1" in lines[0]


def test_a_new_token_counts_without_a_restart(own_guarded):
    own_guarded.write_token(OTHER)
    until(lambda: own_guarded.ask("/api/v1/tests", token=OTHER)[0] == 200, "the new token opens", every=0.2)
    assert own_guarded.ask("/api/v1/tests", token=TOKEN)[0] == 401
    own_guarded.write_token("short")
    until(lambda: own_guarded.ask("/api/v1/tests", token=OTHER)[0] != 200
          or "the last one stays in force" in own_guarded.program.log(), "the bad file is noticed", every=0.2)
    assert own_guarded.ask("/api/v1/tests", token=OTHER)[0] == 200


# Other sites


def test_the_page_of_another_site_reads_nothing(guarded):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for token in (None, TOKEN):
        answer = guarded.ask("/api/v1/tests", token, **headers)[2]
        assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]
        assert answer.getheader("cross-origin-resource-policy") == "same-origin"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_site_may_not_even_try_to_change_anything(guarded, method):
    status, _, answer = guarded.ask("/api/v1/tests", method=method, Origin="https://evil.example",
                                    **{"Access-Control-Request-Method": "POST"})
    assert status == 405
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-control")]


# TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_new_tls_is_spoken(guarded, version):
    with guarded.connect(version) as connection:
        assert connection.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(guarded, version):
    with pytest.raises(ssl.SSLError, match="alert|closed"):
        guarded.connect(version)
    assert guarded.ask("/api/v1/tests")[0] == 200


def test_plain_http_gets_no_answer_and_harms_nobody(guarded):
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", guarded.port), timeout=40) as plain:
            plain.sendall(b"GET /api/v1/tests HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = b""
            with contextlib.suppress(ConnectionError):
                while piece := plain.recv(4096):
                    said += piece
            assert b"HTTP" not in said
    assert guarded.ask("/api/v1/tests")[0] == 200


def test_a_thousand_that_are_slow_to_shake_hands_stop_nobody(guarded):
    with contextlib.ExitStack() as all_open, many_files():
        for n in range(1000):
            slow = all_open.enter_context(socket.create_connection(("127.0.0.1", guarded.port), timeout=40))
            if n % 2:
                slow.sendall(b"\x16\x03\x01\x02\x00\x01\x00")  # how a handshake begins
        assert guarded.ask("/api/v1/tests")[0] == 200


def test_a_stream_of_changes_comes_over_tls(ready, own_guarded):
    with own_guarded.connect() as stream:
        stream.sendall(b"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % TOKEN.encode())
        read_until(stream, b": here")
        ready.run("umbractl", "set", "t", "sampling=7")
        read_until(stream, b'event: change\ndata: {"tests":["t","u"]')
        own_guarded.program.stop()


def read_until(opened, text):
    said = b""
    while text not in said:
        piece = opened.recv(4096)
        assert piece, said
        said += piece


@contextlib.contextmanager
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard == resource.RLIM_INFINITY else min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# What it does not start with


@pytest.mark.parametrize("certificate, key, token, words", [
    (None, None, None, "--token-file"),
    ("console.pem", "console.key", None, "--token-file"),
    (None, None, TOKEN, "--tls-certificate"),
    ("console.pem", None, TOKEN, "--tls-certificate needs --tls-key"),
    (None, "console.key", TOKEN, "--tls-key needs --tls-certificate"),
    ("nowhere.pem", "console.key", TOKEN, "nowhere.pem: No such file"),
    ("console.pem", "nowhere.key", TOKEN, "nowhere.key: No such file"),
    ("empty", "console.key", TOKEN, "empty is empty"),
    ("console.pem", "empty", TOKEN, "empty is empty"),
    ("huge", "console.key", TOKEN, "huge has more than 1 MiB"),
    ("no.pem", "console.key", TOKEN, "no.pem holds no certificate in PEM"),
    ("console.key", "console.key", TOKEN, "console.key holds no certificate in PEM"),
    ("console.pem", "console.pem", TOKEN, "console.pem holds no private key in PEM"),
    ("console.pem", "locked.key", TOKEN, "locked.key holds no private key in PEM without a password"),
    ("console.pem", "stranger.key", TOKEN, "stranger.key is not that of the certificate in"),
    (".", "console.key", TOKEN, "cannot be read"),
    ("console.pem", "console.key", "planted-short", "has a token of fewer than 16 characters"),
    ("console.pem", "console.key", "", "has an empty first line"),
    ("console.pem", "console.key", "planted token with blanks", "holds a blank"),
])
def test_what_would_not_be_safe_does_not_start(umbra, files, certificate, key, token, words):
    arguments = ["--listen", "0.0.0.0:0", "--store", umbra.folder / "a.sqlite"]
    for option, name in (("--tls-certificate", certificate), ("--tls-key", key)):
        arguments += [option, files / name] if name else []
    if token is not None:
        (umbra.folder / "token").write_text(token + "\n")
        arguments += ["--token-file", umbra.folder / "token"]
    for more in ([], ["--check-config"]):
        done = umbra.run("umbra-console", *arguments, *more, expect=2)
        assert words in done.stderr and "planted" not in done.stderr + done.stdout
        assert "PRIVATE KEY" not in done.stderr and len(done.stderr.splitlines()) == 1


def test_files_that_every_user_can_read_are_warned_of(ready, files):
    guarded = Guarded(ready, files)
    assert "chmod o-r" not in guarded.program.log()
    guarded.program.stop()
    guarded.token_file.chmod(0o644)
    again = ready.start("umbra-console", "--listen", "127.0.0.1:0", "--token-file", guarded.token_file,
                        "--store", ready.folder / "console.sqlite").wait_ready()
    assert "token: every user of this machine can read it: chmod o-r" in again.log()
    again.stop()


def test_on_this_machine_a_token_may_be_asked_for_without_tls_behind_a_proxy(ready):
    """Then it is the token that keeps others out, whatever name the proxy was asked by."""
    token = ready.folder / "token"
    token.touch(0o600)
    token.write_text(TOKEN)
    console = ready.start("umbra-console", "--listen", "127.0.0.1:0", "--token-file", token,
                          "--store", ready.folder / "console.sqlite").wait_ready()
    port = int(console.wait_log(r"page is at http://\S+:(\d+)/")[1])
    for brought, status in (({}, 401), ({"Authorization": f"Bearer {TOKEN}"}, 200)):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        connection.request("GET", "/api/v1/tests", headers={"Host": "umbra.example", **brought})
        assert connection.getresponse().status == status
        connection.close()
    console.stop()
