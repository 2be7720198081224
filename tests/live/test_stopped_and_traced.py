"""Targets that somebody else holds: stopped ones, and ones under a debugger."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.pyspy import PySpy
from model.capture import Outcome, WindowEnd
from tests import cgroups
from tests.live.captures import Studio
from tests.prerequisites import prefer, require
from tests.targets import Program, Targets, wait_until

PROMPT_S = 2.0
ATTACH = {  # each says `ready` on what was its standard output; gdb does when it is about to let it run on
    "strace": "echo ready; exec strace -qq -e trace=none -p $0 2>/dev/null",
    "gdb": "exec 3>&1; exec gdb -nx -q -batch -p $0 -ex 'shell echo ready >&3' -ex continue >/dev/null 2>&1",
}


@pytest.fixture
def stopped(targets: Targets) -> Program:
    """A target that somebody stopped."""
    target = targets.start("stalled.py")
    os.kill(target.pid, signal.SIGSTOP)
    wait_until(lambda: target.state() == "T", "it is stopped")
    return target


@pytest.mark.fault("T7")
@pytest.mark.parametrize("blocking", [False, True])
async def test_a_stopped_target_is_named_and_left_as_it_is(
    stopped: Program, studio: Studio, blocking: bool
) -> None:
    taken = await studio.take(stopped.pid, 10, PySpy(blocking=blocking))
    assert taken.capture.outcome is Outcome.TARGET_STOPPED
    assert "stopped" in taken.part.detail
    assert taken.seconds < PROMPT_S
    assert stopped.state() == "T"


@pytest.mark.fault("T7")
async def test_the_stacks_of_a_stopped_target_are_kept(stopped: Program, studio: Studio) -> None:
    taken = await studio.take(stopped.pid, 10)
    (look,) = taken.recording.dumps
    assert b"the_culprit" in (taken.directory / look.path).read_bytes()


@pytest.fixture
def frozen(targets: Targets) -> Iterator[Program]:
    """A target whose control group was frozen, as `docker pause` does."""
    require("freezer cgroup")
    target = targets.start("stalled.py")
    with cgroups.group("freezer") as group:
        group.take(target.pid)
        group.freeze()
        yield target
        group.thaw()
        target.kill()


@pytest.mark.fault("T7")
async def test_a_frozen_target_is_named_and_left_as_it_is(frozen: Program, studio: Studio) -> None:
    taken = await studio.take(frozen.pid, 10)
    assert taken.capture.outcome is Outcome.TARGET_STOPPED
    assert "frozen" in taken.part.detail
    assert taken.seconds < PROMPT_S
    (look,) = taken.recording.dumps
    assert b"the_culprit" in (taken.directory / look.path).read_bytes()
    ticks = frozen.cpu_ticks()
    await asyncio.sleep(0.2)
    assert frozen.cpu_ticks() == ticks, "it runs, although nobody thawed it"


@pytest.fixture(params=["tracer.py", "strace", "gdb"])
def traced(request: pytest.FixtureRequest, targets: Targets) -> Iterator[Program]:
    """A target that runs on under a debugger or tracer."""
    target = targets.start("stalled.py")
    if request.param == "tracer.py":
        targets.start("tracer.py", target.pid)
        yield target
        return
    if request.param == "strace":
        prefer("strace", "our own tracer")
    require(request.param)
    targets.run("/bin/sh", "-c", ATTACH[request.param], str(target.pid))
    wait_until(lambda: _tracer(target.pid) and target.state() in "RS", "it runs on under its tracer")
    yield target


def _tracer(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("TracerPid:")[2].split()[0])


@pytest.mark.fault("T8")
async def test_a_traced_target_is_captured_without_blocking(traced: Program, studio: Studio) -> None:
    taken = await studio.take(traced.pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.capture.window.end is WindowEnd.COLLECTION_TIME
    assert "the_culprit" in taken.functions()
    assert _tracer(traced.pid) != 0


@pytest.mark.fault("T8")
async def test_a_traced_target_cannot_be_captured_blocking_and_says_why(
    traced: Program, studio: Studio
) -> None:
    taken = await studio.take(traced.pid, 10, PySpy(blocking=True))
    assert taken.capture.outcome is Outcome.NOT_PERMITTED
    assert taken.part.detail.startswith("another tracer holds the process")
    assert "blocking" in taken.part.remedy
    assert taken.seconds < PROMPT_S
    assert traced.state() not in "tT"
