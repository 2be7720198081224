"""A stand-in for a cloud provider's API, on loopback and in a thread of the program."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

_NODES = json.dumps([{"name": f"node-{number}", "cpu": 4} for number in range(20)]).encode()
_THROTTLED = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>"
    b"</Error><RequestId>0</RequestId></ErrorResponse>"
)


class _Handler(BaseHTTPRequestHandler):
    """Answers with nodes, or that it was asked too often."""

    def do_GET(self) -> None:
        """List the nodes."""
        if self.path.startswith("/throttled"):
            self._answer(429, "text/xml", _THROTTLED)
        else:
            self._answer(200, "application/json", _NODES)

    def do_POST(self) -> None:
        """What AWS's clients send."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        """Say nothing of requests."""


def serve() -> int:
    """Answer from now on; the port."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, name="cloud-api", daemon=True).start()
    return server.server_port
