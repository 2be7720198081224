"""Having healthy samples folded, by a renderer of its own; what a baseline then knows, in brief."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from daemon.baseline.samples import Samples
from daemon.worker.handle import Worker, WorkerGoneError
from daemon.worker.protocol import Job
from disk.reading import content
from model import coding
from model.baseline import ENOUGH_ITERATIONS, ENOUGH_S

_LOG = logging.getLogger(__name__)

EVERY_S: Final = 3600.0  # a target
EVERY_AT_FIRST_S: Final = 60.0  # while its baseline has too little
DEADLINE_S: Final = 60.0


class EraBrief(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon reads of an era: the rest is the renderer's."""

    code_version: str
    sampler: str
    weight: float
    sampled_s: float

    @property
    def enough(self) -> bool:
        """Whether it can stand for what iterations do."""
        return round(self.weight) >= ENOUGH_ITERATIONS or self.sampled_s >= ENOUGH_S


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon reads of a baseline."""

    eras: tuple[EraBrief, ...] = ()

    def knows(self, code_version: str) -> bool:
        """Whether there is enough of a code version."""
        return any(era.enough for era in self.eras if era.code_version == code_version)


def brief(file: Path) -> Brief:
    """The baseline of a file in brief; nothing where there is none, or a damaged one. It reads the disk."""
    try:
        return coding.decode(content(file), Brief)
    except (OSError, msgspec.DecodeError):  # whoever folds into it tells, and sets it aside
        return Brief()


class Folding:
    """At most one renderer at a time, and only while nothing more urgent goes on."""

    def __init__(self, samples: Samples, baselines: Path) -> None:
        self.folded: Callable[[str, Brief], None] = lambda target, found: None
        self._samples = samples
        self._baselines = baselines
        self._pending: set[str] = set()
        self._last_s: dict[str, float] = {}  # by target, monotonic
        self._failed: set[str] = set()  # targets of which a renderer has died once
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is being folded."""
        return self._task is None or self._task.done()

    def file(self, target: str) -> Path:
        """Where a target's baseline is."""
        return self._baselines / f"{target}.json"

    def found(self, targets: Iterable[str]) -> None:
        """These have samples."""
        self._pending.update(targets)

    def look(self, enough: Mapping[str, bool], now_s: float) -> None:
        """Begin what is due. `enough` tells the targets whose baseline can wait for an hour."""
        due = sorted(
            target for target in self._pending if self._due(target, enough.get(target, False), now_s)
        )
        if due and self.idle:
            self._pending.difference_update(due)
            self._last_s.update(dict.fromkeys(due, now_s))
            self._task = asyncio.create_task(self._fold(due), name="fold healthy samples")

    async def stop(self) -> None:
        """End what goes on: samples stay for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _due(self, target: str, enough: bool, now_s: float) -> bool:
        return now_s - self._last_s.get(target, float("-inf")) >= (EVERY_S if enough else EVERY_AT_FIRST_S)

    async def _fold(self, targets: list[str]) -> None:
        try:
            worker = await _started()
        except OSError as error:
            self._later(targets, f"{error.strerror or error}")
            return
        try:
            await self._all(worker, targets)
            await worker.end()
        except asyncio.CancelledError:
            await worker.kill()
            raise

    async def _all(self, worker: Worker, targets: list[str]) -> None:
        for number, target in enumerate(targets):
            try:
                await self._one(worker, target)
            except WorkerGoneError as error:
                await self._died(target, str(error))
                self._later(targets[number + 1 :], "")
                return

    async def _one(self, worker: Worker, target: str) -> None:
        began_s, file = time.monotonic(), self.file(target)
        job = Job(directory=str(self._samples.of(target)), baseline=str(file))
        reply = await worker.run(job, DEADLINE_S)
        if reply.error:
            self._later([target], reply.error)
            return
        self._failed.discard(target)
        found = await asyncio.to_thread(brief, file)
        self.folded(target, found)
        took_s = round(time.monotonic() - began_s, 3)
        _LOG.debug("healthy samples folded", extra={"target": target, "s": took_s})

    async def _died(self, target: str, why: str) -> None:
        """Evidence that ends a renderer twice is let go."""
        _LOG.warning("healthy samples not folded", extra={"target": target, "error": why})
        if target in self._failed:
            self._failed.discard(target)
            await asyncio.to_thread(self._samples.drop, target)
        else:
            self._failed.add(target)
            self._pending.add(target)

    def _later(self, targets: Iterable[str], why: str) -> None:
        self._pending.update(targets)
        if why:
            said = {"targets": ", ".join(targets), "error": why}
            _LOG.warning("healthy samples not folded yet", extra=said)


async def _started() -> Worker:
    """A renderer; a child that is just being started is not lost when we are cancelled."""
    starting = asyncio.create_task(Worker.start_renderer(), name="start a renderer to fold")
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await (await starting).kill()
        raise
