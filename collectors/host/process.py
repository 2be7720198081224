"""What /proc/PID says of the process as a whole."""

import os
from pathlib import Path

from collectors.host.files import NotReadError, Reading, text
from model.signals import Name

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Of /proc/PID/stat, counted from the state, which follows the name.
MINOR, MAJOR, USER, SYSTEM, THREADS, RSS, PROCESSOR = 7, 9, 11, 12, 17, 21, 36
_OF_STAT = (
    Name.CPU_USER, Name.CPU_SYSTEM, Name.MINOR_FAULTS, Name.MAJOR_FAULTS, Name.THREADS, Name.RSS
)  # fmt: skip
_OF_IO = (Name.READ, Name.WRITTEN)
MOST_LISTED = 20_000  # descriptors that are counted one by one, where the kernel does not tell


class Process:
    """The readings of one process."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def read(self, into: Reading) -> None:
        """CPU, faults, memory, input and output, threads, descriptors."""
        into.attempt(_OF_STAT, "/proc/PID/stat", lambda: self._stat(into))
        into.attempt((Name.SWAPPED,), "/proc/PID/status", lambda: self._swapped(into))
        into.attempt(_OF_IO, "/proc/PID/io", lambda: self._io(into))
        into.attempt((Name.DESCRIPTORS,), "/proc/PID/fd", lambda: self._descriptors(into))

    def _stat(self, into: Reading) -> None:
        fields = stat(f"{self._folder}/stat")
        source = "/proc/PID/stat"
        into.put(Name.CPU_USER, int(fields[USER]) / TICKS_PER_S, source)
        into.put(Name.CPU_SYSTEM, int(fields[SYSTEM]) / TICKS_PER_S, source)
        into.put(Name.MINOR_FAULTS, int(fields[MINOR]), source)
        into.put(Name.MAJOR_FAULTS, int(fields[MAJOR]), source)
        into.put(Name.THREADS, int(fields[THREADS]), source)
        into.put(Name.RSS, int(fields[RSS]) * PAGE_BYTES, source)

    def _swapped(self, into: Reading) -> None:
        swapped = value(text(f"{self._folder}/status"), "VmSwap")
        if not swapped:
            raise NotReadError("/proc/PID/status has no VmSwap here")
        into.put(Name.SWAPPED, kib(swapped), "/proc/PID/status VmSwap")

    def _io(self, into: Reading) -> None:
        told = text(f"{self._folder}/io")
        into.put(Name.READ, int(value(told, "read_bytes")), "/proc/PID/io read_bytes")
        into.put(Name.WRITTEN, int(value(told, "write_bytes")), "/proc/PID/io write_bytes")

    def _descriptors(self, into: Reading) -> None:
        path = f"{self._folder}/fd"
        count = Path(path).stat().st_size  # since Linux 6.2
        if not count:
            with os.scandir(path) as found:
                count = sum(1 for _, _ in zip(found, range(MOST_LISTED), strict=False))
        into.put(Name.DESCRIPTORS, count, "/proc/PID/fd")


def stat(path: str) -> list[str]:
    """The fields of a stat file from the state on; the name before may hold anything."""
    fields = text(path).rpartition(")")[2].split()
    if len(fields) <= PROCESSOR:
        raise NotReadError(f"{path} is shorter than expected here")
    return fields


def value(told: str, name: str) -> str:
    """What stands behind `NAME:` in a line of its own; empty where there is none. Cheaper than all lines."""
    return f"\n{told}".partition(f"\n{name}:")[2].partition("\n")[0].strip()


def kib(said: str) -> int:
    """Bytes of `12 kB`."""
    return int(said.split()[0]) * 1024
