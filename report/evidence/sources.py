"""Source files of the target, read as its own user could: by its root, its links and its rights.

Names of files come from the target, and so do the files. No link leads out of its root, no folder is entered
and no file read that its user may not, nothing but a regular file is opened, and nothing is waited for: its
disk may be what hangs.
"""

import os
import stat
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from model.capture import ProcessIdentity

MOST_BYTES: Final = 2 << 20  # of one file
PATIENCE_S: Final = 5.0  # for all of them
_MOST_LINKS: Final = 40
_LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_OVERRIDES: Final = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_READ, _ENTER = 0o4, 0o1


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Whose rights count."""

    uid: int
    groups: frozenset[int] = frozenset()
    all_files: bool = False  # root, where nobody took that from it

    def may(self, wanted: int, about: os.stat_result) -> bool:
        """Whether the mode of a file or folder lets this user do what is wanted."""
        if self.all_files:
            return True
        shift = 6 if about.st_uid == self.uid else 3 if about.st_gid in self.groups else 0
        return about.st_mode >> shift & wanted == wanted


def texts(
    process: ProcessIdentity, files: Iterable[str], before_s: float, is_there: Callable[[], bool]
) -> dict[str, bytes]:
    """What is in source files, last changed before a time (Unix); those that cannot be had are left out.

    `is_there` says whether the process still is the same one.
    """
    found: dict[str, bytes] = {}
    enough = threading.Event()

    def read() -> None:
        with suppress(OSError, ValueError, LookupError), _root(process.pid) as root:
            reader = _reader(process.pid)
            if is_there():
                for file in files:
                    if enough.is_set():
                        return
                    with suppress(OSError, ValueError):  # ValueError: a name that no file has
                        if (had := text(root, file, reader, before_s)) is not None:
                            found[file] = had

    reading = threading.Thread(target=read, name="source files", daemon=True)
    reading.start()
    reading.join(PATIENCE_S)
    enough.set()
    return dict(found)


def text(root: int, path: str, reader: Reader, before_s: float) -> bytes | None:
    """A source file within a root, of which `root` is a descriptor; None where it is not to be read.

    Raises OSError, ValueError.
    """
    if not path.startswith("/") or not path.endswith(".py"):
        return None
    with ExitStack() as ours:
        found = _found(root, path, reader, ours)
        about = os.fstat(found)
        fits = stat.S_ISREG(about.st_mode) and about.st_size <= MOST_BYTES
        if not fits or about.st_mtime > before_s or not reader.may(_READ, about):
            return None
        with open(f"/proc/self/fd/{found}", "rb", opener=_opener) as opened:  # that very file
            return opened.read(MOST_BYTES)


def _found(root: int, path: str, reader: Reader, ours: ExitStack) -> int:
    """Go a path part by part, as the kernel would for a process with this root and user."""
    parts, links = deque(path.split("/")), 0
    way = [root]  # folders, each within the one before
    while parts:
        part = parts.popleft()
        if part in ("", "."):
            continue
        if part == "..":
            way = way[:1] if len(way) == 1 else way[:-1]
            continue
        if not reader.may(_ENTER, os.fstat(way[-1])):
            raise PermissionError(path)
        found = os.open(part, _LOOK, dir_fd=way[-1])
        ours.callback(os.close, found)
        if not stat.S_ISLNK(os.fstat(found).st_mode):
            way.append(found)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(f"too many links: {path}")
        to = os.readlink("", dir_fd=found)
        parts.extendleft(reversed(to.split("/")))
        way = way[:1] if to.startswith("/") else way
    return way[-1]


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


@contextmanager
def _root(pid: int) -> Iterator[int]:
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield root
    finally:
        os.close(root)


def _reader(pid: int) -> Reader:
    """Whose files a process may read now; raises OSError, ValueError, LookupError."""
    lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    uid, gid = int(fields["Uid"].split()[1]), int(fields["Gid"].split()[1])
    overrides = uid == 0 and int(fields["CapEff"], 16) & _OVERRIDES != 0
    groups = frozenset((gid, *map(int, fields["Groups"].split())))
    return Reader(uid=uid, groups=groups, all_files=overrides)
