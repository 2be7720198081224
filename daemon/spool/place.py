"""Which folder is our spool: a volume may hold one of another user, whose files are closed to us."""

import logging
import os
import stat
from pathlib import Path

from model.errors import SpoolError

_LOG = logging.getLogger(__name__)
_PARTS = ("", "lock", "state", "incoming", "reports", "damaged")


def place(path: Path) -> Path:
    """The configured folder; where another user's spool is in the way, one of our own beside it.

    So a change of user on one volume neither loses reports nor keeps the daemon from starting: what the
    other user's spool still owes waits until a daemon of that user runs again. Raises SpoolError where
    somebody else made that folder: reports would be theirs to read, or go where a link leads.
    """
    owner = _closed_by(path)
    if owner is None:
        return path
    ours = path.with_name(f"{path.name}-of-user-{os.geteuid()}")
    _demand_ours(ours)
    remedy = f"for the reports in it, run as user {owner} again, or `chown -R {os.geteuid()} {path}`"
    said = {"spool": str(path), "owner": owner, "instead": str(ours), "remedy": remedy}
    _LOG.warning("the spool is another user's: using one of our own beside it", extra=said)
    return ours


def _demand_ours(path: Path) -> None:
    """It is not there yet, or a folder that we made ourselves."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o002:
        said = f"{path} was made by another user, or others may write to it: it cannot be our spool"
        raise SpoolError(said, remedy=f"remove {path}, or set another `spool.path`")


def demand_no_trap(part: Path) -> None:
    """Raises SpoolError where a stranger's link, or a folder that anybody may write to, is part of a spool.

    The spool's own folder may be open to all, as an emptyDir of Kubernetes is: before our start others could
    have put into it what they like.
    """
    found = part.lstat()
    theirs = stat.S_ISLNK(found.st_mode) and found.st_uid not in (0, os.geteuid())
    if theirs or part.stat().st_mode & stat.S_IWOTH:
        what = "a link that another user made" if theirs else "a folder that anybody may write to"
        raise SpoolError(f"{part} is {what}: it is no part of our spool", remedy="look at it, and remove it")


def _closed_by(path: Path) -> int | None:
    """The user whose spool it is, where that keeps us out; None also where a folder above it is shut.

    A spool of our own beside it would be behind the same shut folder: that is for whoever opens it to tell.
    """
    owner = None
    for part in _PARTS:
        found = path / part
        try:
            owner = found.stat().st_uid
            if owner != os.geteuid():
                _open(found)
        except PermissionError:
            return owner
        except OSError:  # not there yet, or what whoever opens the spool tells
            continue
    return None


def _open(path: Path) -> None:
    """Open it as the spool does; raises PermissionError where we may not."""
    os.close(os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR))
