"""The heartbeat source over HTTP: a target says where in its loop it is."""

import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Annotated

import msgspec
from aiohttp import web

from daemon.web.connection import arrival_s
from daemon.web.rates import Rates
from daemon.web.responses import RequestError
from model.events import Event, EventKind

SOURCE = "heartbeat"

_KINDS = ", ".join(EventKind)
_FORM = f'{{"target": NAME, "event": one of {_KINDS}, "iteration": optional text or number}}'
_ITERATION_CHARACTERS = 128
_NEAR_MISSES_AMONG = 100  # comparing takes time, and the loop must not stall for a typing error


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a target says."""

    event: EventKind
    target: Annotated[str, msgspec.Meta(max_length=253)] | None = None
    iteration: str | int | None = None


class Heartbeats:
    """Routes that turn requests into events. `targets` gives each target's events a second."""

    def __init__(
        self,
        deliver: Callable[[Event], None],
        targets: Callable[[], Mapping[str, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver = deliver
        self._targets = targets
        self._clock = clock
        self._rates = Rates()
        self._decoder = msgspec.json.Decoder(Heartbeat)

    def routes(self) -> list[web.RouteDef]:
        """`POST /v1/heartbeat` with JSON, and `POST /v1/heartbeat/{event}?target=` for curl."""
        return [
            web.post("/v1/heartbeat", self._from_json),
            web.post("/v1/heartbeat/{event}", self._from_query),
        ]

    async def _from_json(self, request: web.Request) -> web.Response:
        try:
            heartbeat = self._decoder.decode(await request.read())
        except msgspec.DecodeError as error:
            raise RequestError(400, f"not a heartbeat: {error}", remedy=f"send {_FORM}") from error
        self._accept(heartbeat, arrival_s(request))
        return web.Response(status=204)

    async def _from_query(self, request: web.Request) -> web.Response:
        if await request.read():
            raise RequestError(400, "a body was sent", remedy="say it in the query, or POST /v1/heartbeat")
        said = [*request.query.items(), ("event", request.match_info["event"])]
        fields = dict(said)
        if len(fields) != len(said):
            raise RequestError(400, "a parameter is given twice", remedy="give it once")
        try:
            heartbeat = msgspec.convert(fields, Heartbeat)
        except msgspec.ValidationError as error:
            raise RequestError(
                400,
                f"not a heartbeat: {error}",
                remedy=f"POST /v1/heartbeat/EVENT?target=NAME&iteration=ID, EVENT one of {_KINDS}",
            ) from error
        self._accept(heartbeat, arrival_s(request))
        return web.Response(status=204)

    def _accept(self, heartbeat: Heartbeat, at_s: float) -> None:
        targets = self._targets()
        target = _target(heartbeat.target, targets)
        iteration = None if heartbeat.iteration is None else _iteration(heartbeat.iteration)
        wait_s = self._rates.wait_s(target, targets, self._clock())
        if wait_s:
            raise RequestError(
                429,
                f"more than {targets[target]} heartbeats a second for {target}",
                remedy="send fewer, or raise max_per_s of this target's heartbeat source",
                headers={"Retry-After": str(wait_s)},
            )
        self._deliver(
            Event(source=SOURCE, target=target, kind=heartbeat.event, at_s=at_s, iteration=iteration)
        )


def _iteration(value: str | int) -> str:
    text = str(value)
    if not (0 < len(text) <= _ITERATION_CHARACTERS and text.isprintable()):
        raise RequestError(
            400,
            "the iteration's name cannot be used",
            remedy=f"use 1 to {_ITERATION_CHARACTERS} printable characters, or leave it out",
        )
    return text


def _target(name: str | None, targets: Mapping[str, int]) -> str:
    if name is None:
        if len(targets) == 1:
            return next(iter(targets))
        raise RequestError(
            400,
            "no target is named, and there is not exactly one",
            remedy=f"name one of {', '.join(islice(targets, 5)) or 'the configured targets'}",
        )
    if name not in targets:
        raise RequestError(404, f"there is no target {name[:100]!r}", remedy=_hint(name, targets))
    return name


def _hint(name: str, targets: Mapping[str, int]) -> str:
    from difflib import get_close_matches

    alike = (known for known in targets if abs(len(known) - len(name)) <= 3)
    near = get_close_matches(name, list(islice(alike, _NEAR_MISSES_AMONG)))
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = " ..." if len(targets) > 5 else ""
    return f"the targets are {', '.join(islice(targets, 5)) or 'none yet'}{more}"
