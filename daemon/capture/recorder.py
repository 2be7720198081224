"""The recorder: one look at once, then self-contained segments in a row, within the harm budget."""

import asyncio
import contextlib
import time

import msgspec

from collectors.contract import Cost, Looker
from daemon.capture import segment
from daemon.capture.budget import MIN_RATE_HZ, Account, Spent, adjusted, estimate
from daemon.capture.cgroups import frozen
from daemon.capture.choice import Choice, Sampling, bearable, choose, other
from daemon.capture.keeping import Keeping
from daemon.capture.look import TRIES
from daemon.capture.looking import Looking, error
from daemon.capture.pauses import PauseGuard
from daemon.capture.segment import Part, Ran, first_of
from daemon.capture.spawned import MAX_FILE_BYTES
from daemon.capture.trials import failed
from daemon.capture.window import CaptureWindow
from daemon.spool.incoming import Incoming
from daemon.targets.process import HeldProcess
from model.capture import Outcome, Recording
from model.errors import CollectorError
from model.units import ByteSize, Percent

MAX_RECORDED_BYTES = MAX_FILE_BYTES
MAX_ADJUSTED = 8
BECOMING_S = 0.2


class Recorder:
    """Records one process into a capture's evidence folder."""

    def __init__(self, sampling: Sampling, process: HeldProcess, incoming: Incoming) -> None:
        self._sampling = sampling
        self._looker: Looker = sampling.looker
        self._process = process
        self._keeping = Keeping(process, incoming)
        self._guard = PauseGuard(process.pid, sampling.limits.pause)
        self._began_s = self._ended_s = time.monotonic()
        self._account = Account(sampling.limits.cpu, self._began_s)
        self._looking: Looking | None = None
        self._choice: Choice | None = None
        self._version = ""
        self._cost = Cost(threads=0, frames=0)
        self._paused = False  # a segment stopped the target for each sample
        self._adjusted: list[str] = []
        self._stumbles = 0  # segments in a row that did not begin

    @property
    def name(self) -> str:
        """The sampler's that records; the looker's until one is chosen."""
        return self._choice.name if self._choice else self._sampling.name

    def recording(self) -> Recording | None:
        """What was recorded so far; None when there is nothing to show."""
        kept, choice = self._keeping, self._choice
        if not kept.dumps and not kept.segments:
            return None
        lasted_s = self._ended_s - self._began_s
        return Recording(
            sampler=self.name,
            version=self._version,
            rate_hz=choice.pace.rate_hz if choice else 0,
            rate_reason=choice.pace.reason if choice else "",
            blocking=self._paused,
            choice=choice.why if choice else "",
            cpu_share=self._account.spent_s / lasted_s if lasted_s > 0 else None,
            adjusted=tuple(self._adjusted),
            segments=tuple(kept.segments),
            dumps=tuple(kept.dumps),
        )

    async def record(self, window: CaptureWindow) -> None:
        """Look at all threads at once, then record until the window ends.

        Raises CollectorError when the first look fails; what goes wrong later ends the recording with an
        error, and what was taken until then stays.
        """
        self._looking = Looking(
            self._sampling.name, self._looker, self._process, self._keeping, self._account
        )
        self._version = self._looking.version
        if why := bearable(self._looker)[1]:
            self._be_gentle(why)
        watching = self._guard.watching() if self._looker.pauses_target() else contextlib.nullcontext()
        try:
            with watching:
                await self._record(self._looking, window)
        finally:
            self._ended_s = time.monotonic()

    async def _record(self, looking: Looking, window: CaptureWindow) -> None:
        self._cost = await self._first_look(looking, window)
        better = await other(self._sampling, self._process)
        choice = self._use(choose(self._sampling, self._looker, better, self._cost))
        if self._process.state() == "T":
            raise CollectorError(Outcome.TARGET_STOPPED, "the process is stopped (SIGSTOP)")
        if frozen(self._process.pid):
            raise CollectorError(Outcome.TARGET_STOPPED, "the process is frozen by its control group")
        if looking.failed:
            self._note(f"sampled without a first look: {looking.failed}")
        looks = looking.now_and_then(self._looker.gentle(), window)  # states need no exact stacks
        task = asyncio.create_task(looks, name=f"looks at {self._process.pid}")
        try:
            while not window.over():
                choice = await self._segment(choice, looking, window)
        finally:
            task.cancel()
            await asyncio.wait({task})
            kept_from_looking = None if task.cancelled() else task.exception()
        if kept_from_looking is not None:
            raise kept_from_looking
        if all(one.taken == 0 for one in self._keeping.segments):
            raise self._without_samples(choice, looking)

    def _without_samples(self, choice: Choice, looking: Looking) -> CollectorError:
        """Why there are looks, and nothing else."""
        if not self._keeping.dumps:
            return CollectorError(Outcome.FAILED, looking.failed)
        if not choice.pace.rate_hz:
            remedy = "a higher `cpu_budget` pays for samples"
            return CollectorError(Outcome.PARTIAL, choice.pace.reason, remedy=remedy)
        if self._keeping.segments and not choice.sampler.sees_idle():
            return CollectorError(Outcome.NOTHING, "no stacks sampled")
        what = f"the window was over before {choice.name} took a sample; only looks were taken"
        return CollectorError(Outcome.PARTIAL, what, remedy="a longer `collection_time`, or more CPU time")

    async def _first_look(self, looking: Looking, window: CaptureWindow) -> Cost:
        try:
            return await looking.first(self._looker, window, self._guard)
        except CollectorError:
            if not self._guard.tripped:
                raise
        self._be_gentle(self._guard.tripped)
        return await looking.first(self._looker, window, self._guard)

    def _use(self, choice: Choice) -> Choice:
        self._choice = choice
        self._version = choice.sampler.version()
        return choice

    async def _segment(self, choice: Choice, looking: Looking, window: CaptureWindow) -> Choice:
        """Record a segment; with what, and how often, the next one is."""
        sampler = choice.sampler
        if not choice.pace.rate_hz:  # looks must do
            await window.ended()
            return choice
        began_s, looks_s = time.monotonic(), looking.spent_s
        once_s = sampler.segment_s(self._cost)
        part = self._part(choice, once_s)
        self._paused |= sampler.pauses_target()
        ran = await segment.record(part, self._process, self._keeping, window)
        self._account.spend(ran.cpu_s)
        if self._stumbled(ran):
            return choice
        if (instead := self._instead(choice, ran, window)) is not None:
            return instead
        if (wrong := self._surprise(ran, window)) is not None:
            raise wrong
        if ran.judged.outcome is Outcome.TARGET_EXITED:  # and yet it lives: it is becoming another program
            await first_of(window.ended(), asyncio.sleep(BECOMING_S))
        if self._keeping.recorded_bytes >= MAX_RECORDED_BYTES:
            raise CollectorError(Outcome.PARTIAL, f"stopped at {ByteSize(MAX_RECORDED_BYTES)}")
        if window.over():
            return choice
        spent = Spent(
            wall_s=time.monotonic() - began_s,
            cpu_s=ran.cpu_s,
            looks_s=looking.spent_s - looks_s,
            size_bytes=ran.size_bytes,
        )
        pace = adjusted(choice.pace, spent, self._account.allowed(time.monotonic()), once_s)
        if pace.rate_hz != choice.pace.rate_hz:
            self._note(
                f"{pace.rate_hz} Hz, as a segment took {Percent(spent.cpu_s / spent.wall_s)} of a core"
            )
        if not pace.fixed and (ran.gross or pace.rate_hz == MIN_RATE_HZ):
            await first_of(window.ended(), asyncio.sleep(self._account.rest_s(time.monotonic())))
        return self._use(msgspec.structs.replace(choice, pace=pace))

    def _part(self, choice: Choice, once_s: float) -> Part:
        def gross(cpu_s: float, elapsed_s: float) -> bool:
            return not choice.pace.fixed and self._account.gross(cpu_s, elapsed_s, once_s)

        sampler = choice.sampler
        return Part(
            name=choice.name,
            version=self._version,
            sampler=sampler,
            pace=choice.pace,
            began=self._guard.began if sampler.pauses_target() else lambda _kill: None,
            gross=gross,
            most_bytes=MAX_RECORDED_BYTES - self._keeping.recorded_bytes,
            once_s=once_s,
        )

    def _instead(self, choice: Choice, ran: Ran, window: CaptureWindow) -> Choice | None:
        """Another way of sampling, where this one had to be given up and the window goes on."""
        if self._guard.tripped and choice.sampler.pauses_target():
            self._be_gentle(self._guard.tripped)
        elif choice.name == self._sampling.name or window.over() or not self._own_fault(ran):
            return None
        else:
            why = ran.judged.detail or "it ended by itself"
            failed(choice.name, self._process, why)
            self._note(f"{self._sampling.name} instead of {choice.name}: {why}")
        pace = estimate(self._looker, self._cost, self._sampling.limits)
        return self._use(Choice(name=self._sampling.name, sampler=self._looker, pace=pace, why=choice.why))

    def _be_gentle(self, why: str) -> None:
        self._looker = self._looker.gentle()
        self._note(f"without pausing the target: {why}")

    def _note(self, what: str) -> None:
        if len(self._adjusted) < MAX_ADJUSTED:
            self._adjusted.append(f"after {time.monotonic() - self._began_s:.1f} s {what}")

    def _stumbled(self, ran: Ran) -> bool:
        """Whether it did not begin for a reason that passes, and not too often in a row."""
        self._stumbles = self._stumbles + 1 if ran.judged.passing else 0
        return 0 < self._stumbles < TRIES

    def _surprise(self, ran: Ran, window: CaptureWindow) -> CollectorError | None:
        """What ends the recording: an end of the sampler that nobody asked for, or a bad one."""
        judged = ran.judged
        match judged.outcome:
            case Outcome.COMPLETE | Outcome.NOTHING:
                return None if ran.asked else CollectorError(Outcome.FAILED, f"{self.name} ended by itself")
            case Outcome.ENDED_BEFORE_ATTACH if window.over():
                return None
            case Outcome.ENDED_BEFORE_ATTACH:
                return CollectorError(Outcome.FAILED, judged.detail)
            case Outcome.TARGET_EXITED if self._process.alive():  # it became another program
                return None
        return error(judged)

    def _own_fault(self, ran: Ran) -> bool:
        """Whether the sampler failed, and not the target."""
        if ran.judged.outcome is Outcome.TARGET_EXITED:
            return self._process.alive()
        if ran.judged.outcome is Outcome.PARTIAL:  # its file was full, and so would another's be
            return False
        return not (ran.asked and ran.judged.outcome in (Outcome.COMPLETE, Outcome.NOTHING))
