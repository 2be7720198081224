"""Which code a process runs, as a hash of what tells deployed code apart. Its arguments are not kept."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from daemon.targets import procfs
from model.capture import ProcessIdentity

_LETTERS = 16
_LABELS = ("image", "version")
_MOST_ARGUMENTS = 16
_ARGUMENTS_BYTES = 16384
_VALUED = (b"-W", b"-X", b"--check-hash-based-pycs")  # Python's options that take a value


def code_version(process: ProcessIdentity, labels: Mapping[str, str]) -> str:
    """The executable, the main script and the image, hashed; what cannot be read is left out."""
    folder = procfs.PROC / str(process.pid)
    facts = [process.executable, *(f"{name}={labels[name]}" for name in _LABELS if name in labels)]
    with suppress(OSError):
        found = (folder / "exe").stat()
        facts.append(f"{found.st_ino} {found.st_size} {found.st_mtime_ns}")
    with suppress(OSError):
        facts.extend(_script(folder))
    return hashlib.sha256("\0".join(facts).encode(errors="replace")).hexdigest()[:_LETTERS]


def _script(folder: Path) -> Iterator[str]:
    """The main script, as far as it is a file within reach: path, size, time of its last change."""
    with (folder / "cmdline").open("rb") as file:
        arguments = file.read(_ARGUMENTS_BYTES).split(b"\0")[1 : _MOST_ARGUMENTS + 1]
    cwd = (folder / "cwd").readlink()
    for name in _candidates(arguments):
        place = cwd / os.fsdecode(name)
        with suppress(OSError, ValueError):
            found = (folder / "root" / str(place).lstrip("/")).stat()
            yield f"{place} {found.st_size} {found.st_mtime_ns}"
            return


def _candidates(arguments: Sequence[bytes]) -> Iterator[bytes]:
    """Paths that may be the main script: the first plain argument, or the module of `-m`."""
    rest = iter(arguments)
    for argument in rest:
        if argument == b"-m":
            module = next(rest, b"").replace(b".", b"/")
            yield from (module + b".py", module + b"/__main__.py")
            return
        if argument == b"-c":
            return
        if argument in _VALUED:
            next(rest, None)
        elif argument and not argument.startswith(b"-"):
            yield argument
            return
