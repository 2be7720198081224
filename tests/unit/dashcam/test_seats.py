"""However many targets begin together, few are sampled at once; what cannot come later goes first."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.dashcam.around import MOST, MOST_HEALTHY, Around, Seats
from daemon.dashcam.camera import Camera
from daemon.dashcam.purse import Purse
from daemon.dashcam.ring import Ring
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from model.events import Event, EventKind

CONFIG = """
targets:
  - {{name: demo, process: {{pid: 1}}, max_loop_time: 1h, dashcam: {mode}, iterations: [heartbeat]}}
"""
START = Event(source="heartbeat", target="demo", kind=EventKind.START, at_s=time.monotonic())  # none is slow


class Patient(Camera):
    """Records until it is told that this was enough."""

    enough: asyncio.Event

    async def _record(self) -> None:
        await self.enough.wait()


def cameras(folder: Path, mode: str, count: int) -> list[Patient]:
    around = Around(
        hindrance=lambda target: "",
        history=lambda target: None,
        spent=lambda target, cpu_s: None,
        failed=lambda target: None,
        seats=Seats(),
    )
    (config,) = parse(CONFIG.format(mode=mode), "a test").targets
    found = []
    for _ in range(count):
        process = HeldProcess(os.getpid())
        target = Target(config, lambda gone: None)
        target.take(START)
        make_ring = lambda process=process: Ring(folder, "demo", process, config.dashcam)  # noqa: E731
        found.append(Patient(target, process, make_ring, Purse.of(mode, START.at_s), around))
        found[-1].enough = asyncio.Event()
        process.close()
    return found


@pytest.mark.parametrize(("mode", "most"), [("adaptive", MOST_HEALTHY), ("continuous", MOST)])
def test_few_are_sampled_at_once(tmp_path, mode, most):
    async def begin() -> None:
        many = cameras(tmp_path, mode, 20)
        for one in many:
            one.heard(START, lambda target: True)
        assert sum(one.sampling for one in many) == most
        waiting = [one for one in many if not one.sampling]
        assert {one.hindered(START.at_s) for one in waiting} == {"as many others as may be are sampled now"}

        over = next(one for one in many if one.sampling)
        over.enough.set()
        await over.ended()
        await asyncio.sleep(0)
        for one in waiting:
            one.look()
        assert sum(one.sampling for one in many) == most
        for one in many:
            one.enough.set()
            await one.ended()
            one.close()

    asyncio.run(begin())


def test_a_slow_iteration_has_a_seat_beside_healthy_ones(tmp_path):
    seats = Seats()
    seats.taken = MOST_HEALTHY
    assert seats.left(presses=False) == 0
    assert seats.left(presses=True) == MOST - MOST_HEALTHY
