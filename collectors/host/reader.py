"""All readings of one process: one row at a time, the dear ones not each time."""

import time
from collections.abc import Callable

from collectors.host import cgroup_v1, cgroup_v2, pressure, sockets
from collectors.host.cgroups import Groups, find, membership
from collectors.host.files import Reading
from collectors.host.machine import Machine
from collectors.host.process import Process
from collectors.host.threads import Threads, children
from model.host_rows import MOVES, Column, Header, Row
from model.signals import Name

THREADS_IDLE, THREADS_CHILDREN = 16, 64
REFIND_S = 30.0  # what is mounted may change, too
DEAR_SHARE = 0.0005  # of a core, to each of the dear readings while nothing is slow
DEAR_SHARE_FAST, DEAR_MOST_S = 0.005, 15.0

_UNITS: dict[str, str] = {
    Name.CPU_USER: "cores", Name.CPU_SYSTEM: "cores", Name.RUN_QUEUE: "count",
    Name.VOLUNTARY_SWITCHES: "1/s", Name.INVOLUNTARY_SWITCHES: "1/s",
    Name.MINOR_FAULTS: "1/s", Name.MAJOR_FAULTS: "1/s", Name.RSS: "bytes", Name.SWAPPED: "bytes",
    Name.READ: "bytes/s", Name.WRITTEN: "bytes/s",
    Name.CGROUP_CPU_QUOTA: "cores", Name.CGROUP_THROTTLED: "share",
    Name.CGROUP_THROTTLED_PERIODS: "share", Name.CGROUP_MEMORY: "bytes", Name.CGROUP_MEMORY_LIMIT: "bytes",
    Name.PRESSURE_CPU: "share", Name.PRESSURE_MEMORY: "share", Name.PRESSURE_IO: "share",
    Name.HOST_BUSY: "cores", Name.HOST_OTHERS: "cores", Name.HOST_STOLEN: "cores",
    Name.HOST_IO_WAIT: "cores", Name.HOST_MEMORY_AVAILABLE: "bytes", Name.HOST_SWAPPED: "1/s",
}  # fmt: skip
_COUNTERS = frozenset(
    {
        Name.CPU_USER, Name.CPU_SYSTEM, Name.MINOR_FAULTS, Name.MAJOR_FAULTS, Name.READ, Name.WRITTEN,
        Name.CGROUP_THROTTLED, Name.CGROUP_THROTTLED_PERIODS, cgroup_v2.PERIODS,
        Name.PRESSURE_CPU, Name.PRESSURE_MEMORY, Name.PRESSURE_IO,
        Name.HOST_BUSY, Name.HOST_STOLEN, Name.HOST_IO_WAIT, Name.HOST_SWAPPED,
    }
)  # fmt: skip
_FROM_THREADS = (Name.RUN_QUEUE, Name.VOLUNTARY_SWITCHES, Name.INVOLUNTARY_SWITCHES)
COLUMNS = (MOVES, *Name, cgroup_v2.PERIODS)


class _Dear:
    """A reading that takes long, now and then: so often that it stays within its share of a core."""

    def __init__(self, read: Callable[[Reading], None], least_s: float) -> None:
        self._read = read
        self._least_s = least_s
        self._cost_s = 0.0
        self._read_s = float("-inf")

    def read(self, now_s: float, into: Reading, *, fast: bool) -> None:
        share = DEAR_SHARE_FAST if fast else DEAR_SHARE
        wait_s = max(self._least_s if not fast else 0.0, min(DEAR_MOST_S, self._cost_s / share))
        if now_s - self._read_s < wait_s:
            return
        began_s = time.thread_time()
        self._read(into)
        self._cost_s, self._read_s = time.thread_time() - began_s, now_s


class Reader:
    """Reads one process; what it says holds only while that is known to be alive."""

    def __init__(self, pid: int, machine: Machine | None = None, proc: str = "/proc") -> None:
        self._pid = pid
        self._proc = proc
        self._folder = f"{proc}/{pid}"
        self._process = Process(self._folder)
        self._threads = Threads(pid, self._folder)
        self._machine = machine or Machine(proc)
        self._groups: Groups | None = None
        self._member = ""
        self._moves = 0
        self._found_s = float("-inf")
        self._dear = (
            _Dear(lambda into: sockets.read(self._folder, into), 2.0),
            _Dear(self._children, 2.0),
        )
        self._sources: dict[str, str] = {}
        self._missing: dict[str, str] = {}

    def read(self, now_s: float, most_threads: int = THREADS_IDLE, *, fast: bool = False) -> Row:
        """One row; what could not be read is None there, and its reason in the header."""
        into = Reading()
        self._process.read(into)
        threads = self._threads.read(most_threads, into)
        self._control_groups(now_s, into)
        self._machine.read(now_s, into)
        for dear in self._dear:
            dear.read(now_s, into, fast=fast)
        self._remember(into)
        return Row(now_s, [into.values.get(name) for name in COLUMNS], threads)

    def header(self) -> Header:
        """What rows hold, and what is missing, as far as it is known now."""
        columns = (
            Column(
                name=name,
                unit=_UNITS.get(name, "count"),
                source=self._sources.get(name, ""),
                counter=name in _COUNTERS,
            )
            for name in COLUMNS
        )
        return Header(columns=tuple(columns), missing=dict(sorted(self._missing.items())))

    def _remember(self, into: Reading) -> None:
        self._sources.update(into.sources)
        for name in into.sources:
            self._missing.pop(name, None)
        self._missing.update(into.missing)
        if Name.CPU_USER in into.sources and Name.HOST_BUSY in into.sources:
            self._sources[Name.HOST_OTHERS] = "/proc/stat less /proc/PID/stat"

    def _control_groups(self, now_s: float, into: Reading) -> None:
        told = membership(self._pid, self._proc)
        if self._groups is None or told != self._member or now_s - self._found_s > REFIND_S:
            found = find(self._pid, told, self._proc)
            self._moves += self._groups is not None and found != self._groups
            self._groups, self._member, self._found_s = found, told, now_s
        groups = self._groups
        if told:
            into.put(MOVES, self._moves, "/proc/PID/cgroup")
        first, second = groups.first, groups.second
        if (cpu := first.get("cpu")) is not None:
            cgroup_v1.cpu(cpu, into)
        elif second is not None:
            cgroup_v2.cpu(second, into)
        else:
            into.missing.update(dict.fromkeys(cgroup_v2.CPU_NAMES, groups.why_not))
        if (memory := first.get("memory")) is not None:
            cgroup_v1.memory(memory, into)
        elif second is not None:
            cgroup_v2.memory(second, into)
        else:
            into.missing.update(dict.fromkeys(cgroup_v2.MEMORY_NAMES, groups.why_not))
        if (freezer := first.get("freezer")) is not None:
            cgroup_v1.frozen(freezer, into)
        elif second is not None:
            cgroup_v2.frozen(second, into)
        else:
            into.missing[Name.CGROUP_FROZEN] = groups.why_not
        pressure.read(second.folder if second is not None else "", self._proc, into)

    def _children(self, into: Reading) -> None:
        source = "/proc/PID/task/TID/children"

        def count() -> None:
            found = sum(1 for _ in children(self._folder, THREADS_CHILDREN))
            into.put(Name.CHILDREN, found, source)

        into.attempt((Name.CHILDREN,), source, count)
