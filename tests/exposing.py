"""A target's HTTP for tests: an exposition that the test sets, over connections that are kept."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

READY_S = 30.0
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Exposing:
    """What it answers, to be changed at any time, and what it was asked."""

    def __init__(self) -> None:
        self.text = ""
        self.status = 200
        self.content_type = TEXT
        self.headers: dict[str, str] = {}
        self.requests: list[dict[str, str]] = []  # the headers of each
        self.paths: list[str] = []
        self.connections = 0
        self.answers = Event()  # cleared: it hangs
        self.answers.set()
        self.ended = Event()
        self.address = ""

    def loop(self, *, start_ago_s: float | None = None, ends: int = 0, sum_s: float = 0.0) -> None:
        """Expose a loop: when its last iteration started, how many ended, and what they took."""
        start = "" if start_ago_s is None else f'loop_start{{loop="main"}} {time.time() - start_ago_s}\n'
        self.text = f"{start}loop_took_seconds_sum {sum_s}\nloop_took_seconds_count {ends}\nloop_up 1\n"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    exposing: Exposing
    tls: ssl.SSLContext | None = None
    sockets: list[socket.socket]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self.exposing.connections += 1
        self.sockets.append(connection)
        return connection, address

    def finish_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        with suppress(OSError):  # a client that goes, or whom we do not trust
            made = self.tls.wrap_socket(request, server_side=True) if self.tls else request
            with made:
                super().finish_request(made, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        told = self.server.exposing
        told.requests.append({name.lower(): value for name, value in self.headers.items()})
        told.paths.append(self.path)
        while not told.answers.wait(0.05) and not told.ended.is_set():
            pass
        body = told.text.encode()
        self.send_response(told.status)
        for name, value in {"Content-Type": told.content_type, **told.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def exposing(tls: ssl.SSLContext | None = None) -> Iterator[Exposing]:
    """A server on a free port of loopback."""
    told = Exposing()
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.exposing, server.tls, server.sockets = told, tls, []
        told.address = f"127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.05,), name="exposing")
        thread.start()
        try:
            yield told
        finally:
            told.ended.set()
            server.shutdown()
            thread.join(READY_S)
            for connection in server.sockets:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
