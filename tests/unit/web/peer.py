"""A listener for tests, and a peer that speaks to it byte by byte."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from daemon.sources.heartbeat.hearing import Hearing
from daemon.web.bounds import Bounds
from daemon.web.guards import Access, allowed_hosts
from daemon.web.heartbeat import Heartbeats
from daemon.web.listener import Listener, Tls
from model.events import Event

ACCESS = Access(hosts=allowed_hosts("127.0.0.1"))
QUICK = Bounds(header_s=0.2, body_s=0.2, idle_s=0.4, shutdown_s=0.5)
LONGEST_S = 20  # what a test waits for at most, however busy the machine is
BEAT = b'{"target": "loop", "event": "beat"}'


class Answer(msgspec.Struct, frozen=True):
    """One response as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, str]:
        """The JSON of an error, which always has these two."""
        said: dict[str, str] = json.loads(self.body)
        assert set(said) == {"error", "remedy"}
        return said


class Peer:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Answer:
        async with asyncio.timeout(LONGEST_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, body)

    async def ask(self, data: bytes) -> Answer:
        await self.send(data)
        return await self.answer()

    async def rest(self) -> bytes:
        """Everything up to the end of the connection, which the listener has to bring about."""
        came = bytearray()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(LONGEST_S):
                while piece := await self.reader.read(65536):  # a reset would take what waits with it
                    came += piece
        return bytes(came)

    def abort(self) -> None:
        self.writer.transport.abort()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


def post(path: str, body: bytes = b"", *headers: str, host: str = "localhost") -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, *headers: str, host: str = "localhost") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


@asynccontextmanager
async def peer(
    port: int, *, tls: ssl.SSLContext | None = None, source: str = "127.0.0.1"
) -> AsyncIterator[Peer]:
    """A connection from an address of ours, aborted in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, local_addr=(source, 0))
    connected = Peer(reader, writer)
    try:
        yield connected
    finally:
        connected.abort()


@asynccontextmanager
async def listening(
    routes: Iterable[web.AbstractRouteDef],
    *,
    access: Access = ACCESS,
    bounds: Bounds | None = None,
    tls: Tls | None = None,
) -> AsyncIterator[Listener]:
    """A listener on a free port, stopped in the end."""
    listener = Listener(routes, "127.0.0.1", 0, access=access, bounds=bounds, tls=tls)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


async def healthz(request: web.Request) -> web.Response:
    return web.Response(text="ok")


@asynccontextmanager
async def heartbeats(
    *, bounds: Bounds | None = None, max_per_s: int = 1000
) -> AsyncIterator[tuple[int, list[Event]]]:
    """The heartbeat routes for one target `loop`: the port, and the events that came in."""
    events: list[Event] = []
    routes = Heartbeats(Hearing(events.append, lambda: {"loop": max_per_s})).routes()
    async with listening([*routes, web.get("/healthz", healthz)], bounds=bounds) as listener:
        yield listener.port, events
