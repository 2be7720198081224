"""What was measured of the target and its host over time, beside its stacks."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SIGNALS_KIND: Final = "signals"  # of the artifact


class Name(StrEnum):
    """The signals, by what they are of. Rates are means since the reading before."""

    CPU_USER = "process.cpu_user"
    CPU_SYSTEM = "process.cpu_system"
    RUN_QUEUE = "process.run_queue"  # threads that waited for a CPU, on average
    VOLUNTARY_SWITCHES = "process.voluntary_switches"
    INVOLUNTARY_SWITCHES = "process.involuntary_switches"
    MINOR_FAULTS = "process.minor_faults"
    MAJOR_FAULTS = "process.major_faults"
    RSS = "process.rss"
    SWAPPED = "process.swapped"
    READ = "process.read"
    WRITTEN = "process.written"
    THREADS = "process.threads"
    DESCRIPTORS = "process.descriptors"
    CHILDREN = "process.children"
    CGROUP_CPU_QUOTA = "cgroup.cpu_quota"
    CGROUP_THROTTLED = "cgroup.throttled"
    CGROUP_THROTTLED_PERIODS = "cgroup.throttled_periods"
    CGROUP_MEMORY = "cgroup.memory"
    CGROUP_MEMORY_LIMIT = "cgroup.memory_limit"
    CGROUP_OOM_KILLS = "cgroup.oom_kills"
    CGROUP_FROZEN = "cgroup.frozen"
    PRESSURE_CPU = "pressure.cpu"
    PRESSURE_MEMORY = "pressure.memory"
    PRESSURE_IO = "pressure.io"
    HOST_LOAD = "host.load"
    HOST_CPUS = "host.cpus"
    HOST_BUSY = "host.busy"
    HOST_OTHERS = "host.others"  # what other processes than the target took
    HOST_STOLEN = "host.stolen"  # by the hypervisor
    HOST_IO_WAIT = "host.io_wait"
    HOST_MEMORY_AVAILABLE = "host.memory_available"
    HOST_SWAPPED = "host.swapped"  # pages in and out
    TCP_ESTABLISHED = "tcp.established"
    TCP_CONNECTING = "tcp.connecting"  # SYN_SENT: nobody has answered yet
    TCP_CLOSE_WAIT = "tcp.close_wait"
    TCP_UNACKNOWLEDGED = "tcp.unacknowledged"  # sockets with something sent that was not acknowledged
    TCP_RETRANSMITTED = "tcp.retransmitted"


@dataclass(frozen=True)
class Signal:
    """One signal over time. `values[i]` was read at `times_us[i]`, monotonic; a rate holds since before."""

    name: str
    unit: str  # cores, bytes, bytes/s, 1/s, share, count
    source: str  # where it was read, such as /proc/PID/stat
    times_us: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def within(self, start_us: int, end_us: int) -> tuple[float, ...]:
        """What was read from `start_us` until `end_us`."""
        pairs = zip(self.times_us, self.values, strict=True)
        return tuple(value for at_us, value in pairs if start_us <= at_us < end_us)


@dataclass(frozen=True)
class ThreadReading:
    """One thread at one moment; None where it could not be read. Rates hold since the reading before."""

    at_us: int
    state: str  # R, S, D, T, t, Z ...
    wchan: str | None = None  # the kernel function it waits in
    syscall: int | None = None  # the number of the call it is in; -1: in none that blocks
    cpu: float | None = None  # cores
    run_queue: float | None = None  # share of the time that it waited for a CPU


@dataclass(frozen=True)
class Signals:
    """All signals of a report. What could not be read is named with the reason, and is never zero."""

    series: Mapping[str, Signal] = field(default_factory=dict)
    threads: Mapping[int, tuple[ThreadReading, ...]] = field(default_factory=dict)  # by os thread id
    missing: Mapping[str, str] = field(default_factory=dict)  # name: why


NO_SIGNALS: Final = Signals()
