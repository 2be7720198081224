"""What was fetched of a program before any trigger: a folder in the spool, and its way into a capture."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from collectors.fetching import Fetched
from collectors.files import Room
from daemon.config.dashcam import Dashcam
from daemon.dashcam.ring import RINGS_DIR, link, remove
from daemon.dashcam.shelf import Piece, Shelf
from daemon.spool.incoming import Incoming
from disk.durable import make_dir, write_atomic
from model import coding
from model.fetches import FETCHES_SUFFIX, Fetch, Fetches
from model.report import EVIDENCE_DIR

MARK = "before"  # in the names of files and indexes


class FetchedPiece(Piece, frozen=True, kw_only=True):
    """One answer."""

    collector: str
    kind: str  # of the collector: pprof or http
    fetch: Fetch


class ProgramRing:
    """The newest answers of one target, so many seconds and bytes."""

    def __init__(self, spool: Path, target: str, options: Dashcam) -> None:
        """Make its folder; raises OSError (no space, no right)."""
        self.directory = spool / RINGS_DIR / target / f"program-{time.monotonic_ns()}"
        self.evidence_dir = make_dir(self.directory / EVIDENCE_DIR)
        self.most_bytes = int(options.max_bytes)
        self.room = Room(self.most_bytes)
        self._keep_s = float(options.keep)
        self._shelf = Shelf()

    def put(self, collector: str, kind: str, taken: Fetched) -> None:
        """Take in an answer whose file is here, and let go of what is too old or too much."""
        fetch = taken.fetch
        if not fetch.path:
            return
        piece = FetchedPiece(
            paths=(fetch.path,),
            started_s=fetch.started_s,
            ended_s=fetch.ended_s,
            size_bytes=fetch.size_bytes,
            collector=collector,
            kind=kind,
            fetch=fetch,
        )
        self._shelf.put(piece)
        half_bytes = self.most_bytes // 2  # the other half is room for what comes next
        for dropped in self._shelf.drop(self._keep_s, half_bytes, time.monotonic()):
            (self.directory / dropped.paths[0]).unlink(missing_ok=True)
            self.room.give_back(dropped.size_bytes)

    def covers(self, started_s: float, ended_s: float) -> bool:
        """Whether something of a span is here."""
        return bool(self._shelf.covering(started_s, ended_s))

    def into(self, incoming: Incoming) -> None:
        """Have all of it in a capture as well, with an index for each collector. It is the disk's time."""
        pieces = [piece for piece in self._shelf if isinstance(piece, FetchedPiece)]
        for piece in pieces:
            link(self.directory / piece.paths[0], incoming.report_dir / piece.paths[0])
        for collector, kind in dict.fromkeys((piece.collector, piece.kind) for piece in pieces):
            told = [piece.fetch for piece in pieces if piece.collector == collector]
            _index(incoming.evidence_dir, collector, kind, told)

    def close(self) -> None:
        """Remove it."""
        remove(self.directory)


def _index(folder: Path, collector: str, kind: str, fetches: Sequence[Fetch]) -> None:
    told = Fetches(collector=collector, kind=kind, fetches=tuple(fetches))
    file = folder / f"{collector}-{MARK}{FETCHES_SUFFIX}"
    write_atomic(file, coding.encode(told, indent=2), sync=False)


class Handing:
    """Hands a ring over. From its making to its close nothing is fetched into the ring."""

    def __init__(self, ring: ProgramRing | None, release: Callable[[], None]) -> None:
        self._ring = ring
        self._release = release

    async def into(self, incoming: Incoming) -> None:
        """Have it in a capture's folder. It is no recording: collectors' indexes tell of it."""
        if self._ring is not None:
            await asyncio.to_thread(self._ring.into, incoming)

    def close(self) -> None:
        """The capture is over."""
        self._release()
