"""Reading small files of the kernel's, and saying in words why one cannot be read."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

MOST_BYTES = 1 << 16
_REASONS = {
    errno.EACCES: "not permitted: it needs the right to trace the process (CAP_SYS_PTRACE, or the same user)",
    errno.EPERM: "not permitted: it needs the right to trace the process (CAP_SYS_PTRACE, or the same user)",
    errno.ENOENT: "there is no {file} on this kernel",
    errno.EOPNOTSUPP: "{file} is switched off on this kernel",
    errno.ENOSYS: "this kernel does not have {file}",
    errno.ESRCH: "the process has ended",
}


class NotReadError(Exception):
    """Why something could not be read, in words."""


def text(path: str | Path, most_bytes: int = MOST_BYTES) -> str:
    """The beginning of a file, in one read, as the kernel's small files want; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return os.read(descriptor, most_bytes).decode(errors="replace")
    finally:
        os.close(descriptor)


def reason(error: Exception, path: str | Path) -> str:
    """In words, why a file could not be read, or not be understood."""
    if isinstance(error, NotReadError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        said = _REASONS.get(error.errno, f"{{file}}: {os.strerror(error.errno)}")
        return said.format(file=path)
    return f"{path} holds something else than expected here"


@dataclass
class Reading:
    """What one look gives: values by name, where they are from, and what could not be read."""

    values: dict[str, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float, source: str) -> None:
        """Take a value."""
        self.values[name] = value
        self.sources[name] = source

    def attempt(self, names: tuple[str, ...], source: str, read: Callable[[], None], path: str = "") -> None:
        """Read what gives `names`; where that fails, they are missing and the reason is told."""
        try:
            read()
        except (OSError, ValueError, IndexError, KeyError, NotReadError) as error:
            why = reason(error, path or source)
            self.missing.update(dict.fromkeys(names, why))
