"""One segment: a sampler's child from its start until its file is whole."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import msgspec

from collectors.contract import Judgement, Sampler
from daemon.capture.budget import Pace
from daemon.capture.child import RecordingChild
from daemon.capture.keeping import Keeping
from daemon.capture.window import CaptureWindow
from daemon.children import INTERRUPT_GRACE_S
from daemon.targets.process import HeldProcess
from model.capture import Outcome, Segment
from model.units import ByteSize

SLEEPS = 3.0  # times the interval between samples
GLANCE_S = 0.25  # between glances at what a running sampler costs


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a segment went."""

    judged: Judgement
    asked: bool  # it ended because it was told to
    gross: bool  # it was ended early for what it cost
    wall_s: float
    cpu_s: float
    size_bytes: int

    @property
    def unbegun(self) -> bool:
        """Whether it was told to end before it had begun."""
        return self.asked and self.judged.outcome is Outcome.ENDED_BEFORE_ATTACH


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one segment is to be."""

    name: str
    version: str
    sampler: Sampler
    pace: Pace
    began: Callable[[Callable[[], None]], None]  # gets what kills it
    gross: Callable[[float, float], bool]  # whether so much CPU time after so long is far too much
    most_bytes: int  # of its file: what others left of the capture's
    once_s: float  # the CPU time that its beginning and end are likely to take

    def full(self) -> Judgement:
        """The kernel ended it, as its file was too large."""
        detail = f"{self.name} was stopped: what there was room for, {ByteSize(self.most_bytes)}, is full"
        return Judgement(outcome=Outcome.PARTIAL, detail=detail, remedy="a lower `rate_hz`, fewer threads")

    def grace_s(self) -> float:
        """How long it may take to end: py-spy sleeps on, at random, and has its file to write."""
        return INTERRUPT_GRACE_S + SLEEPS / self.pace.rate_hz + 2 * self.once_s


async def record(part: Part, process: HeldProcess, keeping: Keeping, window: CaptureWindow) -> Ran:
    """Record until the segment or the window is over, and keep what came of it; raises CollectorError."""
    path = keeping.path(part.name, part.sampler)
    command = part.sampler.record(process.pid, part.pace.rate_hz, part.pace.segment_s, keeping.file(path))
    child = await RecordingChild.start(command, keeping.lock, part.sampler.ready, part.most_bytes)
    began_s = child.started_s
    segment = Segment(
        path=path, sampler=part.name, rate_hz=part.pace.rate_hz, started_s=began_s, ended_s=began_s
    )
    late = gross = False
    try:
        part.began(child.kill)
        window.samplers_cut.then(child.kill)
        keeping.begun(segment, part.version)
        await first_of(
            window.ended(), child.ended(), child.ready.wait(), asyncio.sleep(command.ready_within_s)
        )
        ours = process.alive()  # it attached to our process, or to nobody's
        if child.ready.is_set():
            gross = await _over_budget(child, part, window)
        elif late := not (child.over() or window.over()):
            child.kill()
        ended_s = min(time.monotonic(), process.exited_s or float("inf"))
        asked = window.over() or not child.over()
        ended = await child.end(part.grace_s())
        full = ended.code == -signal.SIGXFSZ
        judged = part.full() if full else part.sampler.judge(ended)
    finally:
        child.kill()
    if late:
        judged = Judgement(outcome=Outcome.FAILED, detail=f"no samples within {command.ready_within_s:g} s")
    if not ours or process.replaced():
        keeping.drop(segment)
    zero_s = part.sampler.zero_s(began_s, child.ready_s or began_s)
    segment = msgspec.structs.replace(
        segment, started_s=zero_s, ended_s=max(zero_s, ended_s), cpu_s=child.cpu_s()
    )
    size_bytes = await keeping.segment(part.sampler, segment, judged)
    wall_s = time.monotonic() - began_s
    return Ran(
        judged=judged, asked=asked, gross=gross, wall_s=wall_s, cpu_s=child.cpu_s(), size_bytes=size_bytes
    )


async def _over_budget(child: RecordingChild, part: Part, window: CaptureWindow) -> bool:
    """Wait for the segment's end; True at once when it takes grossly more than it may."""
    end_s = time.monotonic() + part.pace.segment_s
    while (left_s := end_s - time.monotonic()) > 0 and not window.over() and not child.over():
        if part.gross(child.cpu_s(), time.monotonic() - child.started_s):
            return True
        await first_of(window.ended(), child.ended(), asyncio.sleep(min(GLANCE_S, left_s)))
    return False


async def first_of(*waits: Awaitable[object]) -> None:
    """Wait until one of them is done, and leave the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
