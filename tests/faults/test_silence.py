"""A source that has fallen silent is named by /readyz and counted, unless something explains its silence."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from daemon.config.load import parse
from daemon.core import Core
from daemon.telemetry import gauges
from daemon.web.probes import Probes
from model.events import Event, EventKind
from tests.daemon import target

Ask = Callable[[], Any]


@pytest.fixture
async def core(tmp_path: Path, stuck: int) -> Any:
    one = target("one", stuck, max_loop_time="1h")
    config = {"targets": [one], "spool": {"path": str(tmp_path / "spool")}}
    core = Core(parse(json.dumps(config), "test"))
    await core.fleet.look()
    yield core
    for each in core.fleet:
        each.let_go()
    core.events.deadlines.stop()
    core.spool.close()


def beat(core: Core, kind: EventKind, seconds_ago: float) -> None:
    at_s = time.monotonic() - seconds_ago
    core.events.take(Event(source="heartbeat", target="one", kind=kind, at_s=at_s))


def habit(core: Core, *, last_s: float) -> None:
    """Ten iterations a second apart, the last this long ago."""
    for turn in reversed(range(10)):
        beat(core, EventKind.START, last_s + turn + 0.5)
        beat(core, EventKind.END, last_s + turn)


async def problems(core: Core) -> list[str]:
    [handler] = [route.handler for route in Probes(core).routes() if route.path == "/readyz"]
    answer = await cast(Any, handler)(cast(web.Request, SimpleNamespace()))
    said = json.loads(answer.body)
    assert answer.status == (503 if said["problems"] else 200)
    await gauges.refresh(core)
    silent = b'\nloopcam_target_unheard{target="one"} 1.0\n' in core.telemetry.writer()[0]()
    assert silent == bool(said["problems"])  # what an alert goes by
    return [problem["problem"] for problem in said["problems"]]


async def test_who_writes_the_series_in_a_thread_asks_no_watch_that_changes_meanwhile(core: Core) -> None:
    beat(core, EventKind.END, 20.0)
    await gauges.refresh(core)
    write, _ = core.telemetry.writer()
    beat(core, EventKind.START, 10.0)
    assert b'\nloopcam_iteration_in_flight_seconds{target="one"} 0.0\n' in write()
    await gauges.refresh(core)
    assert b'\nloopcam_iteration_in_flight_seconds{target="one"} 1' in write()


@pytest.mark.fault("D5")
async def test_a_source_that_fell_silent_is_named(core: Core) -> None:
    habit(core, last_s=60)
    [problem] = await problems(core)
    assert problem == "source heartbeat silent for 1m, usually it speaks every 500ms"


@pytest.mark.fault("D5")
async def test_a_source_that_spoke_lately_is_not(core: Core) -> None:
    habit(core, last_s=5)
    assert await problems(core) == []


@pytest.mark.fault("D5")
async def test_an_iteration_in_flight_explains_silence(core: Core) -> None:
    habit(core, last_s=60)
    beat(core, EventKind.START, 59)
    assert await problems(core) == []


@pytest.mark.fault("D5")
async def test_standby_explains_silence(core: Core) -> None:
    habit(core, last_s=60)
    beat(core, EventKind.IDLE, 59)
    assert await problems(core) == []
