"""A process and all that it started, seen from outside: memory, CPU time, threads, descriptors."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks.apparatus.processes import cpu_s

_TICKS_PER_S = 100
_GLANCE_S = 0.05


class Parts(NamedTuple):
    """How much of each there is in the whole tree."""

    processes: int
    threads: int
    descriptors: int


def tree(pid: int) -> list[int]:
    """The process and its descendants; one that ends meanwhile may be missing."""
    found = [pid]
    for one in found:
        found += _children(one)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def pss_bytes(pid: int) -> int:
    """What the tree adds to the machine's memory: pages that several share count in part."""
    return sum(map(_pss_bytes, tree(pid)))


def _pss_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def tree_cpu_s(pid: int) -> float:
    """CPU time of the tree, with children that ended: theirs, and only theirs, in ticks of 10 ms."""
    return sum(map(_cpu_s, tree(pid)))


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return cpu_s(pid) + sum(map(int, fields[13:15])) / _TICKS_PER_S
    return 0.0


def parts(pid: int) -> Parts:
    """Processes, threads and open descriptors of the tree."""
    pids = tree(pid)
    threads, descriptors = (
        sum(len(list(Path(f"/proc/{one}/{what}").iterdir())) for one in pids) for what in ("task", "fd")
    )
    return Parts(len(pids), threads, descriptors)


class Watched:
    """A tree while a block runs: CPU in per cent of a core, and the most memory at any glance."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self._glances = threading.Thread(target=self._glance)
        self._began_s = self._used_s = self.cpu_s = self.percent = 0.0
        self.most_bytes = 0

    def __enter__(self) -> Self:
        self._began_s, self._used_s = time.monotonic(), tree_cpu_s(self._pid)
        self._glances.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._glances.join()
        self.cpu_s = tree_cpu_s(self._pid) - self._used_s
        self.percent = 100 * self.cpu_s / (time.monotonic() - self._began_s)

    def _glance(self) -> None:
        while True:
            self.most_bytes = max(self.most_bytes, pss_bytes(self._pid))
            if self._done.wait(_GLANCE_S):
                return

    @property
    def most_mib(self) -> float:
        """The most memory in MiB."""
        return self.most_bytes / 2**20


@contextlib.contextmanager
def together(*pids: int) -> Iterator[tuple[Watched, ...]]:
    """Several trees, watched at the same time."""
    with contextlib.ExitStack() as stack:
        yield tuple(stack.enter_context(Watched(pid)) for pid in pids)
