"""What a person or a script may ask of the daemon: status, reports, a capture now."""

import secrets
from typing import TypeVar

import msgspec
from aiohttp import web

from daemon.core import Core
from daemon.web.archives import Archives
from daemon.web.files import asset, report_file
from daemon.web.live import Live
from daemon.web.page import page
from daemon.web.responses import RequestError, json_response, page_response
from daemon.web.status import reports, status

T = TypeVar("T")


class RetryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/reports/retry`: which report to deliver again, or all."""

    report: str | None = None


class Control:
    """Routes of the control listener."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._archives = Archives()
        self.live = Live(core)

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/", self._page),
            web.get("/assets/{name}", self._asset),
            web.get("/v1/openapi.json", self._openapi),
            web.get("/v1/live", self.live.stream, allow_head=False),
            web.get("/v1/status", self._status),
            web.get("/v1/reports", self._reports),
            web.get("/v1/reports/{id}.tar.gz", self._archive, allow_head=False),
            web.get("/v1/reports/{id}/{file:.+}", self._file),
            web.post("/v1/reports/retry", self._retry),
        ]

    async def _page(self, _request: web.Request) -> web.Response:
        nonce = secrets.token_urlsafe(16)
        return page_response(page(status(self._core), reports(self._core), nonce), nonce)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return asset(request.match_info["name"])

    async def _openapi(self, _request: web.Request) -> web.StreamResponse:
        return asset("openapi.json")

    async def _status(self, _request: web.Request) -> web.Response:
        return json_response(status(self._core))

    async def _reports(self, _request: web.Request) -> web.Response:
        return json_response(reports(self._core))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        entry = self._core.spool.entries.get(request.match_info["id"])
        return report_file(entry, request.match_info["file"])

    async def _archive(self, request: web.Request) -> web.StreamResponse:
        entry = self._core.spool.entries.get(request.match_info["id"])
        if entry is None or not entry.drawn:
            raise RequestError(404, "there is no such report, or not yet", remedy="see GET /v1/reports")
        return await self._archives.send(request, entry)

    async def _retry(self, request: web.Request) -> web.Response:
        asked = await read_body(request, RetryRequest)
        if asked.report is not None and asked.report not in self._core.spool.entries:
            raise RequestError(
                404, f"there is no report {asked.report[:100]!r}", remedy="see GET /v1/reports"
            )
        boxes = {f"notification {name}": box for name, box in self._core.notifications.boxes.items()}
        outboxes = {**self._core.deliveries.outboxes, **boxes}
        return json_response({name: await outbox.retry(asked.report) for name, outbox in outboxes.items()})


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The request's JSON body; raises RequestError."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise RequestError(400, f"not such a request: {error}", remedy="docs/api.md has examples") from error
