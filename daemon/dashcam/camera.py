"""The dashcam of one process: when it records, and its ring."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial

from daemon.capture.budget import Limits
from daemon.capture.cgroups import frozen
from daemon.capture.plan import sampling
from daemon.capture.window import CaptureWindow
from daemon.dashcam.around import Around
from daemon.dashcam.handing import Handing
from daemon.dashcam.pacing import Wish
from daemon.dashcam.purse import Backoff, Purse
from daemon.dashcam.recorder import RingRecorder, over, segment_window
from daemon.dashcam.ring import Ring
from daemon.dashcam.wanting import Wanting
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from model.capture import Outcome, WindowEnd
from model.errors import CollectorError
from model.events import Event, PlanName, Trigger

_LOG = logging.getLogger(__name__)

AT_ONCE = {"adaptive": Limits(cpu=0.05), "continuous": Limits(cpu=0.02)}  # of one core
BEGINS_WITH_S = 0.1  # CPU time that must be there to begin


class Camera:
    """Records one process of a target when that is wanted and nothing hinders it."""

    def __init__(
        self,
        target: Target,
        process: HeldProcess,
        make_ring: Callable[[], Ring],
        purse: Purse,
        around: Around,
    ) -> None:
        self.target = target
        self.process = process.share()
        self.ring: Ring | None = None
        self.recorder: RingRecorder | None = None
        self.rate_hz = 0  # now
        self._since_s = float("inf")  # when the segment began that is recorded now
        self.retired_s: float | None = None  # when it was told to record no more
        self.wanting = Wanting(target, around.history)
        self.backoff = Backoff()
        self._make_ring = make_ring
        self._around = around
        self._mode = target.config.dashcam.mode
        self._purse = purse
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._window: CaptureWindow | None = None
        self._slow = False  # what that segment is of
        self._holds = 0
        self._told_s = float("-inf")  # what ended before is in a report

    @property
    def sampling(self) -> bool:
        """Whether it records now."""
        return self._task is not None

    @property
    def busy(self) -> bool:
        """Whether somebody still needs the ring."""
        return self._holds > 0 or self._task is not None

    def heard(self, event: Event, wanted: Callable[[Target], bool]) -> None:
        """An event of its target was taken."""
        if self.target.in_flight is not None and wanted(self.target):
            self.wanting.healthy = partial(wanted, self.target)
            self._begin()
        elif self._task is not None:
            self._reconsider()
        elif self._timer is None:
            self._arm()

    def look(self) -> None:
        """About once a second: what changed meanwhile, and what is due again."""
        options = self.target.config.dashcam
        how = self.recorder.sampling if self.recorder is not None else None
        if options.mode != self._mode or (how is not None and how != sampling(self.target.config)):
            self._mode, self.recorder = options.mode, None  # the sampler is chosen anew
            self.stop()
        self._purse.earn_as(options.mode)
        if self.ring is not None:
            self.ring.bound(options)
        if self._task is not None:
            self._reconsider()
        elif self._timer is None:
            self._arm()

    def hindered(self, now_s: float) -> str:
        """Why nothing is recorded now, though it may be wanted; empty where all is well."""
        if self._holds:
            return "a capture runs"
        if self.retired_s is not None or not self.process.alive():
            return "the process is gone"
        if why := self._around.hindrance(self.target):
            return why
        if now_s < self.backoff.until_s:
            return self.backoff.why
        if self._purse.ready_in_s(BEGINS_WITH_S, now_s) > 0:
            return "its CPU budget is spent"
        if self._task is None and self._around.seats.left(self._presses(now_s)) == 0:
            return "as many others as may be are sampled now"
        if self.process.state() == "T" or frozen(self.process.pid):
            return "the process is stopped or frozen"
        return ""

    def hand_over(self, trigger: Trigger) -> Handing:
        """End the segment that is recorded now, and record no other until the capture is over.

        What an earlier full report has is left out, but for the same iteration.
        """
        self._holds += 1
        self.stop()
        since_s = min(self._told_s, trigger.started_s or trigger.at_s)
        return Handing(self.ring, self._task, since_s, partial(self._released, trigger))

    def saw(self, started_s: float, ended_s: float) -> bool:
        """Whether the ring has, or will have in a moment, stacks of a stretch of time."""
        soon = self._since_s + 2 / max(1, self.rate_hz) < ended_s
        return soon or (self.ring is not None and any(self.ring.shelf.covering(started_s, ended_s)))

    def stop(self) -> None:
        """End what is recorded now; what was taken is kept."""
        if self._window is not None:
            self._window.end(WindowEnd.CANCELLED)

    def retire(self) -> None:
        """Record no more; the ring stays until it is closed."""
        if self.retired_s is None:
            self.retired_s = time.monotonic()
        if self._timer is not None:
            self._timer.cancel()
        self.stop()

    async def ended(self) -> None:
        """Wait until nothing is recorded."""
        if self._task is not None:
            await asyncio.wait({self._task})

    def close(self) -> None:
        """Remove the ring and let go of the process."""
        self.retire()
        self._drop_ring()
        self.process.close()

    def _drop_ring(self) -> None:
        if self.ring is not None:
            self.ring.close()
        self.ring = self.recorder = None

    def _arm(self) -> None:
        """Begin when it is time, or wait until then; an iteration that ends before costs nothing more."""
        self._timer = None
        now_s = time.monotonic()
        if self.retired_s is not None:
            return
        if self.wanting.wish(now_s) is not None:
            self._begin()
        elif (due_s := self.wanting.due_s()) is not None and due_s > now_s:
            self._timer = asyncio.get_running_loop().call_at(due_s, self._arm)

    def _begin(self) -> None:
        if self._task is None and not self.hindered(time.monotonic()):
            self._around.seats.taken += 1
            self._task = asyncio.create_task(self._spell(), name=f"dashcam of {self.target.name}")

    def _reconsider(self) -> None:
        """End the segment in progress where it is wanted no longer, or at a higher rate."""
        wish = self.wanting.wish(time.monotonic())
        becomes_slow = wish is not None and wish.slow and not self._slow and self._mode == "adaptive"
        if wish is None or becomes_slow or self._around.hindrance(self.target):
            self.stop()

    async def _spell(self) -> None:
        """Record as long as that is wanted."""
        try:
            await self._record()
        except (CollectorError, OSError) as error:
            gone = isinstance(error, CollectorError) and error.outcome is Outcome.TARGET_EXITED
            if not gone or self.process.alive():
                self._failed(str(error))
        except Exception as error:  # noqa: BLE001  # the dashcam must not end the daemon
            _LOG.exception("dashcam failed", extra={"target": self.target.name})
            self._failed(f"{type(error).__name__}: {error}")
        finally:
            self._task, self._window, self.rate_hz = None, None, 0
            self._around.seats.taken -= 1

    def _presses(self, now_s: float) -> bool:
        """Whether what is wanted cannot come later: it is slow, or was asked for all the time."""
        wish = self.wanting.wish(now_s)
        return self._mode == "continuous" or (wish is not None and wish.slow)

    async def _record(self) -> None:
        how = sampling(self.target.config)
        if how is None:
            return
        if self.ring is not None and not self.ring.directory.is_dir():  # somebody tidied up
            self._drop_ring()
        if self.ring is None:
            self.ring = self._make_ring()
        if self.recorder is None:
            self.recorder = RingRecorder(how, self.process, self.ring, self._spend)
        await self.recorder.begin(AT_ONCE[self._mode])
        while not self.hindered(now_s := time.monotonic()) and (wish := self.wanting.wish(now_s)):
            recorder, length_s = self.recorder, self.wanting.segment_s(now_s)
            if not (recorder and recorder.choice and await self._segment(recorder, wish, length_s)):
                return  # to be chosen anew

    async def _segment(self, recorder: RingRecorder, wish: Wish, seconds: float) -> bool:
        """Record one; False where it did not begin for a reason that passes: soon there is another spell."""
        self._window, self.rate_hz = segment_window(seconds), wish.rate_hz
        self._since_s, self._slow = time.monotonic(), wish.slow
        try:
            ran = await recorder.segment(wish, seconds, self._window)
        finally:
            over(self._window)
            self._window, self._since_s = None, float("inf")
        if ran is None or ran.judged.outcome in (Outcome.COMPLETE, Outcome.NOTHING):
            self.backoff.worked()
        elif not (ran.unbegun or ran.judged.passing) and self.process.alive():
            self._failed(ran.judged.detail)
        return ran is None or not ran.judged.passing

    def _failed(self, why: str) -> None:
        self.backoff.failed(time.monotonic(), why)
        self._around.failed(self.target)
        _LOG.info("dashcam interrupted", extra={"target": self.target.name, "why": why})

    def _spend(self, cpu_s: float) -> None:
        self._purse.spend(cpu_s)
        self._around.spent(self.target, cpu_s)

    def _released(self, trigger: Trigger, kept: bool) -> None:
        self._holds -= 1
        if kept and trigger.plan is PlanName.FULL:
            self._told_s = trigger.at_s
