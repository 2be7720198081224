"""Finding processes: one pass over /proc serves every selector."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from daemon.config.settings import Selector
from daemon.targets import procfs
from daemon.targets.commands import Commands
from daemon.targets.units import Units

_LOG = logging.getLogger(__name__)

STALE_PIDFILE_S = 2.0


def find(selectors: Mapping[str, Selector], units: Units, commands: Commands | None = None) -> dict[str, int]:
    """The pid that each target's selector names now; a target whose process is not there is left out.

    Of several matches the oldest process wins, so that a forked child never takes its parent's place; a
    process that only wraps another match (`timeout`, `sh -c`) does not count. `units` remember when a unit of
    systemd was asked for, `commands` what was read of processes.
    """
    main_pids = units.main_pids(one.unit for one in selectors.values() if one.unit is not None)
    found: dict[str, int] = {}
    patterns: dict[str, str] = {}
    for target, selector in selectors.items():
        if selector.match is not None:
            patterns[target] = selector.match
        elif (pid := _named(selector, main_pids)) is not None:
            found[target] = pid
    pids = (commands or Commands()).oldest(set(patterns.values())) if patterns else {}
    return found | {target: pids[pattern] for target, pattern in patterns.items() if pattern in pids}


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
