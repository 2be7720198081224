"""The recorder: self-contained segments of samples, one after the other, and a dump about once a second."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Awaitable, Iterator

import msgspec

from collectors.contract import Judgement, Looker
from daemon.capture.budget import first_rate
from daemon.capture.child import Printed, RecordingChild
from daemon.capture.look import Look, look
from daemon.capture.window import CaptureWindow
from daemon.spool.incoming import Incoming, Line
from daemon.targets.process import HeldProcess
from disk.durable import FILE_MODE
from model import coding
from model.capture import Dump, Outcome, Recording, Segment
from model.errors import CollectorError
from model.report import EVIDENCE_DIR
from model.units import ByteSize

_LOG = logging.getLogger(__name__)

SEGMENT_S = 5.0
DUMP_INTERVAL_S = 1.0
DUMP_SHARE = 0.05  # of the time at most, where dumps of many threads take long
MAX_DUMPS_BYTES = 8 * 1024 * 1024
MAX_RECORDED_BYTES = 64 * 1024 * 1024


class Recorder:
    """Records one process through one sampler into a capture's evidence folder."""

    def __init__(self, name: str, sampler: Looker, process: HeldProcess, incoming: Incoming) -> None:
        self._name = name
        self._sampler = sampler
        self._process = process
        self._incoming = incoming
        self._segments: list[Segment] = []
        self._dumps: list[Dump] = []
        self._dumped_bytes = 0
        self._version = ""
        self._rate_hz = 0
        self._rate_reason = ""
        self._numbers = itertools.count()

    def recording(self) -> Recording | None:
        """What was recorded so far; None when there is nothing to show."""
        if not self._dumps and not self._segments:
            return None
        return Recording(
            sampler=self._name,
            version=self._version,
            rate_hz=self._rate_hz,
            rate_reason=self._rate_reason,
            blocking=self._sampler.pauses_target(),
            segments=tuple(self._segments),
            dumps=tuple(self._dumps),
        )

    async def record(self, window: CaptureWindow) -> None:
        """Dump all threads at once, then record until the window ends.

        Raises CollectorError when the first look fails; what goes wrong later ends the recording with an
        error, and what was taken until then stays.
        """
        self._version = self._sampler.version()
        first = await self._first_dump(window)
        self._rate_hz, self._rate_reason = first_rate(self._sampler, self._sampler.cost(first), 0.25)
        if self._process.state() == "T":
            raise CollectorError(Outcome.TARGET_STOPPED, "the process is stopped (SIGSTOP)")
        dumps = asyncio.create_task(self._dump_now_and_then(), name=f"dumps of {self._process.pid}")
        try:
            while not window.over():
                await self._segment(window)
                if self._recorded_bytes() > MAX_RECORDED_BYTES:
                    raise CollectorError(Outcome.PARTIAL, f"stopped at {ByteSize(MAX_RECORDED_BYTES)}")
        finally:
            dumps.cancel()
            await asyncio.wait({dumps})
            kept_from_looking = None if dumps.cancelled() else dumps.exception()
        if kept_from_looking is not None:
            raise kept_from_looking
        if self._segments and all(segment.taken == 0 for segment in self._segments):
            raise CollectorError(Outcome.NOTHING, "no stacks sampled")

    def _recorded_bytes(self) -> int:
        return sum((self._incoming.report_dir / one.path).stat().st_size for one in self._segments)

    async def _first_dump(self, window: CaptureWindow) -> bytes:
        looked = await self._look()
        printed, judged = looked.printed, looked.judged
        if judged.outcome is not Outcome.COMPLETE:
            raise _error(judged)
        if window.iteration_ended_s is not None and window.iteration_ended_s <= printed.at_s:
            raise CollectorError(
                Outcome.ENDED_BEFORE_ATTACH, "the iteration ended before the first look at its stacks"
            )
        self._keep_dump(printed)
        return printed.data

    async def _look(self) -> Look:
        return await look(self._sampler, self._process, self._incoming.lock)

    def _keep_dump(self, printed: Printed) -> None:
        stem = f"{EVIDENCE_DIR}/{self._name}-{next(self._numbers):03d}"
        dump = Dump(
            path=f"{stem}.dump.json",
            states_path=f"{stem}.states.json",
            sampler=self._name,
            at_s=printed.at_s,
        )
        with _writing():
            self._write(dump.path, printed.data)
            self._write(f"{stem}.states.json", coding.encode(self._process.tasks()))
            self._incoming.note(Line(sampler_version=self._version, dump=dump))
        self._dumps.append(dump)
        self._dumped_bytes += len(printed.data)

    async def _dump_now_and_then(self) -> None:
        interval_s = DUMP_INTERVAL_S
        while self._dumped_bytes < MAX_DUMPS_BYTES:
            await asyncio.sleep(interval_s)
            started_s = time.monotonic()
            looked = await self._look()
            if looked.judged.outcome is Outcome.COMPLETE:
                self._keep_dump(looked.printed)
            elif looked.judged.outcome is Outcome.TARGET_EXITED:
                return
            else:  # it may become another program, and be Python again
                _LOG.info("no look", extra={"why": looked.judged.detail, "pid": self._process.pid})
            interval_s = max(DUMP_INTERVAL_S, (time.monotonic() - started_s) / DUMP_SHARE)

    async def _segment(self, window: CaptureWindow) -> None:
        path = f"{EVIDENCE_DIR}/{self._name}-{next(self._numbers):03d}{self._sampler.segment_suffix}"
        file = self._incoming.report_dir / path
        command = self._sampler.record(self._process.pid, self._rate_hz, SEGMENT_S, file)
        child = await RecordingChild.start(command, self._incoming.lock, self._sampler.ready)
        segment = Segment(
            path=path,
            sampler=self._name,
            rate_hz=self._rate_hz,
            started_s=child.started_s,
            ended_s=child.started_s,
        )
        try:
            with _writing():
                self._incoming.note(Line(sampler_version=self._version, segment=segment))
            await _first_of(window.ended(), child.ended(), child.ready.wait())
            ours = self._process.alive()  # it attached to our process, or to nobody's
            if child.ready.is_set():
                await _first_of(window.ended(), child.ended(), asyncio.sleep(SEGMENT_S))
            ended_s = min(time.monotonic(), self._process.exited_s or float("inf"))
            asked = window.over() or not child.over()
            judged = self._sampler.judge(await child.end())
        finally:
            child.kill()
        if not ours or self._process.replaced():
            file.unlink(missing_ok=True)
        await self._keep_segment(segment, ended_s, judged)
        if error := self._surprise(judged, asked=asked, window=window):
            raise error

    async def _keep_segment(self, segment: Segment, ended_s: float, judged: Judgement) -> None:
        file = self._incoming.report_dir / segment.path
        if not file.exists() or not file.stat().st_size:
            return
        file.chmod(FILE_MODE)
        try:
            with _writing():
                await asyncio.to_thread(self._sampler.scrub, file)
        except CollectorError:
            file.unlink(missing_ok=True)  # what could not be cleaned of secrets is not kept
            raise
        self._segments.append(
            msgspec.structs.replace(
                segment, ended_s=ended_s, taken=judged.taken, missed=judged.missed, behind=judged.behind
            )
        )

    def _surprise(self, judged: Judgement, *, asked: bool, window: CaptureWindow) -> CollectorError | None:
        """What ends the recording: an end of the sampler that nobody asked for, or a bad one."""
        match judged.outcome:
            case Outcome.COMPLETE | Outcome.NOTHING:
                return None if asked else CollectorError(Outcome.FAILED, f"{self._name} ended by itself")
            case Outcome.ENDED_BEFORE_ATTACH if window.over():
                return None
            case Outcome.ENDED_BEFORE_ATTACH:
                return CollectorError(Outcome.FAILED, judged.detail)
            case Outcome.TARGET_EXITED if self._process.alive():  # it became another program
                return None
        return _error(judged)

    def _write(self, path: str, data: bytes) -> None:
        file = self._incoming.report_dir / path
        file.touch(mode=FILE_MODE)
        file.write_bytes(data)


def _error(judged: Judgement) -> CollectorError:
    return CollectorError(judged.outcome, judged.detail, remedy=judged.remedy)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Say in plain words that evidence cannot be written."""
    try:
        yield
    except OSError as error:
        raise CollectorError(
            Outcome.FAILED,
            f"evidence cannot be written: {error.strerror}",
            remedy="give the spool a folder that loopcam may write, on a disk with room",
        ) from error


async def _first_of(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
