"""What a person or a script may ask of the daemon: status, reports, a capture now."""

from pathlib import Path
from typing import TypeVar

import msgspec
from aiohttp import web

from daemon.core import Core
from daemon.web.page import STYLE, page
from daemon.web.responses import RequestError, html_response, json_response
from daemon.web.status import reports, status

_MOST_REPORTS = 200


T = TypeVar("T")


class RetryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /v1/reports/retry`: which report to deliver again, or all."""

    report: str | None = None


class Control:
    """Routes of the control listener."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.get("/", self._page),
            web.get("/v1/status", self._status),
            web.get("/v1/reports", self._reports),
            web.get("/v1/reports/{id}/{file:.+}", self._file),
            web.post("/v1/reports/retry", self._retry),
        ]

    async def _page(self, _request: web.Request) -> web.Response:
        return html_response(page(status(self._core), reports(self._core, _MOST_REPORTS)), styles=(STYLE,))

    async def _status(self, _request: web.Request) -> web.Response:
        return json_response(status(self._core))

    async def _reports(self, _request: web.Request) -> web.Response:
        return json_response(reports(self._core, _MOST_REPORTS))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file of a report in the spool. Names are looked up in the manifest, never made into paths."""
        entry = self._core.spool.entries.get(request.match_info["id"])
        names = [] if entry is None or not entry.drawn else [a.path for a in entry.manifest().artifacts]
        wanted = request.match_info["file"]
        if entry is None or wanted not in (*names, "manifest.json"):
            raise RequestError(404, "there is no such report or file", remedy="see GET /v1/reports")
        return _file_response(entry.report_dir / wanted)

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


def _file_response(path: Path) -> web.FileResponse:
    """A file to look at or to keep. A report's page brings its own, stricter policy."""
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    if path.suffix == ".svg":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    elif path.name != "report.html":  # a collector's own pages are not ours to show
        headers["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return web.FileResponse(path, headers=headers)
