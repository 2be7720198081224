"""Servers for tests, on loopback: one that answers by script over real sockets, and a moto server."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

READY_S = 30.0


@dataclass
class Request:
    """One request as it came; `body` holds what arrived of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[socket.socket, Request], None]
"""Writes a reply, or does not; the connection is closed afterwards."""


@dataclass
class Scripted:
    """A server that gives the answers in turn, the last one for ever."""

    url: str
    read_bytes: int | None
    tls: ssl.SSLContext | None
    requests: list[Request] = field(default_factory=list)


def reply(
    status: int, body: bytes = b"", *, headers: Sequence[str] = (), length: int | None = None
) -> Answer:
    """A whole reply; `length` says another Content-Length than the body's."""

    def answer(connection: socket.socket, request: Request) -> None:
        lines = [f"HTTP/1.1 {status} Said", "Connection: close", *headers]
        lines.append(f"Content-Length: {len(body) if length is None else length}")
        connection.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)

    return answer


def stored(connection: socket.socket, request: Request) -> None:
    """What S3 says when it has an object."""
    reply(200, headers=['ETag: "0123456789abcdef0123456789abcdef"'])(connection, request)


def s3_error(
    status: int, code: str, *, headers: Sequence[str] = (), message: str = "said the test"
) -> Answer:
    """An error as S3 words it."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return reply(status, body.encode(), headers=("Content-Type: application/xml", *headers))


def cut(connection: socket.socket, request: Request) -> None:
    """Reset the connection instead of answering."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def silent(connection: socket.socket, request: Request) -> None:
    """Say nothing until the client goes."""
    connection.settimeout(READY_S)
    with suppress(OSError):
        connection.recv(1)


def trickle(connection: socket.socket, request: Request) -> None:
    """A reply that would take for ever: a byte of a header now and then, until the client goes."""
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 Said\r\nX-Slow: ")
        while True:
            connection.sendall(b"x")
            connection.settimeout(0.05)
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return


@contextmanager
def scripted(
    *answers: Answer, read_bytes: int | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    """A server on a free port; with `read_bytes`, it answers after that much of a body."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scheme = "https" if tls else "http"
        server = Scripted(
            url=f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", read_bytes=read_bytes, tls=tls
        )
        thread = Thread(target=_serve, args=(listener, server, answers), name="scripted server")
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(READY_S)
    assert not thread.is_alive()


def _serve(listener: socket.socket, server: Scripted, answers: Sequence[Answer]) -> None:
    workers: list[Thread] = []
    with suppress(OSError):  # closed by the test
        while True:
            connection, _ = listener.accept()
            arguments = (connection, server, answers)
            workers.append(Thread(target=_serve_one, args=arguments, name="scripted connection"))
            workers[-1].start()
    for worker in workers:
        worker.join(READY_S)


def _serve_one(raw: socket.socket, server: Scripted, answers: Sequence[Answer]) -> None:
    with raw, suppress(OSError):
        raw.settimeout(READY_S)
        with server.tls.wrap_socket(raw, server_side=True) if server.tls else raw as connection:
            request = _read(connection, server.read_bytes)
            if request is None:
                return
            server.requests.append(request)
            answers[min(len(server.requests), len(answers)) - 1](connection, request)


def _read(connection: socket.socket, read_bytes: int | None) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(1 << 16)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    wanted = int(headers.get("content-length", 0)) if read_bytes is None else read_bytes
    while len(body) < wanted and (chunk := connection.recv(1 << 16)):
        body += chunk
    method, target, _ = first.split(" ")
    return Request(method=method, target=target, headers=headers, body=body)


@contextmanager
def put_only(store_url: str) -> Iterator[Scripted]:
    """A guard before a store that lets through what s3:PutObject allows, and answers 403 to the rest."""

    def pass_on(connection: socket.socket, request: Request) -> None:
        query = request.target.partition("?")[2]
        allowed = request.method == "PUT" or (request.method == "POST" and "upload" in query)
        if not allowed:
            s3_error(403, "AccessDenied")(connection, request)
            return
        _forward(store_url, connection, request)

    with scripted(pass_on) as server:
        yield server


def _forward(store_url: str, connection: socket.socket, request: Request) -> None:
    there = http.client.HTTPConnection(store_url.removeprefix("http://"), timeout=READY_S)
    try:
        there.request(request.method, request.target, body=request.body, headers=request.headers)
        answer = there.getresponse()
        headers = [f"{k}: {v}" for k, v in answer.getheaders() if k.lower() in ("etag", "content-type")]
        reply(answer.status, answer.read(), headers=headers)(connection, request)
    finally:
        there.close()


@contextmanager
def moto(log: Path, **environment: str) -> Iterator[str]:
    """A real moto server in a child process; gives its URL."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    try:
        yield _moto_url(child, log)
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(READY_S)


def _moto_url(child: "subprocess.Popen[bytes]", log: Path) -> str:
    end_s = time.monotonic() + READY_S
    while time.monotonic() < end_s and child.poll() is None:
        _, said, rest = log.read_text().partition("Running on http://")
        if said and "\n" in rest:
            url = "http://" + rest.split()[0]
            with urllib.request.urlopen(f"{url}/moto-api/", timeout=READY_S):
                return url
        time.sleep(0.05)
    raise RuntimeError(f"moto_server did not start: {log.read_text()}")
