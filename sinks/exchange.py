"""One HTTP exchange: a body sent from a file, and a reply that is bounded in bytes and time."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from io import BufferedReader
from threading import Event, Timer
from typing import IO
from urllib.parse import urljoin, urlsplit

import msgspec

from fetch.link_local import is_link_local
from model.errors import SinkError
from sinks.addresses import fault, origin, shown

_CONNECT_S = 5.0
_LARGEST_REPLY_BYTES = 64 << 10
_MOST_REDIRECTS = 3
_SAME_METHOD_REDIRECTS = (307, 308)


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What the server said; the body holds 64 KiB at most."""

    status: int
    retry_after: str | None
    location: str | None
    body: bytes


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a server: how long to wait for it, whom to trust, and where never to go."""

    timeout_s: float
    trust: ssl.SSLContext
    allow_link_local: bool
    private_path: bool = False  # the path is a secret, as in the URLs of chats

    def named(self, url: str) -> str:
        """As much of a URL as may be told."""
        return origin(url) if self.private_path else shown(url)


def send(
    line: Line, method: str, url: str, headers: dict[str, str], body: IO[bytes], size_bytes: int
) -> Reply:
    """Send the body and read the reply, following a few redirects that stay on the same host.

    Raises SinkError for other redirects, OSError and http.client.HTTPException where the line fails.
    """
    headers = {**headers, "Content-Length": str(size_bytes), "Connection": "close"}
    for _ in range(_MOST_REDIRECTS + 1):
        body.seek(0)
        reply = _once(line, method, url, headers, body)
        if reply.status not in _SAME_METHOD_REDIRECTS:
            return reply
        url = _redirected(line, url, reply.location or "")
    raise SinkError(
        f"{line.named(url)}: more than {_MOST_REDIRECTS} redirects",
        retry=False,
        remedy="set `url` to the last",
    )


def _redirected(line: Line, url: str, location: str) -> str:
    try:
        there = urljoin(url, location)
        same = location != "" and origin(there) == origin(url) and not fault(there, query=True)
    except ValueError:
        same = False
    if not same:
        raise SinkError(
            f"{line.named(url)}: redirects to another host are not followed",
            retry=False,
            remedy="set `url` to where the server is",
        )
    return there


def _once(line: Line, method: str, url: str, headers: dict[str, str], body: IO[bytes]) -> Reply:
    address = urlsplit(url)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    connection = _Connection(address.hostname or "", address.port, line, encrypted=address.scheme == "https")
    try:
        whole = True
        try:
            connection.request(method, target, body=body, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            if connection.sock is None:
                raise
            whole = False  # a server may refuse and close before it has read everything
        with _no_longer_than(line.timeout_s, connection.sock), connection.getresponse() as response:
            reply = _read(response)
        if not whole and reply.status < 300:
            raise ConnectionResetError("the server closed before it had everything")
        return reply
    finally:
        connection.close()


def _read(response: HTTPResponse) -> Reply:
    body = response.read(_LARGEST_REPLY_BYTES)
    if response.length and len(body) < _LARGEST_REPLY_BYTES:
        raise IncompleteRead(body, response.length)
    return Reply(
        status=response.status,
        retry_after=response.headers.get("Retry-After"),
        location=response.headers.get("Location"),
        body=body,
    )


@contextmanager
def _no_longer_than(seconds: float, sock: socket.socket) -> Iterator[None]:
    """Cut the connection when the block takes longer: a socket's own timeout starts anew with each byte."""
    late = Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):  # it is over already
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS's own would go on unencrypted

    timer = Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise TimeoutError


class _Lines(BufferedReader):
    """A reader that knows whether its last line was whole."""

    whole = True

    def readline(self, size: int | None = -1, /) -> bytes:
        """The next line, or what there is of it."""
        line = super().readline(size)
        self.whole = line.endswith(b"\n")
        return line


class _Response(HTTPResponse):
    """A response whose head must be whole: http.client takes a cut one for its end."""

    def begin(self) -> None:
        """Read the head."""
        lines = _Lines(self.fp.detach())
        self.fp = lines
        super().begin()
        if not lines.whole:
            raise IncompleteRead(b"")


class _Connection(HTTPConnection):
    """A connection to an address that was looked at before it was dialled."""

    response_class = _Response

    def __init__(self, host: str, port: int | None, line: Line, *, encrypted: bool) -> None:
        super().__init__(host, port or (443 if encrypted else 80), timeout=line.timeout_s, blocksize=1 << 16)
        self._line, self._encrypted = line, encrypted

    def connect(self) -> None:
        """Dial, with TLS where the URL asks for it."""
        self.sock = _dial(self.host, self.port, self._line)
        if self._encrypted:
            self.sock = self._line.trust.wrap_socket(self.sock, server_hostname=self.host)


def _dial(host: str, port: int, line: Line) -> socket.socket:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # it cannot even be asked for
        raise OSError(f"{host} is no name of a host") from None
    found = [str(entry[4][0]) for entry in entries]
    if not line.allow_link_local and any(map(is_link_local, found)):
        raise SinkError(
            f"{host} is a link-local address, where clouds hand out credentials",
            retry=False,
            remedy="correct `url`, or set `allow_link_local: true`",
        )
    failed: OSError = OSError(f"{host} has no address")
    for address in found:
        try:
            sock = socket.create_connection((address, port), timeout=min(_CONNECT_S, line.timeout_s))
        except OSError as error:
            failed = error
        else:
            sock.settimeout(line.timeout_s)
            return sock
    raise failed
