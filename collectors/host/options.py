"""Records what /proc and control groups say of the target and its machine, over lead-up and window."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from collectors.contract import Collector, Taken, Target, Window
from collectors.files import EvidenceFile, FullError, Room
from collectors.host.reader import Reader
from collectors.host.ring import Ring
from disk.durable import sha256
from model.artifacts import Artifact
from model.capture import Outcome
from model.errors import CollectorError
from model.host_rows import SUFFIX
from model.report import EVIDENCE_DIR
from model.signals import SIGNALS_KIND
from model.units import ByteSize, Seconds

MEDIA_TYPE = "application/x-ndjson"
FAST_SHARE = 0.05  # of a core, at most, within a window
MOST_ROWS = 1200  # of a window: a long one is read less often


class Host(Collector, frozen=True, kw_only=True):
    """Signals of the target's process, its control group and its machine over lead-up and window."""

    needs_process: ClassVar[bool] = True
    companion: ClassVar[bool] = True
    light: ClassVar[bool] = True
    posthumous: ClassVar[bool] = True

    interval: Annotated[
        Seconds,
        Meta(
            ge=0.2,
            le=60,
            description="How often they are read while nothing is slow; less often where that costs "
            "more than 0.05 % of a core, or 0.2 % for all targets together.",
        ),
    ] = Seconds(1)
    window_interval: Annotated[
        Seconds, Meta(ge=0.1, le=60, description="How often they are read within the collection window.")
    ] = Seconds(0.25)
    threads: Annotated[
        int,
        Meta(
            ge=1,
            le=1024,
            description="Of how many threads the details are read each time within the window: the main "
            "thread, and others in turn.",
        ),
    ] = 64
    max_bytes: Annotated[ByteSize, Meta(ge=65536, le=64 * 2**20, description="The most of the file.")] = (
        ByteSize(8 * 2**20)
    )

    async def try_out(self, target: Target) -> None:
        """There is a process to read of."""
        if target.process is None:
            raise CollectorError(
                Outcome.NOTHING, "no process is within reach", remedy="give `process`, or leave `host` out"
            )

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Taken:
        """The rows of the lead-up, where somebody read them, and those of the window as they come."""
        await self.try_out(target)
        ring = target.signals or own_ring(target)
        told = ""
        with EvidenceFile(into / f"{name}{SUFFIX}", Room(self.max_bytes), cut=True) as file:
            ring.read(self.threads, fast=True)
            if not ring.rows:
                raise CollectorError(Outcome.TARGET_EXITED, "it ended before anything was read of it")
            full = _Stop()
            stop = ring.follow(full.unless_full(file.write))
            try:
                await self._read(ring, window, full)
            finally:
                stop()
            told = full.said
        return Taken(artifacts=(_artifact(file),), detail=told)

    async def _read(self, ring: Ring, window: Window, full: "_Stop") -> None:
        """Row by row, until the window has ended or there is no more room."""
        ended = asyncio.ensure_future(window.ended())
        try:
            while not ended.done() and not full.said:
                least_s = max(self.window_interval, window.collection_time_s / MOST_ROWS)
                await asyncio.wait({ended}, timeout=max(least_s, ring.cost_s / FAST_SHARE))
                if not ring.read(self.threads, fast=True):
                    break
            await ended
        finally:
            ended.cancel()


class _Stop:
    """Whether there was no more room, in words."""

    def __init__(self) -> None:
        self.said = ""

    def unless_full(self, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
        def bounded(line: bytes) -> None:
            if self.said:
                return
            try:
                write(line)
            except FullError as error:
                self.said = str(error)

        return bounded


def own_ring(target: Target) -> Ring:
    """A ring that begins now, where nobody read before."""
    pid = target.process.pid if target.process else 0
    return Ring(Reader(pid), target.alive)


def _artifact(file: EvidenceFile) -> Artifact:
    return Artifact(
        path=f"{EVIDENCE_DIR}/{file.path.name}",
        kind=SIGNALS_KIND,
        media_type=MEDIA_TYPE,
        size_bytes=file.size_bytes,
        sha256=sha256(file.path),
    )
