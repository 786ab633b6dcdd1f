"""A model that does what a test tells it: answers, waits, hangs, lies; and remembers each request.

    model.answer = Answer(status=500)                      every request
    model.answer = lambda request: Answer(body=...)        as the request deserves
    model.answer = Answer(raw=b"garbage")                  these bytes, then the connection closes
    model.answer = Answer(hang=True)                       nothing, until the model is closed
    model.answer = ECHO                                    the request's body and content type
"""
import collections
import http.server
import socket
import threading
import time

from waiting import until

ModelRequest = collections.namedtuple("ModelRequest", "method path headers body time")


class Answer:
    """headers: more than content-type and content-length. body None: the request's own."""

    def __init__(self, status=200, body=b'{"score": 0.5}', content_type="application/json",
                 headers=(), delay=0.0, hang=False, raw=None):
        self.status, self.body, self.content_type = status, body, content_type
        self.headers, self.delay, self.hang, self.raw = headers, delay, hang, raw


ECHO = Answer(body=None, content_type=None)


class ModelServer:
    def __init__(self, answer=Answer(), port=0):
        self.answer = answer
        self.page = lambda request: Answer(body=b"")  # what GET is answered
        self.requests = []  # every ModelRequest, in order of arrival
        self.in_flight = 0
        self.most_in_flight = 0
        self.connections = 0
        self.lock = threading.Lock()
        self.released = threading.Event()  # ends what hangs
        self.server = _Server(("127.0.0.1", port), _Handler)
        self.server.model = self
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/invocations"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def release(self):
        """Ends what hangs: those requests get their answer, later ones hang no more."""
        self.released.set()

    def close(self):
        """Down: connections are refused from now on, and open ones are cut."""
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.server.cut_connections()
        self.thread.join(10)

    def bodies(self):
        with self.lock:
            return [request.body for request in self.requests]

    def wait_requests(self, n, seconds=30):
        until(lambda: len(self.requests) >= n,
              lambda: f"{n} requests at the model, which had {len(self.requests)}", seconds)
        return list(self.requests)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def server_bind(self):
        self.open_sockets = set()
        super().server_bind()

    def process_request(self, request, client_address):
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open_sockets.add(request)
        self.model.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def cut_connections(self):
        for connection in list(self.open_sockets):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself

    def handle_error(self, request, client_address):
        pass  # the caller went away: what it saw is asserted on its side


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write for head and body

    def do_POST(self):
        model = self.server.model
        request = self.take(model)
        try:
            answer = model.answer(request) if callable(model.answer) else model.answer
            if answer.hang:
                model.released.wait()
            if answer.delay:
                time.sleep(answer.delay)
            self.give(answer, request)
        finally:
            with model.lock:
                model.in_flight -= 1

    def do_GET(self):
        request = ModelRequest("GET", self.path, [], b"", 0)
        self.give(self.server.model.page(request), request)

    def take(self, model):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = ModelRequest(
            self.command, self.path, self.headers.items(), body, time.monotonic())
        with model.lock:
            model.requests.append(request)
            model.in_flight += 1
            model.most_in_flight = max(model.most_in_flight, model.in_flight)
        return request

    def give(self, answer, request):
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        body = request.body if answer.body is None else answer.body
        own_type = dict((k.lower(), v) for k, v in request.headers).get("content-type")
        self.send_response(answer.status)
        content_type = answer.content_type or own_type
        if content_type:
            self.send_header("Content-Type", content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass
