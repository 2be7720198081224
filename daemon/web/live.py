"""One stream of the status for all who look at the page: made once a second, while somebody looks."""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
from aiohttp import web

from daemon.core import Core
from daemon.spool.entry import Entry
from daemon.web.connection import when_lost
from daemon.web.responses import PLAIN_HEADERS, RequestError
from daemon.web.status import Status, TargetStatus, newest, status, target_status
from model.coding import encode

LISTENERS = 8
EVERY_S = 1.0
_AT_A_TIME = 20  # targets, before others of the daemon's tasks have their turn
_MOST_SHARE = 0.02  # of the daemon's time; a status of a thousand targets comes less often


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the stream."""

    status: Status
    reports: int  # changes whenever GET /v1/reports would say something else


class Live:
    """`GET /v1/live`, as server-sent events."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._over: set[asyncio.Event] = set()  # one a listener: set when it has gone, or is to go
        self._making = asyncio.Lock()
        self._message = b""
        self._due_s = 0.0  # when the next message is to be made, monotonic
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many look."""
        return len(self._over)

    @property
    def kept_bytes(self) -> int:
        """What is kept of the last message."""
        return len(self._message)

    def close(self) -> None:
        """End all streams: the daemon stops."""
        self._closed = True
        for over in self._over:
            over.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send the status again and again, until the listener or the daemon has enough."""
        if self.listeners >= LISTENERS or self._closed:
            raise RequestError(
                503,
                f"{LISTENERS} pages are open already" if not self._closed else "loopcam is stopping",
                remedy="close one, or ask GET /v1/status now and then",
                headers={"Retry-After": "5"},
            )
        over = asyncio.Event()
        self._over.add(over)
        when_lost(request, over.set)
        try:
            return await self._send(request, over)
        finally:
            self._over.discard(over)
            if not self._over:
                self._message, self._due_s = b"", 0.0

    async def _send(self, request: web.Request, over: asyncio.Event) -> web.StreamResponse:
        response = web.StreamResponse(headers=PLAIN_HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        with suppress(ConnectionError):  # whoever looked has gone
            while not over.is_set():
                await response.write(await self._now())
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._due_s - time.monotonic())):
                        await over.wait()
        return response

    async def _now(self) -> bytes:
        """The newest message, made anew by whoever first finds it too old."""
        async with self._making:
            begun_s = time.monotonic()
            if begun_s >= self._due_s:
                targets = [one async for one in self._targets()]
                found = status(self._core, targets)
                news = News(status=found, reports=_fingerprint(newest(self._core)))
                self._message = b"data: " + encode(news) + b"\n\n"
                took_s = time.monotonic() - begun_s
                self._due_s = begun_s + max(EVERY_S, took_s / _MOST_SHARE)
            return self._message

    async def _targets(self) -> AsyncIterator[TargetStatus]:
        """Every target's status; deadlines and events come between."""
        for number, target in enumerate(tuple(self._core.fleet)):
            if number % _AT_A_TIME == _AT_A_TIME - 1:
                await asyncio.sleep(0)
            yield target_status(self._core, target, time.monotonic())


def _fingerprint(entries: list[Entry]) -> int:
    known = ((one.id, one.drawn, [str(each.progress) for each in one.deliveries.values()]) for one in entries)
    return zlib.crc32(repr(list(known)).encode())
