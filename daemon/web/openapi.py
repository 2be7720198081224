"""The control API in OpenAPI's words: `python -m daemon.web.openapi` writes the document that is served.

The daemon sends it as it lies on disk; nothing here is loaded while it runs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from daemon.capture_status import CaptureStatus
from daemon.web.control import RetryRequest
from daemon.web.heartbeat import Heartbeat
from daemon.web.on_demand import CollectRequest
from model.events import EventKind

DOCUMENT: Final = Path(__file__).with_name("assets") / "openapi.json"
_REFERENCES: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"


class Error(msgspec.Struct):
    """What was wrong, and what helps."""

    error: str
    remedy: str


@dataclass(frozen=True)
class Operation:
    """One method of one path: what it takes, and what it answers by status."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, str]
    gives: type | str = ""  # of what succeeds: a struct, or a media type
    takes: type | None = None
    query: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # of the path


_REPORT: Final = {"id": {"type": "string"}}
_GUARDED: Final = {401: "a token is needed", 403: "a Host, Origin or peer that is not ours"}
_CROWDED: Final = {429: "too many connections of one peer", 503: "too many connections"}
_SENT: Final = {400: "not such a request", 408: "the body came too slowly", 413: "the body is too long"}
_HEARD: Final = {
    204: "heard",
    **_SENT,
    404: "no such target",
    409: "an event that its mode does not know now",
    429: "more than max_per_s",
}


def _text(least: int, most: int) -> dict[str, object]:
    return {"type": "string", "minLength": least, "maxLength": most}


OPERATIONS: Final = (
    Operation("post", "/v1/heartbeat", "A heartbeat", _HEARD, takes=Heartbeat),
    Operation(
        "post",
        "/v1/heartbeat/{event}",
        "A heartbeat without a body",
        _HEARD,
        query={
            "target": {"type": "string", "maxLength": 253},
            "iteration": {"type": "string", "minLength": 1, "maxLength": 128},
        },
        parts={"event": {"type": "string", "enum": list(EventKind)}},
    ),
    Operation("get", "/v1/status", "Targets, limits, sources, sinks", {200: "the status"}, _JSON),
    Operation("get", "/v1/reports", "The newest reports of the spool", {200: "the reports"}, _JSON),
    Operation(
        "get",
        "/v1/live",
        "The status once a second",
        {200: "events", 503: "too many pages"},
        "text/event-stream",
    ),
    Operation(
        "get",
        "/v1/reports/{id}/{file}",
        "A file of a report",
        {200: "the file", 404: "no such report or file"},
        "application/octet-stream",
        parts={**_REPORT, "file": {"type": "string"}},
    ),
    Operation(
        "get",
        "/v1/reports/{id}.tar.gz",
        "A whole report",
        {200: "the archive", 404: "no such report", 503: "two are being packed"},
        "application/gzip",
        parts=_REPORT,
    ),
    Operation(
        "post",
        "/v1/reports/retry",
        "Deliver again what a sink gave up",
        {200: "how many, by sink", **_SENT, 404: "no such report"},
        _JSON,
        takes=RetryRequest,
    ),
    Operation(
        "post",
        "/v1/collect",
        "Capture a target on demand",
        {
            202: "asked for; Location says where to look",
            **_SENT,
            404: "no such target",
            409: "refused, and why",
        },
        CaptureStatus,
        takes=CollectRequest,
    ),
    Operation(
        "get",
        "/v1/captures/{id}",
        "How far a capture is",
        {200: "so far", 404: "no such capture"},
        CaptureStatus,
        parts=_REPORT,
    ),
    Operation(
        "delete",
        "/v1/captures/{id}",
        "Cancel a capture",
        {202: "cancelled", 404: "no such capture", 409: "it is over"},
        CaptureStatus,
        parts=_REPORT,
    ),
    Operation("get", "/metrics", "Prometheus metrics", {200: "the metrics"}, "text/plain"),
    Operation("get", "/healthz", "Whether the event loop turns", {200: "it does"}, _JSON),
    Operation(
        "get", "/readyz", "Whether it watches and captures", {200: "it does", 503: "the problems"}, _JSON
    ),
)


def document() -> dict[str, Any]:
    """The whole document."""
    structs = [Error, *{one.takes: None for one in OPERATIONS if one.takes}, CaptureStatus]
    schemas, components = msgspec.json.schema_components(structs, ref_template=_REFERENCES)
    references = dict(zip(structs, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "loopcam", "version": "1", "description": "docs/api.md says it in words."},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(one: Operation, references: Mapping[type, object]) -> dict[str, object]:
    parameters = [
        {"name": name, "in": place, "required": place == "path", "schema": schema}
        for place, named in (("path", one.parts), ("query", one.query))
        for name, schema in named.items()
    ]
    said: dict[str, object] = {"summary": one.summary, "parameters": parameters}
    if one.takes is not None:
        said["requestBody"] = {"content": {_JSON: {"schema": references[one.takes]}}}
    answers = {
        **one.answers,
        **_GUARDED,
        429: "too many connections of one peer",
        503: "too many connections",
    }
    answers |= one.answers
    said["responses"] = {
        str(status): {"description": why, **_content(one, status, references)}
        for status, why in sorted(answers.items())
    }
    return said


def _content(one: Operation, status: int, references: Mapping[type, object]) -> dict[str, object]:
    if status == 204:
        return {}
    if status >= 300:
        return {"content": {_JSON: {"schema": {} if one.path == "/readyz" else references[Error]}}}
    if isinstance(one.gives, str):
        return {"content": {one.gives: {}}}
    return {"content": {_JSON: {"schema": references[one.gives]}}}


if __name__ == "__main__":
    DOCUMENT.write_text(json.dumps(document(), indent=1) + "\n")
