"""Records one process into its ring, segment after segment, with looks beside."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from collectors.contract import Looker
from daemon.capture import segment, trials
from daemon.capture.budget import Limits, Pace
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
        self.choice: Choice | None = None
        self._look_cpu_s = 0.0

    async def begin(self, limits: Limits) -> None:
        """Look at all threads, and choose what samples them; raises CollectorError."""
        cost = self._looker.cost(*await self._look())
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
            most_bytes=self._ring.most_bytes,
            once_s=self._once_s,
        )
        ran = await segment.record(part, self._process, self._ring.keeping, window)
        self._spend(ran.cpu_s)
        self._ring.take()
        if choice.name != self.sampling.name and ran.judged.outcome in (Outcome.FAILED, Outcome.UNSUPPORTED):
            trials.failed(choice.name, self._process, ran.judged.detail)
            self.choice = None  # chosen anew, by the next look
        return ran

    async def _looks(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(max(every_s, self._look_cpu_s / LOOKS_SHARE))
            try:
                await self._look()
            except (CollectorError, OSError) as error:  # the recording beside it goes on, or tells
                _LOG.debug("no look", extra={"pid": self._process.pid, "why": str(error)})

    async def _look(self) -> tuple[bytes, float]:
        looked = await look(self._looker, self._process, self._ring.keeping.lock)
        printed = looked.printed
        self._look_cpu_s = printed.cpu_s
        self._spend(printed.cpu_s)
        if looked.judged.outcome is not Outcome.COMPLETE:
            raise error(looked.judged)
        version = self._ring.versions[self.sampling.name] = self._looker.version()
        self._ring.keeping.dump(self.sampling.name, version, printed)
        self._ring.take()
        return printed.data, printed.cpu_s


def segment_window(seconds: float) -> CaptureWindow:
    """A window for one segment, which somebody may end."""
    return CaptureWindow(seconds + MORE_S, follows_iteration=False)


def over(window: CaptureWindow) -> None:
    """Nobody waits for it any more."""
    window.end(WindowEnd.COLLECTION_TIME)
