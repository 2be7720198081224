"""The ring of one process: a folder in the spool, and what goes from it into a capture."""

import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from daemon.capture.keeping import Keeping
from daemon.config.dashcam import Dashcam
from daemon.dashcam.shelf import Piece, Shelf
from daemon.spool.incoming import LOCK_FILE, Incoming, Line
from daemon.targets.process import HeldProcess
from disk.durable import FILE_MODE, make_dir
from model.report import EVIDENCE_DIR

_LOG = logging.getLogger(__name__)

RINGS_DIR = "ring"
SHARE_BEING_WRITTEN = 4  # of its bytes, one part of so many: a segment that is not whole yet
MARK = "before-"  # in the names of files: a capture has its own of the same numbers


class _Place:
    """Where a sampler's files go; there is no journal: a killed daemon's ring is of no use to the next."""

    def __init__(self, directory: Path) -> None:
        self.report_dir = directory
        make_dir(directory / EVIDENCE_DIR)
        # Samplers inherit one, as in a capture; a ring is never adopted, and so nobody waits for it
        self.lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, FILE_MODE)

    def note(self, line: Line) -> None:
        """Nothing to note."""


class Ring:
    """Pieces of evidence of one process, the newest so many seconds and bytes."""

    def __init__(self, spool: Path, target: str, process: HeldProcess, options: Dashcam) -> None:
        """Make its folder; raises OSError (no space, no right)."""
        self.identity = process.identity
        name = f"{process.pid}-{time.monotonic_ns()}"  # never one that somebody may still write to
        self.directory = spool / RINGS_DIR / target / name
        self._place = _Place(self.directory)
        self.keeping = Keeping(process, self._place, MARK)
        self.shelf = Shelf()
        self.versions: dict[str, str] = {}  # of the samplers
        self._keep_s, self._most_bytes = float(options.keep), int(options.max_bytes)

    @property
    def segment_bytes(self) -> int:
        """How large a segment may be, beside what is whole."""
        return self._most_bytes // SHARE_BEING_WRITTEN

    def bound(self, options: Dashcam) -> None:
        """Go on under other bounds."""
        self._keep_s, self._most_bytes = float(options.keep), int(options.max_bytes)
        self.trim()

    def take(self) -> None:
        """Take in what the keeping has got since, and let go of what is too old or too much."""
        for piece in self._taken():
            self.put(piece)
        self.trim()

    def put(self, piece: Piece) -> None:
        """Take in evidence, whose files are in the ring's folder."""
        self.shelf.put(piece)

    def trim(self) -> None:
        """Let go of what is too old or too much."""
        self._let_go(self._most_bytes - self.segment_bytes)

    def has_room(self, size_bytes: int) -> bool:
        """Whether so much more may be kept at all; then what is older makes room for it."""
        most_bytes = self._most_bytes - self.segment_bytes
        if size_bytes > most_bytes:
            return False
        self._let_go(most_bytes - size_bytes)
        return True

    def _let_go(self, most_bytes: int) -> None:
        for piece in self.shelf.drop(self._keep_s, most_bytes, time.monotonic()):
            self._unlink(piece)

    def into(self, incoming: Incoming, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """Have pieces in a capture as well, noted for whoever has to adopt it; those that are there.

        Call it in a thread: it is the disk's time.
        """
        return tuple(piece for piece in pieces if self._linked(incoming, piece))

    def close(self) -> None:
        """Remove it."""
        os.close(self._place.lock)
        remove(self.directory)

    def _linked(self, incoming: Incoming, piece: Piece) -> bool:
        try:
            for path in piece.paths:
                link(self.directory / path, incoming.report_dir / path)
            incoming.note(
                Line(sampler_version=piece.version, segment=piece.segment, dump=piece.dump, whole=True)
            )
        except OSError as error:
            _LOG.warning(
                "a piece of the lead-up is lost", extra={"file": piece.paths[0], "error": str(error)}
            )
            return False
        return True

    def _taken(self) -> Iterator[Piece]:
        segments, dumps = self.keeping.hand_out()
        for segment in segments:
            yield Piece(
                paths=(segment.path,),
                started_s=segment.started_s,
                ended_s=segment.ended_s,
                size_bytes=self._size_bytes(segment.path),
                segment=segment,
                version=self.versions.get(segment.sampler, ""),
            )
        for dump in dumps:
            paths = (dump.path,) if dump.states_path is None else (dump.path, dump.states_path)
            yield Piece(
                paths=paths,
                started_s=dump.at_s,
                ended_s=dump.at_s,
                size_bytes=sum(map(self._size_bytes, paths)),
                dump=dump,
                version=self.versions.get(dump.sampler, ""),
            )

    def _size_bytes(self, path: str) -> int:
        return (self.directory / path).stat().st_size

    def _unlink(self, piece: Piece) -> None:
        for path in piece.paths:
            (self.directory / path).unlink(missing_ok=True)


def remove(directory: Path) -> None:
    """Remove a ring's folder, and its target's where it was the only one."""
    shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):  # there is another ring
        directory.parent.rmdir()


def link(source: Path, at: Path) -> None:
    """Give a file another name; where the file system knows no second one, the only one."""
    try:
        os.link(source, at)
    except FileExistsError:
        return
    except PermissionError:
        source.rename(at)
