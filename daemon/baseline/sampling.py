"""Healthy iterations of all targets: which are sampled, and what becomes of what the dashcam took."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

import msgspec

from daemon.baseline.code import code_version
from daemon.baseline.folding import Brief, Folding, brief
from daemon.baseline.samples import Piece, Samples
from daemon.baseline.schedule import Done, Schedule, Sitting
from daemon.targets.target import Target
from daemon.watch.iterations import Ended
from model.capture import Iteration, ProcessIdentity

_LOG = logging.getLogger(__name__)

Covering = Callable[[str, float, float], tuple[Path, Sequence[Piece]]]
_CUT_S = 0.5  # before its end a sitting's last segment may have ended


class _Watched(msgspec.Struct, kw_only=True):
    """A process of a target whose healthy iterations are sampled."""

    process: ProcessIdentity
    code_version: str
    schedule: Schedule


class Sampling:
    """Asked at each iteration's start, told of each end, and looking about once a second."""

    def __init__(self, samples: Samples, folding: Folding) -> None:
        self.covering: Covering = lambda target, started_s, ended_s: (Path(), ())
        self.labels: Callable[[], Mapping[str, str]] = dict
        self._samples = samples
        self._folding = folding
        self._watched: dict[str, _Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        folding.folded = self._folded

    def wanted(self, target: Target) -> bool:
        """Whether to sample now though nothing is slow: asked at starts, and while it goes on."""
        watched, in_flight = self._watched.get(target.name), target.in_flight is not None
        return watched is not None and watched.schedule.wanted(time.monotonic(), in_flight=in_flight)

    def ended(self, target: str, ended: Ended) -> None:
        """An iteration of a target ended."""
        watched = self._watched.get(target)
        if watched is None:
            return
        if ended.healthy:
            watched.schedule.ended(Done(ended.iteration, ended.started_s, ended.ended_s))
        elif ended.overran or ended.unseen:
            watched.schedule.overran(ended.ended_s)

    def enough(self) -> dict[str, bool]:
        """Whether the baseline of each target can stand for what its iterations do."""
        return {name: watched.schedule.known for name, watched in self._watched.items()}

    def look(self, targets: Mapping[str, Target], now_s: float) -> None:
        """Meet new processes, forget those that ended, and keep what sittings that are over have brought."""
        for name in self._watched.keys() - targets.keys():
            del self._watched[name]
        for name, target in targets.items():
            held, watched = target.process, self._watched.get(name)
            if held is None:
                self._watched.pop(name, None)
            elif watched is None or watched.process != held.identity:
                self._meet(name, held.identity, now_s)
            else:
                self._look(name, watched, now_s)

    async def stop(self) -> None:
        """Wait for what is being written."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _meet(self, name: str, process: ProcessIdentity, now_s: float) -> None:
        version = code_version(process, self.labels())
        watched = _Watched(process=process, code_version=version, schedule=Schedule(now_s))
        self._watched[name] = watched
        self._begin(self._learn(name, watched))

    async def _learn(self, name: str, watched: _Watched) -> None:
        found = await asyncio.to_thread(brief, self._folding.file(name))
        watched.schedule.known = found.knows(watched.code_version)

    def _look(self, name: str, watched: _Watched, now_s: float) -> None:
        schedule = watched.schedule
        sitting = schedule.sitting
        if sitting is None or sitting.over_s is None:
            return
        if not sitting.done:
            schedule.close(now_s)
            return
        first, last = sitting.done[0], sitting.done[-1]
        ring, pieces = self.covering(name, first.started_s, last.ended_s)
        sealed_s = max((one.segment.ended_s for one in pieces if one.segment), default=0.0)
        if sealed_s >= last.ended_s - _CUT_S or sitting.sealed(now_s):
            schedule.close(now_s)
            if sealed_s:
                self._begin(self._keep(name, watched, sitting, ring, tuple(pieces)))

    async def _keep(
        self, name: str, watched: _Watched, sitting: Sitting, ring: Path, pieces: Sequence[Piece]
    ) -> None:
        done = [
            Iteration(id=one.iteration, started_s=one.started_s, ended_s=one.ended_s) for one in sitting.done
        ]
        process, version = watched.process, watched.code_version
        try:
            kept = await asyncio.to_thread(self._samples.put, name, process, version, done, ring, pieces)
        except OSError as error:
            _LOG.warning("healthy sample not kept", extra={"target": name, "error": str(error)})
            return
        if kept:
            self._folding.found((name,))

    def _folded(self, name: str, found: Brief) -> None:
        if (watched := self._watched.get(name)) is not None:
            watched.schedule.known = found.knows(watched.code_version)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="healthy samples")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
