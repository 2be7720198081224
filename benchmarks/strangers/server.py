"""A server in a process of its own: `python -m benchmarks.strangers.server` prints its port.

`/silent?seconds=N` is answered after so long, `/busy` with 503, and anything else at once.
"""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    """Answers late, or that it is busy."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/silent"):
            time.sleep(float(parse_qs(address.query).get("seconds", ["60"])[0]))
        self._answer(503 if address.path.startswith("/busy") else 200)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        """Say nothing of requests."""


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
