"""A socket in the file system: made so that strangers cannot meddle with it, and removed again."""

import contextlib
import fcntl
import grp
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from daemon.config.unix import Unix
from model.errors import LoopcamError

_TRIES, _PAUSE_S = 40, 0.05
_CHOOSE = "choose another path, or stop what listens there"


class UnixSocket:
    """A bound, non-blocking socket and its place."""

    def __init__(self, path: Path, kind: socket.SocketKind, options: Unix) -> None:
        """Bind it, in the place of one that a dead daemon left; raises LoopcamError."""
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.setblocking(False)
        try:
            group = _group(options.group)
            with _folder(path.parent, int(options.mode, 8), group):
                _clear(path, kind)
                self._bind(int(options.mode, 8), group)
        except OSError as error:
            self.socket.close()
            said = f"cannot listen on {path}: {error.strerror or error}"
            raise LoopcamError(said, remedy="see that we may write to its folder") from error
        except LoopcamError:
            self.socket.close()
            raise

    def remove(self) -> None:
        """Remove its place, unless somebody else has it by now; the socket itself stays open."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(self.path) == self._made:
                self.path.unlink()

    def _bind(self, mode: int, group: int) -> None:
        os.fchmod(self.socket.fileno(), mode)  # so that it is never open wider, not for a moment
        self.socket.bind(str(self.path))
        self._made = _identity(self.path)
        _give(self.path, group)
        self.path.chmod(mode)  # what our umask took away


@contextlib.contextmanager
def _folder(path: Path, mode: int, group: int) -> Iterator[None]:
    """The folder, for us alone while we look who listens there; made when it is missing."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        _give(path, group)
        path.chmod(0o755 if mode & 0o007 else 0o750 if mode & 0o070 else 0o700)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        about = (
            "it is no folder, or a symbolic link" if path.is_symlink() or path.exists() else error.strerror
        )
        raise LoopcamError(f"cannot listen in {path}: {about}", remedy="name the folder itself") from error
    try:
        bits = os.fstat(descriptor).st_mode
        if bits & stat.S_IWOTH and not bits & stat.S_ISVTX:
            raise LoopcamError(
                f"cannot listen in {path}: everybody may replace what is in it",
                remedy=f"name a folder below it, such as {path / 'loopcam'}: it is made as it must be",
            )
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    """Be alone in a folder; anybody who can read it can lock it, so not for ever."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE_S)
    raise LoopcamError(f"cannot listen in {path}: another process has locked it", remedy=_CHOOSE)


def _clear(path: Path, kind: socket.SocketKind) -> None:
    """Remove the socket of a daemon that is dead; raises LoopcamError when something else is there."""
    try:
        bits = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(bits):
        raise LoopcamError(f"cannot listen on {path}: something else is there", remedy=_CHOOSE)
    with socket.socket(socket.AF_UNIX, kind) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:  # its queue is full, so it lives
            pass
    raise LoopcamError(f"cannot listen on {path}: another process does", remedy=_CHOOSE)


def _group(name: str | None) -> int:
    """The number of a group, -1 for none."""
    if name is None:
        return -1
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise LoopcamError(f"there is no group {name!r}", remedy="mend unix.group") from None


def _give(path: Path, group: int) -> None:
    """Without a group nothing is asked of the kernel: a sandbox may forbid it."""
    if group < 0:
        return
    try:
        os.chown(path, -1, group)
    except PermissionError as error:
        raise LoopcamError(
            f"cannot give {path} to group {group}: {error.strerror}",
            remedy="loopcam's user must be in that group; in a unit of systemd: SupplementaryGroups=GROUP "
            "and SystemCallFilter=@chown",
        ) from error


def _identity(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino, status.st_mtime_ns  # file systems give numbers back at once
