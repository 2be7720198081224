"""Programs that look into others: run only where nobody else could have put another in their place."""

import base64
import functools
import hashlib
import os
import stat
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from model.capture import Outcome
from model.errors import CollectorError

_OURSELVES = (Path(sys.executable), Path(sys.prefix), Path(__file__))
_UNMAPPED = 65534  # the kernel's word for users that a user namespace does not know
_WHOLE = ["0", "0", "4294967295"]


def checked(path: Path, package: str | None = None) -> str:
    """The program's path, once it was looked at; raises CollectorError.

    Neither the file nor a folder on the way to it may be another user's to change, but for folders through
    which whoever owns them could as well replace ourselves. `package` names the wheel that brought the
    program with us: its bytes must be those that the wheel's RECORD tells, where there is one.
    """
    real = path.resolve()
    for place in dict.fromkeys((real, *real.parents, *path.absolute().parents)):
        if whom := _who_else(place):
            raise CollectorError(
                Outcome.FAILED,
                f"{path} is not run: {whom} may put another program in its place, by {place}",
                remedy=f"chown root {place}; chmod go-w {place}",
            )
    now = real.stat()
    changed = (now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)
    if package is not None and not _as_installed(real, package, *changed):
        raise CollectorError(
            Outcome.FAILED,
            f"{path} is not run: it is not the program that was installed",
            remedy=f"pip install --force-reinstall --no-deps {package.replace('_', '-')}",
        )
    return str(path)


def _who_else(place: Path) -> str:
    """Who besides root, us and whoever may change our own code can change a file, or what a folder holds."""
    found = place.stat()
    sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    if found.st_mode & stat.S_IWOTH and not sticky:
        return "anybody"
    if any(ours.is_relative_to(place) for ours in _OURSELVES):
        return ""
    own = Path(__file__).stat()
    groups = (0, os.getegid(), *_hidden(), *([own.st_gid] if own.st_mode & stat.S_IWGRP else []))
    if found.st_mode & stat.S_IWGRP and not sticky and found.st_gid not in groups:
        return f"the group {found.st_gid}"
    trusted = (0, os.geteuid(), own.st_uid, *_hidden())
    return "" if found.st_uid in trusted else f"the user {found.st_uid}"


@functools.cache
def _hidden() -> tuple[int, ...]:
    """The number of all users and groups that a user namespace hides; it may be root that owns a file."""
    return () if Path("/proc/self/uid_map").read_text().split() == _WHOLE else (_UNMAPPED,)


@functools.lru_cache(maxsize=4)
def _as_installed(program: Path, package: str, *_changed: int) -> bool:
    """Whether it is what its wheel brought; also where no wheel tells, as in packages of distributions.

    It is read once for what the kernel says is the same file.
    """
    known = next(_recorded(program, package), None)
    if known is None:
        return True
    with program.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").digest()
    return known == base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _recorded(program: Path, package: str) -> Iterator[str]:
    """The hash that the wheel's RECORD has of the program."""
    for file in Path(sysconfig.get_path("purelib")).glob(f"{package}-*.dist-info/RECORD"):
        for line in file.read_text().splitlines():
            name, _, rest = line.partition(",")
            if name.endswith(f"/{program.name}") and rest.startswith("sha256="):
                yield rest.removeprefix("sha256=").partition(",")[0]
