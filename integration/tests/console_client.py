"""A running umbra-console, and what it answers."""
import http.client
import json
import urllib.parse

from waiting import until


def start_console(umbra, store):
    """Begins to run; whether it is ready is for others to ask."""
    return umbra.start("umbra-console", "--listen", "127.0.0.1:0", "--store", store)


class Console:
    """A running umbra-console with a store of its own."""

    def __init__(self, umbra, store="console.sqlite"):
        self.umbra, self.store = umbra, umbra.folder / store
        self.start()

    def start(self):
        self.program = start_console(self.umbra, self.store).wait_ready()
        self.address = self.program.wait_log(r"http://(127\.0\.0\.1:\d+)")[1]

    def ask(self, path, headers=(), method="GET", body=None):
        """(status, headers, body)"""
        host, port = self.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def get(self, path, expect=200, **query):
        text = f"/api/v1/{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        status, _, body = self.ask(text)
        assert status == expect, (text, status, body)
        return json.loads(body)

    def has_read_all(self):
        system = self.get("system")
        return not system["stale"] and system["partitions"] and all(p["lag"] == 0 for p in system["partitions"])

    def wait_read(self):
        until(self.has_read_all, lambda: f"all is read: {self.get('system')}", every=0.2)
