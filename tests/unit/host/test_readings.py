"""One timer reads of whoever wants it, in virtual time, of a real process: our own."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from collectors.host.options import Host
from collectors.pyspy import PySpy
from daemon.config.dashcam import Dashcam
from daemon.config.parts import Part
from daemon.signals.readings import LOOK_S, Readings
from daemon.targets.process import HeldProcess
from tests.virtual_time import VirtualLoop, run

PASSED_S = 20.0


@pytest.fixture(autouse=True)
def free_of_charge(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reading costs on a busy machine is not what these are about: pace.py has tests of its own."""
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)


@dataclass
class InFlight:
    started_s: float
    threshold_s: float = 8.0


@dataclass
class Config:
    collectors: tuple[Part[Any], ...]
    dashcam: Dashcam


@dataclass
class Target:
    name: str = "one"
    options: object = field(default_factory=lambda: Host(interval=1.0))
    in_flight: InFlight | None = None
    mode: str = "adaptive"
    process: HeldProcess | None = field(default_factory=lambda: HeldProcess(os.getpid()))

    @property
    def config(self) -> Config:
        return Config((Part(kind="x", name="x", options=self.options),), Dashcam(mode=self.mode))


def rows(*targets: Target, before: Callable[[float], None] = lambda now_s: None) -> list[int]:
    """How many rows there are of each after a while."""

    async def main(loop: VirtualLoop) -> list[int]:
        before(loop.time())
        readings = Readings(targets)
        readings.use()
        await asyncio.sleep(PASSED_S)
        readings.stop()
        signals = [target.process.signals if target.process else None for target in targets]
        return [ring.rows if ring is not None else 0 for ring in signals]

    return run(main)


def test_a_target_is_read_once_a_second() -> None:
    (found,) = rows(Target())
    assert found in (PASSED_S, PASSED_S + 1)


def test_nobody_is_read_who_does_not_want_it_and_no_timer_runs() -> None:
    async def main(loop: VirtualLoop) -> int:
        Readings([Target(options=PySpy()), Target(process=None)]).use()
        return sum(not timer.cancelled() for timer in loop._scheduled)  # type: ignore[attr-defined]

    assert run(main) == 0
    assert rows(Target(options=PySpy()), Target(process=None)) == [0, 0]


def test_with_the_dashcam_off_nothing_is_read_before_a_trigger() -> None:
    assert rows(Target(mode="off")) == [0]


def test_an_iteration_that_is_slow_is_read_closer() -> None:
    slow, calm = Target("slow", Host(interval=5.0)), Target("calm", Host(interval=5.0))

    def begin(now_s: float) -> None:
        slow.in_flight = InFlight(now_s - 100)
        calm.in_flight = InFlight(now_s + PASSED_S)

    of_slow, of_calm = rows(slow, calm, before=begin)
    assert of_slow > 2 * of_calm > 0


def test_a_capture_that_reads_is_left_alone() -> None:
    target = Target()

    async def main(_: VirtualLoop) -> tuple[int, int, int]:
        readings = Readings([target])
        readings.use()
        await asyncio.sleep(2 * LOOK_S)
        assert target.process is not None
        ring = target.process.signals
        assert ring is not None
        stop, before = ring.follow(lambda line: None), ring.rows
        await asyncio.sleep(PASSED_S)
        within = ring.rows
        stop()
        await asyncio.sleep(3 * LOOK_S)
        readings.stop()
        return before, within, ring.rows

    before, within, after = run(main)
    assert before == within < after


def test_a_process_that_goes_ends_its_rows_and_the_next_one_begins_its_own() -> None:
    target = Target()

    async def main(_: VirtualLoop) -> bool:
        readings = Readings([target])
        readings.use()
        await asyncio.sleep(LOOK_S)
        first = target.process
        target.process = HeldProcess(os.getpid())
        readings.use()
        await asyncio.sleep(3 * LOOK_S)
        readings.stop()
        assert first is not None
        assert first.signals is not None
        return first.signals is not target.process.signals and target.process.signals is not None

    assert run(main)
