"""Files that are sent as they lie on disk: the page's own, and those of reports. None is kept in memory."""

import re
from pathlib import Path

from aiohttp import web

from daemon.spool.entry import Entry
from daemon.web.responses import PLAIN_HEADERS, RequestError
from model.report import MANIFEST_FILE, MANIFEST_MEDIA_TYPE

_ASSETS_DIR = Path(__file__).with_name("assets")
_SCRIPTS = ("dom.js", "live.js", "reports.js", "strip.js", "targets.js")
_ASSETS = {
    "live.css": "text/css",
    "openapi.json": "application/json",
    **dict.fromkeys(_SCRIPTS, "text/javascript"),
}
_SHOWN_HEADERS = {**PLAIN_HEADERS, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
# A report's page may run its own script and save what it holds. Without `allow-same-origin` it has an origin
# of its own: whatever runs in it reads nothing of ours, and may ask us for nothing but what a link may.
_POLICIES = {
    "report.html": (
        "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "flamegraph.svg": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_TO_BE_KEPT = "sandbox; default-src 'none'; frame-ancestors 'none'"
_UNSAFE = re.compile(r"[^A-Za-z0-9._+=@-]")  # in a file's name within a header


def asset(name: str) -> web.FileResponse:
    """A file of the daemon's page, or its description of itself."""
    if name not in _ASSETS:
        raise RequestError(404, "there is no such file", remedy="open the page at /")
    headers = {**PLAIN_HEADERS, "Cross-Origin-Resource-Policy": "same-origin"}
    return web.FileResponse(
        _ASSETS_DIR / name, headers={**headers, "Content-Type": f"{_ASSETS[name]}; charset=utf-8"}
    )


def report_file(entry: Entry | None, path: str) -> web.FileResponse:
    """A file of a report in the spool. Names are looked up in the manifest, never made into paths."""
    listed = {MANIFEST_FILE: MANIFEST_MEDIA_TYPE}
    if entry is not None and entry.drawn:
        listed |= {one.path: one.media_type for one in entry.manifest().artifacts}
    if entry is None or path not in listed:
        raise RequestError(404, "there is no such report or file", remedy="see GET /v1/reports")
    headers = {**_SHOWN_HEADERS, "Content-Security-Policy": _POLICIES.get(path, _TO_BE_KEPT)}
    if path in _POLICIES:
        headers["Content-Type"] = listed[path]
    else:  # a collector's own pages are not ours to show
        name = _UNSAFE.sub("_", path.rpartition("/")[2])
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
        headers["Content-Type"] = "application/octet-stream"
    return web.FileResponse(entry.report_dir / path, headers=headers)
