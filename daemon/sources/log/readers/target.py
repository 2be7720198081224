"""A log in the target's own root directory: `path: target:/tmp/app.log`."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from daemon.sources.log.readers.file.folder import READ_ONLY, Folder, OutOfReachError
from daemon.sources.log.where import IN_TARGET
from disk.rooted import NO_SAFE_WAY, NO_SAFE_WAY_REMEDY, open_within

if TYPE_CHECKING:
    from daemon.targets.process import HeldProcess

_MOST_LINKS = 40
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LOOK = os.O_PATH | os.O_CLOEXEC


class InTarget(Folder):
    """Looked up anew each time, in the root of the process that is the target then; never out of it."""

    def __init__(self, path: str, process: Callable[[], "HeldProcess | None"]) -> None:
        """`path` begins with `target:/`."""
        super().__init__(path)
        self._inner = path.removeprefix(IN_TARGET)
        self._process = process

    def stat(self) -> os.stat_result:
        """The status of the file; raises OSError, OutOfReachError where the root cannot be entered."""
        descriptor = self._open(self._inner, _LOOK)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def open(self) -> int:
        """A descriptor of the file; raises as `stat`."""
        return self._open(self._inner, READ_ONLY)

    def name(self) -> str:
        """What the file is called where it really is; raises as `stat`."""
        return PurePosixPath(self._real()).name

    def directory(self) -> int:
        """A descriptor of the folder it really is in; raises as `stat`."""
        return self._open(str(PurePosixPath(self._real()).parent), _FOLDER)

    def _real(self) -> str:
        """The path with its last part no link; what is before is left to the kernel."""
        path = self._inner
        for _ in range(_MOST_LINKS):
            descriptor = self._open(path, _LOOK | os.O_NOFOLLOW)
            try:
                if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
                    return path
                path = str(PurePosixPath(path).parent / os.readlink("", dir_fd=descriptor))
            finally:
                os.close(descriptor)
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)

    def _open(self, path: str, flags: int) -> int:
        process = self._process()
        if process is None:
            raise OutOfReachError(errno.ESRCH, "the target's process is not there", "is it started?")
        with _root(process) as root:
            descriptor = _open_in(root, path, flags)
        if not process.alive():  # its number may mean another process by now
            os.close(descriptor)
            raise _ended()
        return descriptor


@contextmanager
def _root(process: "HeldProcess") -> Iterator[int]:
    """A descriptor of a process's root directory; raises OutOfReachError."""
    try:
        root = os.open(f"/proc/{process.pid}/root", _LOOK | os.O_DIRECTORY)
    except PermissionError as error:
        remedy = "it takes the right to profile it: the target's user, or CAP_SYS_PTRACE (loopcam doctor)"
        raise OutOfReachError(errno.EACCES, "the target's root may not be entered", remedy) from error
    except OSError as error:
        raise _ended() from error
    try:
        yield root
    finally:
        os.close(root)


def _ended() -> OutOfReachError:
    return OutOfReachError(errno.ESRCH, "the target's process has just ended", "is it started again?")


def _open_in(root: int, path: str, flags: int) -> int:
    """Open a path in a root; raises OSError, OutOfReachError where there is no safe way to."""
    try:
        return open_within(root, path, flags)
    except OSError as error:
        if error.errno not in NO_SAFE_WAY:
            raise
        message = f"no safe way into the target's root: openat2: {error.strerror}"
        raise OutOfReachError(error.errno, message, NO_SAFE_WAY_REMEDY) from error
