"""Captures on demand over HTTP: ask for one, look how far it is, cancel it."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from daemon.capture_status import CaptureStatus
from daemon.core import Core
from daemon.targets.target import Target
from daemon.web.control import read_body
from daemon.web.responses import RequestError, json_response
from model.errors import RefusedError
from model.events import Refusal

DEFAULT_WAIT_S, LONGEST_WAIT_S = 60.0, 3600.0


class CollectRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/collect`: which target to capture; at once, with its next iteration, or for a drill."""

    target: str | None = None
    when: Literal["now", "next-iteration"] = "now"
    drill: bool = False
    wait_s: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_WAIT_S)] | None = None


class OnDemand:
    """Routes of the control listener."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.post("/v1/collect", self._collect),
            web.get("/v1/captures/{id}", self._status),
            web.delete("/v1/captures/{id}", self._cancel),
        ]

    async def _collect(self, request: web.Request) -> web.Response:
        asked = await read_body(request, CollectRequest)
        target = self._target(asked.target)
        if asked.drill and asked.when != "now":
            raise RequestError(400, "a drill is taken now", remedy="leave `when` out")
        if asked.when == "now" and asked.wait_s is not None:
            raise RequestError(400, "wait_s goes with `next-iteration`", remedy="leave it out, or set `when`")
        try:
            if asked.drill:
                report_id = self._core.orders.drill(target)
            elif asked.when == "now":
                report_id = self._core.orders.now(target)
            else:
                report_id = self._core.orders.next_iteration(target, asked.wait_s or DEFAULT_WAIT_S)
        except RefusedError as refused:
            raise self._refused(target, refused) from refused
        return self._answer(self._known(report_id), status=202)

    async def _status(self, request: web.Request) -> web.Response:
        return self._answer(self._known(request.match_info["id"]))

    async def _cancel(self, request: web.Request) -> web.Response:
        report_id = request.match_info["id"]
        before = self._known(report_id)
        if not self._core.orders.cancel(report_id):
            raise RequestError(409, f"it is over: {before.state}", remedy=f"see GET {_url(before)}")
        return self._answer(self._known(report_id), status=202)

    def _answer(self, capture: CaptureStatus, status: int = 200) -> web.Response:
        location = {"Location": _url(capture)} if status == 202 else {}
        return json_response(_told(capture), status=status, headers=location)

    def _known(self, report_id: str) -> CaptureStatus:
        found = self._core.orders.status(report_id)
        if found is None:
            raise RequestError(404, f"there is no capture {report_id[:100]!r}", remedy="see GET /v1/reports")
        return found

    def _refused(self, target: Target, refused: RefusedError) -> RequestError:
        """Say why; and who is busy, since when and where to look."""
        if refused.reason != Refusal.BUSY:
            return RequestError(409, f"{refused.reason}: {refused}", remedy=refused.remedy)
        busy = self._core.orders.busy(target)
        said = ", ".join(
            f"{one.target} ({one.kind}), {one.state} since {one.since}, {one.id}" for one in busy
        )
        remedy = "".join(f"wait for it (GET {_url(one)}) or cancel it (DELETE)" for one in busy[:1])
        details = {"busy": [_told(one) for one in busy]}
        return RequestError(409, f"{refused.reason}: {said or refused}", remedy=remedy, details=details)

    def _target(self, name: str | None) -> Target:
        targets = self._core.fleet.targets
        if name is None and len(targets) == 1:
            return next(iter(targets.values()))
        if name not in targets:
            said = "no target is named" if name is None else f"there is no target {name[:100]!r}"
            raise RequestError(404, said, remedy=f"name one of {', '.join(targets)}")
        return targets[name]


def _url(capture: CaptureStatus) -> str:
    return f"/v1/captures/{capture.id}"


def _told(capture: CaptureStatus) -> dict[str, object]:
    told: dict[str, object] = msgspec.to_builtins(capture)
    return {**told, "status": _url(capture)}
