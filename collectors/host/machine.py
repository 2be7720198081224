"""What the machine as a whole does: CPUs, load, memory, swap."""

import os

from collectors.host.files import NotReadError, Reading, text
from collectors.host.process import TICKS_PER_S, kib, value
from model.signals import Name

_OF_STAT = (Name.HOST_BUSY, Name.HOST_OTHERS, Name.HOST_STOLEN, Name.HOST_IO_WAIT)
FRESH_S = 0.01  # several targets that are read one after the other


class Machine:
    """The machine's readings, shared by all whose moment is the same."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._read_s = float("-inf")
        self._last = Reading()

    def read(self, now_s: float, into: Reading) -> None:
        """Take it from the last reading where that is fresh."""
        if now_s - self._read_s > FRESH_S:
            self._last, self._read_s = Reading(), now_s
            self._all(self._last)
        into.values.update(self._last.values)
        into.sources.update(self._last.sources)
        into.missing.update(self._last.missing)

    def _all(self, into: Reading) -> None:
        into.attempt(_OF_STAT, "/proc/stat", lambda: self._stat(into))
        into.attempt((Name.HOST_LOAD,), "/proc/loadavg", lambda: self._load(into))
        into.attempt((Name.HOST_CPUS,), "/proc/stat", lambda: self._cpus(into))
        into.attempt((Name.HOST_MEMORY_AVAILABLE,), "/proc/meminfo", lambda: self._memory(into))
        into.attempt((Name.HOST_SWAPPED,), "/proc/vmstat", lambda: self._swapped(into))

    def _stat(self, into: Reading) -> None:
        ticks = [int(one) for one in text(f"{self._proc}/stat").partition("\n")[0].split()[1:]]
        user, nice, system, _, waiting, hard, soft, stolen = ticks[:8] if len(ticks) >= 8 else (0,) * 8
        if not any(ticks):
            raise NotReadError("/proc/stat counts nothing here, as in a sandbox such as gVisor")
        into.put(Name.HOST_BUSY, (user + nice + system + hard + soft) / TICKS_PER_S, "/proc/stat")
        into.put(Name.HOST_STOLEN, stolen / TICKS_PER_S, "/proc/stat steal")
        into.put(Name.HOST_IO_WAIT, waiting / TICKS_PER_S, "/proc/stat iowait")

    def _load(self, into: Reading) -> None:
        into.put(Name.HOST_LOAD, float(text(f"{self._proc}/loadavg").split()[0]), "/proc/loadavg, of 1 min")

    def _cpus(self, into: Reading) -> None:
        count = sum(
            line[:3] == "cpu" and line[3:4].isdigit() for line in text(f"{self._proc}/stat").splitlines()
        )
        into.put(Name.HOST_CPUS, count or os.cpu_count() or 1, "/proc/stat")

    def _memory(self, into: Reading) -> None:
        available = value(text(f"{self._proc}/meminfo"), "MemAvailable")
        into.put(Name.HOST_MEMORY_AVAILABLE, kib(available), "/proc/meminfo MemAvailable")

    def _swapped(self, into: Reading) -> None:
        pairs = (line.split() for line in text(f"{self._proc}/vmstat").splitlines() if line[:5] in _SWAP)
        found = {name: int(value) for name, value in pairs}
        into.put(Name.HOST_SWAPPED, found["pswpin"] + found["pswpout"], "/proc/vmstat pswpin, pswpout")


_SWAP = ("pswpi", "pswpo")
