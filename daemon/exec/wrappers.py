"""Commands that only run another one, and what is said of a command that is no Python."""

import logging
from collections.abc import Iterator

from daemon.targets import procfs
from model.capture import Outcome

_PLAIN = frozenset(
    {"timeout", "env", "nice", "ionice", "chrt", "taskset", "setsid", "setpriv", "stdbuf", "time", "faketime"}
    | {"tini", "dumb-init", "catatonit", "sudo"}
)
_PYTHONS = ("python", "pypy")
_WRAPPER = "give --peer, or write `exec` before the Python command in your script"
_NO_PYTHON = "this is no Python program, so overruns are counted, not captured"


def wraps(pid: int) -> bool:
    """Whether a process only runs another one, whatever that is; shells may do more than that."""
    return _name(pid) in _PLAIN


def inner(pid: int) -> int | None:
    """The Python process at the end of a chain of wrappers, each with one child; none yet, or no such."""
    while wraps(pid):
        children = list(_children(pid))
        if len(children) != 1:
            return None
        (pid,) = children
    return pid if _name(pid).startswith(_PYTHONS) else None


def advice(pid: int) -> str:
    """What helps where a command is no Python; nothing for one that is."""
    if _name(pid).startswith(_PYTHONS):
        return ""
    return _WRAPPER if _runs_python(pid) else _NO_PYTHON


class Remedy(logging.Filter):
    """Of a command that is no Python, says what helps with a command: there is no `process` to choose."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def filter(self, record: logging.LogRecord) -> bool:
        """Let all pass; the remedy of a refused capture is mended."""
        if getattr(record, "reason", "") == Outcome.UNSUPPORTED and (said := advice(self._pid)):
            record.remedy = said
        return True


def _runs_python(pid: int) -> bool:
    return any(_name(child).startswith(_PYTHONS) or _runs_python(child) for child in _children(pid))


def _children(pid: int) -> Iterator[int]:
    for listed in (procfs.PROC / str(pid)).glob("task/*/children"):
        try:
            yield from map(int, listed.read_text().split())
        except OSError:  # ended meanwhile
            continue


def _name(pid: int) -> str:
    """The name of its executable; nothing when it ended, or is another user's."""
    try:
        return (procfs.PROC / str(pid) / "exe").readlink().name
    except OSError:
        return ""
