"""Records one process into its ring, segment after segment, with looks beside."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from collectors.contract import Looker
from daemon.capture import segment, trials
from daemon.capture.budget import UNKNOWN, Limits, Pace
from daemon.capture.child import Printed
from daemon.capture.choice import Choice, Sampling, choose, other
from daemon.capture.look import look
from daemon.capture.looking import error
from daemon.capture.segment import Part, Ran, first_of
from daemon.capture.window import CaptureWindow
from daemon.dashcam.pacing import Wish
from daemon.dashcam.ring import Ring
from daemon.targets.process import HeldProcess
from model.capture import Outcome, WindowEnd
from model.errors import CollectorError

_LOG = logging.getLogger(__name__)

GROSS_S, GROSS_SHARE = 0.3, 0.5  # CPU time that no segment may take: so much at once, and of its time
MORE_S = 60.0  # a segment's own bound comes first
LOOKS_SHARE = 0.02  # of a core, that looks may take


class RingRecorder:
    """Knows with what a process is sampled, once it was looked at."""

    def __init__(
        self, sampling: Sampling, process: HeldProcess, ring: Ring, spend: Callable[[float], None]
    ) -> None:
        """`spend` is told of the CPU time that each sampler took, in seconds."""
        self.sampling = sampling
        self._looker: Looker = sampling.looker.gentle()
        self._process = process
        self._ring = ring
        self._spend = spend
        self.choice: Choice | None = None  # to be made (anew) by the next look
        self._known = False  # how much there is to sample
        self._look_cpu_s = 0.0

    async def begin(self, limits: Limits) -> None:
        """Look at all threads, and choose what samples them; raises CollectorError."""
        seen = await self._look()
        self._known = seen is not None
        cost = UNKNOWN if seen is None else self._looker.cost(seen.data, seen.cpu_s)
        sampling = msgspec.structs.replace(self.sampling, limits=limits)
        self.choice = choose(sampling, self._looker, await other(sampling, self._process), cost)
        self._once_s = self.choice.sampler.segment_s(cost)

    async def segment(self, wish: Wish, seconds: float, window: CaptureWindow) -> Ran | None:
        """Record for so long, or until the window ends; None where it is too large to be recorded.

        Raises CollectorError.
        """
        choice = self.choice
        if choice is None:
            return None
        looks = asyncio.create_task(self._looks(wish.look_every_s), name=f"looks at {self._process.pid}")
        try:
            rate_hz = min(wish.rate_hz, choice.pace.rate_hz)
            if not rate_hz:
                await first_of(window.ended(), asyncio.sleep(seconds))
                return None
            length_s = max(seconds, choice.pace.segment_s) if not wish.slow else seconds
            return await self._record(choice, Pace(rate_hz=rate_hz, segment_s=length_s, reason=""), window)
        finally:
            looks.cancel()
            await asyncio.wait({looks})

    async def _record(self, choice: Choice, pace: Pace, window: CaptureWindow) -> Ran:
        version = self._ring.versions[choice.name] = choice.sampler.version()
        part = Part(
            name=choice.name,
            version=version,
            sampler=choice.sampler,
            pace=pace,
            began=lambda _kill: None,
            gross=lambda cpu_s, elapsed_s: cpu_s > GROSS_S + self._once_s + GROSS_SHARE * elapsed_s,
            most_bytes=self._ring.segment_bytes,
            once_s=self._once_s,
        )
        ran = await segment.record(part, self._process, self._ring.keeping, window)
        self._spend(ran.cpu_s)
        self._ring.take()
        lasting = ran.judged.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED) and not ran.judged.passing
        if choice.name != self.sampling.name and lasting:
            trials.failed(choice.name, self._process, ran.judged.detail)
            self.choice = None
        return ran

    async def _looks(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(max(every_s, self._look_cpu_s / LOOKS_SHARE))
            try:
                if await self._look() is not None and not self._known:
                    self.choice = None
            except (CollectorError, OSError) as error:  # the recording beside it goes on, or tells
                _LOG.debug("no look", extra={"pid": self._process.pid, "why": str(error)})

    async def _look(self) -> Printed | None:
        """Look, and keep it; None where that failed for a reason that passes. Raises CollectorError."""
        looked = await look(self._looker, self._process, self._ring.keeping.lock)
        self._look_cpu_s = looked.cpu_s
        self._spend(looked.cpu_s)
        if looked.judged.passing:
            return None
        if looked.judged.outcome is not Outcome.COMPLETE:
            raise error(looked.judged)
        if self._ring.has_room(len(looked.printed.data)):
            version = self._ring.versions[self.sampling.name] = self._looker.version()
            self._ring.keeping.dump(self.sampling.name, version, looked.printed)
            self._ring.take()
        return looked.printed


def segment_window(seconds: float) -> CaptureWindow:
    """A window for one segment, which somebody may end."""
    return CaptureWindow(seconds + MORE_S, follows_iteration=False)


def over(window: CaptureWindow) -> None:
    """Nobody waits for it any more."""
    window.end(WindowEnd.COLLECTION_TIME)
