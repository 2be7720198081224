"""One stream of the status for all who look at the page: made once a second, while somebody looks."""

import asyncio
import time
import zlib
from contextlib import suppress

import msgspec
from aiohttp import web

from daemon.core import Core
from daemon.spool.entry import Entry
from daemon.web.responses import PLAIN_HEADERS, RequestError
from daemon.web.status import Status, newest, status
from model.coding import encode

LISTENERS = 8
EVERY_S = 1.0
_MOST_SHARE = 0.02  # of the daemon's time; a status of a thousand targets comes less often


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the stream."""

    status: Status
    reports: int  # changes whenever GET /v1/reports would say something else


class Live:
    """`GET /v1/live`, as server-sent events."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.listeners = 0
        self._closed = asyncio.Event()
        self._message = b""
        self._due_s = 0.0  # when the next message is to be made, monotonic

    @property
    def kept_bytes(self) -> int:
        """What is kept of the last message."""
        return len(self._message)

    def close(self) -> None:
        """End all streams: the daemon stops."""
        self._closed.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send the status again and again, until the listener or the daemon has enough."""
        if self.listeners >= LISTENERS:
            raise RequestError(
                503,
                f"{LISTENERS} pages are open already",
                remedy="close one, or ask GET /v1/status now and then",
                headers={"Retry-After": "5"},
            )
        self.listeners += 1
        try:
            return await self._send(request)
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._message, self._due_s = b"", 0.0

    async def _send(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=PLAIN_HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        with suppress(ConnectionError):  # whoever looked has gone
            while not self._closed.is_set():
                await response.write(self._now())
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, self._due_s - time.monotonic())):
                        await self._closed.wait()
        return response

    def _now(self) -> bytes:
        """The newest message, made anew by whoever finds it too old."""
        begun_s = time.monotonic()
        if begun_s >= self._due_s:
            news = News(status=status(self._core), reports=_fingerprint(newest(self._core)))
            self._message = b"data: " + encode(news) + b"\n\n"
            took_s = time.monotonic() - begun_s
            self._due_s = begun_s + max(EVERY_S, took_s / _MOST_SHARE)
        return self._message


def _fingerprint(entries: list[Entry]) -> int:
    known = ((one.id, one.drawn, [str(each.progress) for each in one.deliveries.values()]) for one in entries)
    return zlib.crc32(repr(list(known)).encode())
