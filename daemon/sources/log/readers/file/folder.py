"""Where a log file is: the one place that turns its path into descriptors."""

import errno
import os
import stat
from pathlib import Path

from model.errors import SourceError

READ_ONLY = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


_READABLE = "let loopcam's user read the file and enter its folders"


class OutOfReachError(OSError):
    """The place that a path is in cannot be entered; the remedy is another than for the file."""

    def __init__(self, number: int, message: str, remedy: str) -> None:
        super().__init__(number, message)
        self.remedy = remedy


class Folder:
    """A log's path on this machine. Another root is another subclass; nothing else looks up names."""

    def __init__(self, path: str) -> None:
        self.path = path

    def stat(self) -> os.stat_result:
        """The status of the file that the path means now; raises OSError."""
        return Path(self.path).stat()

    def open(self) -> int:
        """A descriptor of that file; raises OSError."""
        return os.open(self.path, READ_ONLY)

    def name(self) -> str:
        """What the file is called where it really is, links followed; raises OSError."""
        return self._resolved().name

    def directory(self) -> int:
        """A descriptor of the folder it really is in, where its generations are; raises OSError."""
        return os.open(self._resolved().parent, _FOLDER)

    def _resolved(self) -> Path:
        try:
            return Path(self.path).resolve()
        except RuntimeError as error:  # what pathlib makes of links in a circle
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.path) from error


def open_log(folder: Folder) -> int:
    """A descriptor of the file that the path means now; raises SourceError unless it is a readable file."""
    try:
        _must_be_file(folder.stat(), folder.path)  # before opening: that can have effects on a device
        descriptor = folder.open()
    except FileNotFoundError as error:
        raise SourceError(
            f"{folder.path}: no such file", remedy="it is read as soon as it is there; is the path right?"
        ) from error
    except OSError as error:
        raise SourceError(
            f"{folder.path}: {error.strerror}",
            remedy=error.remedy if isinstance(error, OutOfReachError) else _READABLE,
        ) from error
    try:
        _must_be_file(os.fstat(descriptor), folder.path)
    except SourceError:
        os.close(descriptor)
        raise
    return descriptor


def _must_be_file(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise SourceError(f"{path}: {kind}", remedy="give the path of a file; standard input is `-`")
