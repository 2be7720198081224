"""The private folder in which loopcam and the command meet."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

_MOST_BYTES = 80  # of the folder's path: a socket's path below it fits the kernel's 107


class Place(msgspec.Struct, frozen=True):
    """What lies in the folder."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where heartbeats are sent."""
        return self.folder / "beat.sock"

    @property
    def pidfile(self) -> Path:
        """Which process the command is."""
        return self.folder / "command.pid"


@contextmanager
def private() -> Iterator[Place]:
    """A new folder that nobody else can enter, gone at the end."""
    usual = tempfile.gettempdir()
    parent = usual if len(os.fsencode(usual)) < _MOST_BYTES else "/tmp"  # noqa: S108  # mkdtemp makes it ours
    with tempfile.TemporaryDirectory(prefix="loopcam-", dir=parent, ignore_cleanup_errors=True) as folder:
        yield Place(Path(folder))
