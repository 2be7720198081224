"""Files of evidence that grow as their bytes come, bounded together."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from disk.durable import FILE_MODE
from model.capture import Outcome
from model.errors import CollectorError, FetchError

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW


class FullError(FetchError):
    """There is no room for more bytes."""


class Room:
    """How many bytes several files may hold together."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.used_bytes = 0

    def take(self, wanted_bytes: int) -> int:
        """Take so many, or as many as are left."""
        taken = min(wanted_bytes, self.most_bytes - self.used_bytes)
        self.used_bytes += taken
        return taken

    def give_back(self, freed_bytes: int) -> None:
        """A file is no more."""
        self.used_bytes -= freed_bytes


class EvidenceFile:
    """A file that is made when its first bytes come; only its owner may read it.

    Until then its `path` may change. Where its context ends by an error, it stays if it is of worth `cut`
    off.
    """

    def __init__(self, path: Path, room: Room, *, cut: bool) -> None:
        self.size_bytes = 0
        self.path = path
        self._room = room
        self._cut = cut
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        if kind is not None and not self._cut:
            self.drop()

    def write(self, piece: bytes) -> None:
        """Write a piece, as far as there is room; raises FullError and CollectorError."""
        fitting = self._room.take(len(piece))
        self.size_bytes += fitting
        with writing():
            if self._descriptor is None and fitting:
                self._descriptor = os.open(self.path, _CREATE, FILE_MODE)
            view = memoryview(piece)[:fitting]
            while view and self._descriptor is not None:
                view = view[os.write(self._descriptor, view) :]
        if fitting < len(piece):
            raise FullError(f"cut off: there is room for {self._room.most_bytes} bytes altogether")

    def drop(self) -> None:
        """Leave no file."""
        self.path.unlink(missing_ok=True)
        self._room.give_back(self.size_bytes)
        self.size_bytes = 0


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Say in plain words that evidence cannot be written."""
    try:
        yield
    except OSError as error:
        raise CollectorError(
            Outcome.FAILED,
            f"evidence cannot be written: {error.strerror}",
            remedy="give the spool a folder that loopcam may write, on a disk with room",
        ) from error
