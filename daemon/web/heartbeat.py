"""The heartbeat source over HTTP: a target says where in its loop it is."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from aiohttp import web

from daemon.sources.heartbeat.hearing import Hearing
from daemon.sources.heartbeat.peers import Peer
from daemon.sources.heartbeat.unheard import Unheard, UnheardError
from daemon.web.accepted import Accepted
from daemon.web.connection import arrival_s
from daemon.web.responses import RequestError
from model.errors import LoopcamError
from model.events import EventKind

_KINDS = ", ".join(EventKind)
_FORM = f'{{"target": NAME, "event": one of {_KINDS}, "iteration": optional text or number}}'
_STATUS = {
    Unheard.UNKNOWN_TARGET: 404,
    Unheard.TOO_MANY: 429,
    Unheard.FOREIGN: 403,
    Unheard.INVISIBLE: 403,
    Unheard.OTHER_PROCESS: 403,
}

_SMALL_BYTES = 1024

# Said in the schema only: whoever takes the heartbeat says it of a datagram and a log line, too
_NAMED = msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": 128})


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a target says."""

    event: EventKind
    target: Annotated[str, msgspec.Meta(max_length=253)] | None = None
    iteration: Annotated[str, _NAMED] | int | None = None


class Heartbeats:
    """Routes that turn requests into heartbeats. `peer` tells who asks, on a Unix socket."""

    def __init__(self, hearing: Hearing, peer: Callable[[web.Request], Peer] | None = None) -> None:
        self._hearing = hearing
        self._peer = peer
        self._decoder = msgspec.json.Decoder(Heartbeat)

    def routes(self) -> list[web.RouteDef]:
        """`POST /v1/heartbeat` with JSON, and `POST /v1/heartbeat/{event}?target=` for curl."""
        return [
            web.post("/v1/heartbeat", self._from_json),
            web.post("/v1/heartbeat/{event}", self._from_query),
        ]

    async def _from_json(self, request: web.Request) -> Accepted:
        try:
            heartbeat = self._decoder.decode(await _body(request))
        except msgspec.DecodeError as error:
            raise self._malformed(f"not a heartbeat: {error}", f"send {_FORM}") from error
        self._accept(heartbeat, request)
        return Accepted()

    async def _from_query(self, request: web.Request) -> Accepted:
        if await request.read():
            raise self._malformed("a body was sent", "say it in the query, or POST /v1/heartbeat")
        said = [*request.query.items(), ("event", request.match_info["event"])]
        fields = dict(said)
        if len(fields) != len(said):
            raise self._malformed("a parameter is given twice", "give it once")
        try:
            heartbeat = msgspec.convert(fields, Heartbeat)
        except msgspec.ValidationError as error:
            form = f"POST /v1/heartbeat/EVENT?target=NAME&iteration=ID, EVENT one of {_KINDS}"
            raise self._malformed(f"not a heartbeat: {error}", form) from error
        self._accept(heartbeat, request)
        return Accepted()

    def _malformed(self, message: str, remedy: str) -> RequestError:
        self._hearing.count(UnheardError(Unheard.MALFORMED, message))
        return RequestError(400, message, remedy=remedy)

    def _accept(self, heartbeat: Heartbeat, request: web.Request) -> None:
        peer = self._peer(request) if self._peer is not None else None
        try:
            self._hearing.take(
                heartbeat.event, heartbeat.target, heartbeat.iteration, arrival_s(request), peer
            )
        except LoopcamError as error:
            self._hearing.count(error)
            if not isinstance(error, UnheardError):
                raise
            headers = {"Retry-After": str(error.wait_s)} if error.wait_s else {}
            status = _STATUS.get(error.reason, 400)
            raise RequestError(status, str(error), remedy=error.remedy, headers=headers) from error


async def _body(request: web.Request) -> bytes:
    """It has come whole; a small one that nobody has read yet is taken as it lies there."""
    small = request.content.total_bytes <= _SMALL_BYTES
    return (request.content.read_nowait() if small else b"") or await request.read()
