"""aiohttp's connection with what it lacks: deadlines for headers and for taking answers, and JSON errors."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, cast

from aiohttp import web
from aiohttp.streams import StreamReader

from daemon.web.accepted import Accepted
from daemon.web.bounds import Bounds
from daemon.web.responses import error_response, raw_error
from model.errors import LoopcamError

log = logging.getLogger("loopcam.web")
_no_access_log = logging.Logger("loopcam.web.access", level=logging.CRITICAL)

_HEAD_END = b"\r\n\r\n"


def arrival_s(request: web.Request) -> float:
    """When the last bytes of a request came in (monotonic)."""
    return cast(Connection, request.protocol).received_s


def when_lost(request: web.Request, call: Callable[[], None]) -> None:
    """Have this called when the peer is gone; nothing else tells it while nothing is written."""
    cast(Connection, request.protocol).on_lost = call


class Connection(web.RequestHandler):
    """One connection. It owns no timer: `expire` is called for all of them now and then."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_bounds",
        "_head_bytes",
        "_head_since_s",
        "_leave",
        "_stuck_since_s",
        "_unsent_bytes",
        "_wire",
        "on_lost",
        "received_s",
    )

    def __init__(self, server: web.Server, bounds: Bounds, leave: Callable[["Connection"], None]) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=bounds.idle_s,
            logger=log,
            access_log=_no_access_log,
            max_line_size=bounds.line_bytes,
            max_field_size=bounds.line_bytes,
            max_headers=bounds.headers,
            lingering_time=min(bounds.body_s, 1.0),
            read_bufsize=bounds.body_bytes,
            auto_decompress=False,
        )
        self._bounds = bounds
        self._leave = leave
        self._wire: asyncio.Transport | None = None
        self.received_s = 0.0
        self.on_lost: Callable[[], None] | None = None  # who answers for long, and wants to know
        self._head_since_s: float | None = None  # since when headers are awaited that are not whole
        self._head_bytes = 0
        self._body: StreamReader | None = None  # of the newest request, while it is not whole
        self._body_bytes = 0
        self._stuck_since_s: float | None = None
        self._unsent_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock for the first request's headers."""
        self._wire = cast(asyncio.Transport, transport)
        self._head_since_s = time.monotonic()
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another."""
        self._leave(self)
        if self.on_lost is not None:
            self.on_lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and note whether a request's headers are left half said."""
        if not data:  # aiohttp goes on with bytes that it had put aside
            super().data_received(data)
            return
        self.received_s = time.monotonic()
        queued = len(self._messages)
        super().data_received(data)
        if len(self._messages) > queued:
            body = self._messages[-1][1]
            # The parser does not tell whether the next request has begun behind the body. A crafted
            # body can pass for the end of this one, which buys its sender `idle_s`.
            at_end = data.endswith(_HEAD_END, 0, len(data) - body.total_bytes)
            self._note_body(body, at_end or data.endswith(_HEAD_END))
        elif self._body is not None:
            at_end = self._body.total_bytes - self._body_bytes == len(data)
            self._note_body(self._body, at_end or data.endswith(_HEAD_END))
        else:
            self._note_partial_head(len(data))

    def _note_body(self, body: StreamReader, at_end: bool) -> None:
        self._head_bytes = 0
        if body.is_eof():
            self._body = None
            self._head_since_s = None if at_end else self.received_s
        else:
            self._body, self._body_bytes = body, body.total_bytes
            self._head_since_s = None

    def _note_partial_head(self, size_bytes: int) -> None:
        if self._head_since_s is None:
            self._head_since_s = self.received_s
        self._head_bytes += size_bytes
        if self._head_bytes > self._bounds.header_bytes and not self._busy:
            self._give_up(431, "the headers are too large", f"at most {self._bounds.header_bytes} bytes")

    @property
    def _busy(self) -> bool:
        return bool(self._messages) or self._current_request is not None

    @property
    def half_said(self) -> bool:
        """Whether it is waited for a request's headers, and nothing else is going on."""
        return self._wire is not None and self._head_since_s is not None and not self._busy

    def expire(self, now_s: float) -> None:
        """End the connection when a deadline of its phase has passed."""
        if self._wire is None:  # still shaking hands, which has its own deadline
            return
        if self._is_stuck(self._wire, now_s):
            self._wire.abort()
        elif self._head_since_s is None or self._busy or now_s - self._head_since_s < self._bounds.header_s:
            return
        elif self.received_s:
            self._give_up(
                408, "the headers did not arrive in time", f"send them within {self._bounds.header_s:g} s"
            )
        else:
            self.force_close()

    def abort(self) -> None:
        """End the connection now, unsent bytes or not."""
        if self._wire is not None:
            self._wire.abort()

    def _is_stuck(self, wire: asyncio.Transport, now_s: float) -> bool:
        """Whether the peer has taken no byte of what waits for it for too long."""
        if not (self._paused or wire.is_closing()):
            self._stuck_since_s = None
            return False
        unsent_bytes = wire.get_write_buffer_size()
        if self._stuck_since_s is None or unsent_bytes != self._unsent_bytes:
            self._stuck_since_s, self._unsent_bytes = now_s, unsent_bytes
        return now_s - self._stuck_since_s >= self._bounds.idle_s

    def _give_up(self, status: int, error: str, remedy: str) -> None:
        if self.transport is not None:
            self.transport.write(raw_error(status, error, remedy))
        self.force_close()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read on; aiohttp asks for it after each body, paused or not, and then parses nothing again."""
        if self._reading_paused or self._buffer_paused:
            super().resume_reading(resume_parser)

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Send, with aiohttp's own errors turned into ours."""
        if (
            type(resp) is Accepted and request.content.is_eof()
        ):  # an isinstance with its classes takes a while
            return super().finish_response(request, resp, start_time)
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = error_response(resp)
        if not request.content.is_eof() and isinstance(resp, web.StreamResponse):
            resp.force_close()  # else the rest of the body would pass for the next request
        if isinstance(resp, web.StreamResponse):
            resp.headers.setdefault("Server", "loopcam")  # versions are nobody's business
        return super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to an error. Only what is our own fault is logged."""
        error = exc or RuntimeError(message or f"the handler ended with {status}")
        response = error_response(error)
        if response.status >= 500 and not isinstance(error, ConnectionError | LoopcamError):
            log.error("error while answering %s %s", request.method, request.path, exc_info=error)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already") from exc
        if not isinstance(error, LoopcamError):
            response.force_close()
        return response
