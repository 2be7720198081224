"""Which interpreter runs in a process, by its executable and the files that it has loaded."""

import re
import struct

from daemon.doctor.facts import Runtime

_VERSION = re.compile(r"python(\d)\.(\d+)")
_PYPY = re.compile(r"/(lib)?pypy[\w.-]*$")
_LIBRARY = re.compile(r"/libpython\d[\w.-]*$|/(bin|libexec)/python[\w.-]*$")
_GO = b"Go\x00\x00"  # the name of the note with a Go program's build id
_INTERPRETER = 3  # PT_INTERP: what loads shared libraries
_ELF64 = b"\x7fELF\x02\x01"


def runtime(executable: str, mapped: tuple[str, ...], head: bytes) -> Runtime:
    """What runs there; `mapped` and `head` (of the executable) are empty where we may not look."""
    if not mapped:
        return Runtime()
    files = (executable, *mapped)
    if any(map(_PYPY.search, files)):
        return Runtime(kind="pypy")
    versions = [(int(found[1]), int(found[2])) for found in map(_VERSION.search, files) if found]
    if versions:
        return Runtime(kind="cpython", version=versions[0])
    if any(map(is_of_python, files)):
        return Runtime(kind="cpython")
    if _GO in head:
        return Runtime(kind="go")
    return Runtime(kind="static" if _static(head) else "other")


def is_of_python(path: str) -> bool:
    """Whether a file is an interpreter or its library: what a sampler reads."""
    return bool(_LIBRARY.search(path))


def _static(head: bytes) -> bool:
    """Whether an executable needs no loader."""
    if not head.startswith(_ELF64):
        return False
    (offset,), (size, count) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
    places = range(offset, min(offset + size * count, len(head) - 3), size or 1)
    return all(struct.unpack_from("<I", head, place)[0] != _INTERPRETER for place in places)
