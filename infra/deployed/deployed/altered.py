"""An endpoint that passes everything on to the emulator, and alters what it answers about a fault."""

import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Altered(ThreadingHTTPServer):
    """Listens on a free loopback port. `rules` are functions of an operation and its response, which may alter it. An
    operation is the target of a call with the JSON protocol, or else the method and the path."""

    daemon_threads = True

    def __init__(self, emulator, *rules):
        super().__init__(("127.0.0.1", 0), Handler)
        self.emulator, self.rules = emulator, list(rules)
        self.url = f"http://127.0.0.1:{self.server_port}"

    @contextlib.contextmanager
    def serve(self):
        """Serves while the block runs."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()

    @contextlib.contextmanager
    def rule(self, rule):
        """Adds a rule while the block runs."""
        self.rules.append(rule)
        try:
            yield
        finally:
            self.rules.remove(rule)


class Handler(BaseHTTPRequestHandler):
    """Passes a request on as it came, so that its signature stays valid."""

    protocol_version = "HTTP/1.1"

    def handle_any(self):
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.emulator.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(self.command, self.path, content, dict(self.headers.items()))
            response = connection.getresponse()
            body, kind = response.read().decode(), response.getheader("content-type") or ""
        operation = self.headers.get("x-amz-target") or f"{self.command} {self.path} {content.decode()}"
        body = _alter(self.server.rules, operation, body)
        self.send_response(response.status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = handle_any

    def log_message(self, *_):
        pass


def _alter(rules, operation, text):
    """Applies the rules to the document in a response, or to its text if it is not JSON."""
    try:
        document = json.loads(text)
    except ValueError:
        document = text
    for rule in rules:
        document = rule(operation, document) or document
    return (document if isinstance(document, str) else json.dumps(document)).encode()
