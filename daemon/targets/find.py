"""Finding processes: one pass over /proc serves every selector."""

import logging
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.config.settings import Selector
from daemon.targets import procfs
from daemon.targets.units import Units

if TYPE_CHECKING:
    from daemon.patterns.search import Search

_LOG = logging.getLogger(__name__)

STALE_PIDFILE_S = 2.0
MATCHED_BYTES = 4096


def find(selectors: Mapping[str, Selector], units: Units) -> dict[str, int]:
    """The pid that each target's selector names now; a target whose process is not there is left out.

    Of several matches the oldest process wins, so that a forked child never takes its parent's place; a
    process that only wraps another match (`timeout`, `sh -c`) does not count. `units` remember when a unit of
    systemd was asked for.
    """
    main_pids = units.main_pids(one.unit for one in selectors.values() if one.unit is not None)
    found: dict[str, int] = {}
    patterns: dict[str, str] = {}
    for target, selector in selectors.items():
        if selector.match is not None:
            patterns[target] = selector.match
        elif (pid := _named(selector, main_pids)) is not None:
            found[target] = pid
    return {**found, **_matches(patterns)}


def _named(selector: Selector, main_pids: Mapping[str, int]) -> int | None:
    """The process of a pid, a unit or a pidfile, while there is one."""
    if selector.unit is not None:
        pid = main_pids.get(selector.unit)
    else:
        pid = selector.pid if selector.pid is not None else _read_pidfile(selector.pidfile)
    return pid if pid is not None and (procfs.PROC / str(pid)).exists() else None


def _read_pidfile(path: Path | None) -> int | None:
    """The pid in a file, unless the process is younger than the file: then the number was reused."""
    try:
        pid = int(path.read_text().split()[0]) if path else None
        if path is None or pid is None:
            return None
        started = _boot_time() + procfs.start_ticks(pid) / procfs.TICKS_PER_S
        if started <= path.stat().st_mtime + STALE_PIDFILE_S:
            return pid
        _tell_stale(path, pid)
        return None
    except (OSError, ValueError, IndexError):  # not written yet, half of it, or no such process
        return None


@lru_cache(maxsize=64)  # once for each
def _tell_stale(path: Path, pid: int) -> None:
    remedy = "if it is right (the clock was set since), write it again"
    about = {"pidfile": str(path), "pid": pid, "remedy": remedy}
    _LOG.warning("the process is younger than its pidfile: another one has its number", extra=about)


def _boot_time() -> float:
    text = (procfs.PROC / "stat").read_text()
    return float(text.partition("\nbtime ")[2].split()[0])


def _matches(patterns: Mapping[str, str]) -> dict[str, int]:
    if not patterns:
        return {}
    from daemon.patterns.search import search  # here, and not above: it loads RE2

    commands = {one.pid: one for one in _commands()}
    best: dict[str, int] = {}
    for target, pattern in patterns.items():
        wanted = search(pattern)
        matches = [one for one in commands.values() if _fits(one, wanted)]
        wrappers = {pid for one in matches for pid in _wrappers(one, commands)}
        chosen = [one for one in matches if one.pid not in wrappers]
        if chosen:
            best[target] = min(chosen, key=lambda one: (one.start_ticks, one.pid)).pid
    return best


class _Command(msgspec.Struct, frozen=True):
    """A running process as a selector sees it."""

    pid: int
    parent: int
    start_ticks: int
    executable: str
    line: str


def _fits(command: _Command, wanted: "Search") -> bool:
    return wanted.occurs(command.executable) or wanted.occurs(command.line)


def _wrappers(inner: _Command, commands: Mapping[int, _Command]) -> set[int]:
    """The processes above this one that only run it, as `sh -c` and `timeout 9` do with `python x.py`."""
    above: list[_Command] = []
    while (parent := commands.get((above or [inner])[-1].parent)) and parent not in above:
        above.append(parent)
    return {one.pid for one in above if _wraps(one, inner)}


def _wraps(one: _Command, inner: _Command) -> bool:
    """Whether the command line of `one` holds that of `inner`; a process that forked itself does not wrap."""
    arguments = inner.line.partition(" ")[2]
    if one.line == inner.line:
        return False
    return (arguments or inner.line) in one.line and (bool(arguments) or one.executable != inner.executable)


def _commands() -> Iterator[_Command]:
    """Every process but ourselves, our ancestors and our children.

    Ours bear the selector's text among their own arguments (`sh -c "loopcam run --match X"`).
    """
    ours = procfs.ancestors(os.getpid())
    for name in filter(str.isdigit, os.listdir(procfs.PROC)):
        pid = int(name)
        try:
            if pid not in ours and procfs.parent(pid) != os.getpid() and (line := _command_line(pid)):
                yield _Command(pid, procfs.parent(pid), procfs.start_ticks(pid), _executable(pid), line)
        except OSError:  # ended meanwhile
            continue


def _command_line(pid: int) -> str:
    data = (procfs.PROC / str(pid) / "cmdline").read_bytes()
    data = data[:MATCHED_BYTES]  # a stranger's endless arguments must not cost us much
    return data.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")


def _executable(pid: int) -> str:
    try:
        return str((procfs.PROC / str(pid) / "exe").readlink())
    except PermissionError:  # another user's: its command line must do
        return ""
