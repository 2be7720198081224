"""The document of the API is of the routes that there are, and as it is generated."""

import json
import re
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.core import Core
from daemon.sources.heartbeat.hearing import Hearing
from daemon.web.control import Control
from daemon.web.heartbeat import Heartbeats
from daemon.web.on_demand import OnDemand
from daemon.web.openapi import DOCUMENT, document
from daemon.web.probes import Probes

PAGES = {"/", "/assets/{name}", "/v1/openapi.json"}  # what a browser shows, and the document itself


@pytest.fixture
def served(tmp_path: Path) -> set[tuple[str, str]]:
    one = {"name": "one", "process": {"pid": 1}, "max_loop_time": "2s"}
    core = Core(parse(json.dumps({"targets": [one], "spool": {"path": str(tmp_path)}}), "a test"))
    control = Control(core)
    hearing = Hearing(core.events.take, lambda: None, admit=lambda *_: None, refused=lambda *_: None)
    routes = [
        *control.routes(),
        *OnDemand(core).routes(),
        *Heartbeats(hearing).routes(),
        *Probes(core).routes(),
    ]
    control.live.close()
    return {(one.method.lower(), re.sub(r":[^}]*", "", one.path)) for one in routes if one.path not in PAGES}


def test_every_route_is_described_and_no_other(served: set[tuple[str, str]]) -> None:
    paths = document()["paths"]
    assert {(method, path) for path, methods in paths.items() for method in methods} == served


def test_the_document_is_as_it_is_generated() -> None:
    assert json.loads(DOCUMENT.read_text()) == json.loads(json.dumps(document())), "make docs"
