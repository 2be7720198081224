"""Healthy samples on disk: `healthy/TARGET/ID/` in the spool, until the renderer has folded them in."""

import logging
import shutil
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from disk.durable import link, make_dir, size_bytes, write_atomic
from model import coding
from model.baseline import SAMPLE_FILE, HealthySample
from model.capture import Dump, Iteration, ProcessIdentity, Recording, Segment

_LOG = logging.getLogger(__name__)

MOST_BYTES: Final = 32 * 2**20  # of all targets
MOST_SAMPLES: Final = 12  # of one target: folded they are once an hour
OLDEST_S: Final = 7 * 86400.0


class Piece(Protocol):
    """Some evidence in a ring: one or more files, below its folder."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files."""

    @property
    def segment(self) -> Segment | None:
        """What it is, if a recording."""

    @property
    def dump(self) -> Dump | None:
        """What it is, if a look."""

    @property
    def version(self) -> str:
        """The sampler's."""


class Samples:
    """All that are not folded yet. Its methods take the disk's time: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = threading.Lock()  # what one thread is still writing looks unfinished to another

    def of(self, target: str) -> Path:
        """The folder of a target's samples."""
        return self._folder / target

    def targets(self) -> list[str]:
        """Those that have samples."""
        folders = self._folder.iterdir() if self._folder.is_dir() else ()
        return sorted(one.name for one in folders if any(_whole(one)))

    def put(
        self,
        target: str,
        process: ProcessIdentity,
        code_version: str,
        iterations: Sequence[Iteration],
        ring: Path,
        pieces: Sequence[Piece],
    ) -> bool:
        """Keep what a ring has of iterations; False where no recording was left of it. Raises OSError."""
        recording = _recording(pieces)
        if recording is None:
            return False
        with self._changing:
            now_s = time.time()
            name = f"{datetime.fromtimestamp(now_s, UTC):%Y%m%dT%H%M%S%f}Z-{target}"
            sample = HealthySample(
                id=name,
                target=target,
                process=process,
                code_version=code_version,
                wall_minus_monotonic_s=now_s - time.monotonic(),
                iterations=tuple(iterations),
                recording=recording,
            )
            paths = [path for piece in pieces for path in piece.paths]
            self._write(self.of(target) / f".{name}", sample, ring, paths)
            self._bound()
        return True

    def _write(self, temporary: Path, sample: HealthySample, ring: Path, paths: Iterable[str]) -> None:
        """Make it whole under a temporary name, or leave nothing; raises OSError."""
        make_dir(temporary)
        try:
            for path in paths:
                make_dir((temporary / path).parent)
                link(ring / path, temporary / path)
            write_atomic(temporary / SAMPLE_FILE, coding.encode(sample), sync=False)
            temporary.rename(temporary.with_name(sample.id))
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise

    def drop(self, target: str) -> None:
        """Let go of a target's samples."""
        shutil.rmtree(self.of(target), ignore_errors=True)

    def bound(self) -> None:
        """Remove what is too old or too much, the oldest first, and what was never finished."""
        with self._changing:
            self._bound()

    def _bound(self) -> None:
        if not self._folder.is_dir():
            return
        kept: list[Path] = []
        for folder in self._folder.iterdir():
            found = sorted(_whole(folder))
            for one in (*(one for one in folder.iterdir() if one not in found), *found[:-MOST_SAMPLES]):
                shutil.rmtree(one, ignore_errors=True)
            kept += found[-MOST_SAMPLES:]
        total_bytes, oldest_s = 0, time.time() - OLDEST_S
        for one in sorted(kept, key=lambda one: one.name, reverse=True):
            total_bytes += size_bytes(one)
            if total_bytes > MOST_BYTES or one.stat().st_mtime < oldest_s:
                shutil.rmtree(one, ignore_errors=True)


def _whole(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if not one.name.startswith(".")] if folder.is_dir() else []


def _recording(pieces: Sequence[Piece]) -> Recording | None:
    """What pieces are as one recording; of several samplers, the one that recorded most."""
    segments = [piece.segment for piece in pieces if piece.segment is not None]
    if not segments:
        return None
    by_sampler: dict[str, float] = {}
    for one in segments:
        by_sampler[one.sampler] = by_sampler.get(one.sampler, 0.0) + one.ended_s - one.started_s
    sampler = max(by_sampler, key=by_sampler.__getitem__)
    kept = tuple(one for one in segments if one.sampler == sampler)
    version = next(
        one.version for one in pieces if one.segment is not None and one.segment.sampler == sampler
    )
    return Recording(
        sampler=sampler,
        version=version,
        rate_hz=kept[-1].rate_hz,
        rate_reason="of healthy iterations",
        blocking=False,
        segments=kept,
        dumps=tuple(piece.dump for piece in pieces if piece.dump is not None),
    )
