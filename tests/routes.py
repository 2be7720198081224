"""Every route of the control API, as its own document tells, and the pages beside it."""

import json
from collections.abc import Iterator

from daemon.web.openapi import DOCUMENT

_FILLED = {"{event}": "start", "{id}": "some", "{file}": "manifest.json"}
_UNTOLD = (("GET", "/"), ("GET", "/assets/live.js"), ("GET", "/v1/openapi.json"), ("GET", "/no-such-route"))


def routes() -> Iterator[tuple[str, str]]:
    """Methods and paths."""
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
        for field, value in _FILLED.items():
            path = path.replace(field, value)
        yield from ((method.upper(), path) for method in operations)
    yield from _UNTOLD
