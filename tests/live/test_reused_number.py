"""A process number that comes to mean another process: what was seen of that is in no report."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.contract import Command
from collectors.pyspy import PySpy
from daemon.capture.window import CaptureWindow
from daemon.config import settings
from daemon.config.settings import Selector
from daemon.targets.fleet import Fleet
from daemon.targets.process import HeldProcess
from daemon.targets.target import TargetState
from model.capture import Outcome
from model.units import Seconds
from tests.live.captures import Studio, Taken, until
from tests.prerequisites import require
from tests.targets import Program, Targets

FOREIGN = b"of_the_foreigner"


class Zygote:
    """The parent of the target, which can put another child in its place."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.pid = int(program.hear().split()[1])

    def swap(self) -> None:
        """End the target; its number now is the foreigner's."""
        self._program.tell("swap")
        assert self._program.hear() == "swapped"

    def drop(self) -> None:
        """End the target and nothing else."""
        self._program.tell("drop")
        assert self._program.hear() == "dropped"


@pytest.fixture
def zygote(targets: Targets) -> Zygote:
    require("ns_last_pid")
    return Zygote(targets.start("zygote.py"))


class Overtaken(PySpy, frozen=True, kw_only=True):
    """py-spy, overtaken by the swap just before it is started, for a look or for a recording."""

    before: str
    swap: Callable[[], None]

    def dump(self, pid: int) -> Command:
        if self.before == "dump":
            self.swap()
        return super().dump(pid)

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        if self.before == "record":
            self.swap()
        return super().record(pid, rate_hz, seconds, file)


def assert_nothing_foreign(taken: Taken) -> None:
    assert FOREIGN not in taken.text()
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert taken.seconds < 6


@pytest.mark.fault("T6")
@pytest.mark.rounds(20)
async def test_a_swap_before_the_first_look(zygote: Zygote, studio: Studio) -> None:
    held = HeldProcess(zygote.pid)
    zygote.swap()
    taken = await studio.take(held, 10)
    assert_nothing_foreign(taken)
    assert taken.capture.evidence == ()


@pytest.mark.fault("T6")
@pytest.mark.rounds(20)
@pytest.mark.parametrize("before", ["dump", "record"])
async def test_a_swap_between_the_decision_and_the_attach(
    zygote: Zygote, studio: Studio, before: str
) -> None:
    sampler = Overtaken(before=before, swap=zygote.swap, rate_hz=200)
    taken = await studio.take(zygote.pid, 10, sampler)
    assert_nothing_foreign(taken)
    assert (b"of_the_target" in taken.text()) is (before == "record")


@pytest.mark.fault("T6")
@pytest.mark.rounds(20)
@pytest.mark.parametrize("stalled_s", [0.0, 0.3])
async def test_a_swap_while_it_is_recorded(zygote: Zygote, studio: Studio, stalled_s: float) -> None:
    def stall_and_swap(window: CaptureWindow) -> None:
        zygote.swap()
        time.sleep(stalled_s)  # the daemon has no chance to see it, and py-spy samples on

    def began(window: CaptureWindow) -> None:
        asyncio.get_running_loop().call_later(0.6, stall_and_swap, window)

    taken = await studio.take(zygote.pid, 10, PySpy(rate_hz=200), began=began)
    assert_nothing_foreign(taken)
    assert b"of_the_target" in taken.text()


@pytest.mark.fault("T6")
@pytest.mark.rounds(20)
async def test_what_was_seen_before_an_end_without_a_swap_stays(zygote: Zygote, studio: Studio) -> None:
    def began(window: CaptureWindow) -> None:
        asyncio.get_running_loop().call_later(0.6, zygote.drop)

    taken = await studio.take(zygote.pid, 10, PySpy(rate_hz=200), began=began)
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert "of_the_target" in taken.functions()


@pytest.mark.fault("T6")
@pytest.mark.rounds(20)
async def test_a_number_that_was_given_is_not_trusted_a_second_time(zygote: Zygote) -> None:
    config = settings.Target(name="demo", process=Selector(pid=zygote.pid), max_loop_time=Seconds(1))
    fleet = Fleet([config], lambda target: None)
    await fleet.look()
    target = fleet["demo"]
    assert target.pid == zygote.pid
    zygote.swap()
    await until(lambda: target.process is None, "its end was seen")
    for _ in range(3):
        await fleet.look()
        assert target.process is None
    assert target.state(time.monotonic()) is TargetState.GONE
