"""How much of the time somebody waited for CPU, memory or I/O (PSI): of the control group, else the host."""

from collections.abc import Mapping
from functools import partial

from collectors.host.files import NotReadError, Reading, text
from model.signals import Name

US_PER_S = 1e6
NAMES: Mapping[str, Name] = {
    "cpu": Name.PRESSURE_CPU,
    "memory": Name.PRESSURE_MEMORY,
    "io": Name.PRESSURE_IO,
}


def read(group: str, proc: str, into: Reading) -> None:
    """`group` is the folder of its control group of the second version, or empty."""
    for what, name in NAMES.items():
        if not group or not _of_group(group, what, name, into):
            path = f"{proc}/pressure/{what}"
            into.attempt((name,), path, partial(_read, path, name, path, into))


def _of_group(group: str, what: str, name: Name, into: Reading) -> bool:
    path = f"{group}/{what}.pressure"
    try:
        _read(path, name, f"{what}.pressure of the control group", into)
    except (OSError, ValueError, NotReadError):  # the root group has none, and they can be switched off
        return False
    return True


def _read(path: str, name: Name, source: str, into: Reading) -> None:
    for line in text(path).splitlines():
        if line.startswith("some "):
            total_us = int(line.rpartition("total=")[2])
            into.put(name, total_us / US_PER_S, source)
            return
    raise NotReadError(f"{path} has no line `some`")
