"""A log's generations, as they were in its folder at one moment."""

import contextlib
import os
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from daemon.sources.log.readers.file.family import PACKED, Family, Named
from daemon.sources.log.readers.file.folder import READ_ONLY, Folder
from daemon.sources.log.readers.file.opened import Opened
from daemon.sources.log.readers.file.packed import Packed, head_of, text_bytes, whole
from daemon.sources.log.readers.file.prints import HEAD_BYTES, print_of
from daemon.sources.log.readers.file.whereabouts import Known
from model.errors import SourceError

MOST_LOOKED_AT = 64  # the newest
MOST_TRIES = 4  # at once, to see a folder that nobody changes meanwhile
SETTLED_S = 2.0  # a compressed file that was written to since may not be all there


class UnsettledError(Exception):
    """The generations are being rotated, or compressed, at this moment: look again soon."""


class Siblings:
    """The files beside a log that are its generations, but not the log itself.

    Each is opened once, and told by its descriptor only: its name may mean another file by now.
    """

    def __init__(self, directory: int, name: str, *, linked: bool) -> None:
        """`directory` is its folder's descriptor; raises OSError."""
        self.unlisted = ""  # why there is nothing to see
        self._directory = directory
        self._family = Family(name, linked=linked)
        self._descriptors: dict[int, int] = {}  # by inode
        self._texts: dict[int, tuple[int, bytes]] = {}
        self.refused: list[Named] = []  # that we may not read
        listed = self._listed()
        self._own = next((one.inode for one in listed if one.name == name), None)
        found = sorted((one for one in listed if one.name != name), key=lambda one: one.mtime_ns)
        newest = found[-MOST_LOOKED_AT:]
        names = {one.name for one in newest}
        finished = [one for one in newest if not one.packed or one.name.removesuffix(PACKED) not in names]
        opened = list(filter(None, map(self._opened, finished)))
        self.named = self._family.oldest_first(opened)
        self._settled = _inodes(self._listed()) == _inodes(listed)

    @classmethod
    @contextlib.contextmanager
    def of(cls, folder: Folder, *, settled: bool = True) -> "Iterator[Siblings]":
        """The generations of the file that a path means now; none where its folder cannot be listed.

        With `settled`, raises UnsettledError rather than show what is being changed.
        """
        found = cls._found(folder, settled=settled)
        try:
            yield found
        finally:
            found.close()

    @classmethod
    def _found(cls, folder: Folder, *, settled: bool) -> "Siblings":
        for left in reversed(range(MOST_TRIES)):
            found = cls._looked_up(folder)
            if found._settled and not (settled and any(map(found._half_written, found.named))):
                return found
            if not settled and not left:
                return found
            found.close()
        raise UnsettledError

    @classmethod
    def _looked_up(cls, folder: Folder) -> "Siblings":
        with contextlib.ExitStack() as stack:
            try:
                name = folder.name()
                directory = folder.directory()
                stack.callback(os.close, directory)
                return cls(directory, name, linked=name != Path(folder.path).name)
            except (OSError, SourceError) as error:
                nothing = cls.__new__(cls)
                nothing.unlisted = _why(error)
                nothing.named, nothing.refused, nothing._own = [], [], None
                nothing._descriptors, nothing._settled = {}, True
                return nothing

    def close(self) -> None:
        """Let go of them."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    def open(self, one: Named) -> Opened:
        """A reader of it, which outlives this; raises OSError."""
        descriptor = os.dup(self._descriptors[one.inode])
        return Packed(descriptor) if one.packed else Opened(descriptor)

    def rank(self, inode: int) -> int | None:
        """Where in the order of generations a file is; None when it is gone by now."""
        if inode == self._own:
            return len(self.named)
        return next((place for place, one in enumerate(self.named) if one.inode == inode), None)

    def text(self, one: Named) -> tuple[int, bytes]:
        """The size of its text and its first bytes; raises OSError."""
        if one.inode not in self._texts:
            descriptor = self._descriptors[one.inode]
            if one.packed:
                text = text_bytes(descriptor), head_of(descriptor, HEAD_BYTES)
            else:
                text = one.size_bytes, os.pread(descriptor, HEAD_BYTES, 0)
            self._texts[one.inode] = text
        return self._texts[one.inode]

    def known(self, among: Collection[Named]) -> tuple[Known, ...]:
        """What tells these generations from others."""
        texts = ((one, self.text(one)) for one in among)
        return tuple(Known(one.inode, text[0], print_of(text[1])) for one, text in texts)

    def _half_written(self, one: Named) -> bool:
        fresh = one.packed and abs(time.time() - one.mtime_ns / 1e9) < SETTLED_S
        return fresh and not whole(self._descriptors[one.inode])

    def _listed(self) -> list[Named]:
        return list(self._named())

    def _named(self) -> Iterator[Named]:
        for name in os.listdir(self._directory):
            if self._family.holds(name):
                with contextlib.suppress(FileNotFoundError):  # renamed or deleted meanwhile
                    status = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield _as_named(name, status)

    def _opened(self, one: Named) -> Named | None:
        """What the name means now, open; None when that is no file that can be read, or is open by now."""
        try:
            descriptor = os.open(one.name, READ_ONLY | os.O_NOFOLLOW, dir_fd=self._directory)
        except FileNotFoundError:
            return None
        except OSError:
            self.refused.append(one)
            return None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_ino in self._descriptors:
            os.close(descriptor)
            return None
        self._descriptors[status.st_ino] = descriptor
        return _as_named(one.name, status)


def _as_named(name: str, status: os.stat_result) -> Named:
    return Named(name, status.st_ino, status.st_size, status.st_mtime_ns)


def _inodes(listed: Collection[Named]) -> dict[str, int]:
    return {one.name: one.inode for one in listed}


def _why(error: Exception) -> str:
    """Why a folder cannot be listed; nothing for a path that is just being renamed."""
    return "" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or str(error)
