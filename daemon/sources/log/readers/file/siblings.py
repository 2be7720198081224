"""A log's generations, as they are in its folder now."""

import contextlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from daemon.sources.log.readers.file.family import PACKED, Family, Named
from daemon.sources.log.readers.file.folder import READ_ONLY, Folder
from daemon.sources.log.readers.file.opened import Opened
from daemon.sources.log.readers.file.packed import Packed, head_of, text_bytes
from daemon.sources.log.readers.file.prints import HEAD_BYTES, print_of
from daemon.sources.log.readers.file.whereabouts import Known
from model.errors import SourceError

MOST_LOOKED_AT = 64  # the newest


class Siblings:
    """The files beside a log that are its generations, but not the log itself."""

    def __init__(self, directory: int, name: str, *, linked: bool) -> None:
        """`directory` is its folder's descriptor; raises OSError."""
        self.unlisted = ""  # why there is nothing to see
        self._directory = directory
        self._family = Family(name, linked=linked)
        family = list(self._named())
        found = [one for one in family if one.name != name]
        self._own = next((one.inode for one in family if one.name == name), None)
        newest = sorted(found, key=lambda one: one.mtime_ns)[-MOST_LOOKED_AT:]
        names = {one.name for one in newest}
        finished = [one for one in newest if not one.packed or one.name.removesuffix(PACKED) not in names]
        self.named = self._family.oldest_first(finished)

    @classmethod
    @contextlib.contextmanager
    def of(cls, folder: Folder) -> "Iterator[Siblings]":
        """The generations of the file that a path means now; none where its folder cannot be listed."""
        directory = -1
        try:
            name = folder.name()
            directory = folder.directory()
            found = cls(directory, name, linked=name != Path(folder.path).name)
        except (OSError, SourceError) as error:
            found = cls.__new__(cls)
            found.named, found._own, found.unlisted = [], None, _why(error)
        try:
            yield found
        finally:
            if directory >= 0:
                os.close(directory)

    def open(self, one: Named) -> Opened:
        """Open it; raises OSError."""
        descriptor = os.open(one.name, READ_ONLY | os.O_NOFOLLOW, dir_fd=self._directory)
        return Packed(descriptor) if one.packed else Opened(descriptor)

    def rank(self, inode: int) -> int | None:
        """Where in the order of generations a file is; None when it is gone by now."""
        if inode == self._own:
            return len(self.named)
        return next((place for place, one in enumerate(self.named) if one.inode == inode), None)

    def text(self, one: Named) -> tuple[int, bytes] | None:
        """The size of its text and its first bytes; None when it cannot be read."""
        with contextlib.suppress(OSError), contextlib.closing(self.open(one)) as file:
            descriptor = file.fileno()
            if one.packed:
                return text_bytes(descriptor), head_of(descriptor, HEAD_BYTES)
            return one.size_bytes, os.pread(descriptor, HEAD_BYTES, 0)
        return None

    def known(self, among: Collection[Named]) -> tuple[Known, ...]:
        """What tells these generations from others."""
        texts = ((one, self.text(one)) for one in among)
        return tuple(Known(one.inode, text[0], print_of(text[1])) for one, text in texts if text)

    def _named(self) -> Iterator[Named]:
        for name in os.listdir(self._directory):
            if self._family.holds(name):
                with contextlib.suppress(FileNotFoundError):  # renamed or deleted meanwhile
                    status = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield Named(name, status.st_ino, status.st_size, status.st_mtime_ns)


def _why(error: Exception) -> str:
    """Why a folder cannot be listed; nothing for a path that is just being renamed."""
    return "" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or str(error)
