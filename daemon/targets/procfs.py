"""What /proc says of a process, as text."""

import os
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def stat_fields(pid: int, task: int | None = None) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold spaces and brackets."""
    folder = PROC / str(pid) if task is None else PROC / str(pid) / "task" / str(task)
    return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()


def state(pid: int, task: int | None = None) -> str:
    """The scheduler state: R, S, D, T (stopped), t (traced), Z ..."""
    return stat_fields(pid, task)[0]


def parent(pid: int) -> int:
    """The parent's pid."""
    return int(stat_fields(pid)[1])


def start_ticks(pid: int) -> int:
    """When the process started, in clock ticks since boot."""
    return int(stat_fields(pid)[19])


def ancestors(pid: int) -> set[int]:
    """A process, its parent, and so on up to init."""
    chain = {pid}
    try:
        while (pid := parent(pid)) > 0:
            chain.add(pid)
    except OSError:  # an ancestor outside our PID namespace, or gone meanwhile
        return chain
    return chain
