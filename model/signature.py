"""A stall's fingerprint: equal for equal stalls, here or across a fleet.

It is made of the cause and of the blocking stack's innermost functions with their files. Line numbers,
folders of environments, and what differs from run to run (numbers, hex digits, ids) are left out.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Protocol

from model.verdict import Cause

DIGITS: Final = 12  # of a signature, hexadecimal
DEPTH: Final = 8  # innermost frames that count

_ENVIRONMENT: Final = re.compile(
    r".*/(?:(?:site|dist)-packages|(?:lib(?:32|64)?|Lib)/python\d[\d.]*t?|go/pkg/mod|vendor)/"
)
_TEMPORARY: Final = re.compile(r"/(?:(?:var/)?tmp|dev/shm)/[^/]+/")
# Numbers, hexadecimal ids (short ones have a digit, or they may be words), UUIDs, and temporary names.
_ID: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[0-9a-f]{8}(?:[_-][0-9a-f]{4}){3}[_-][0-9a-f]{12}|(?:0x)?[0-9a-f]{8,}"
    r"|(?=[a-f]*[0-9])[0-9a-f]{4,7}|tmp[a-z0-9_]{8})(?![A-Za-z0-9])|[0-9]+",
    re.IGNORECASE,
)


class Framed(Protocol):
    """Anything with a function and a file, such as a frame of the sample table."""

    @property
    def function(self) -> str:
        """The function's name."""

    @property
    def file(self) -> str:
        """The file's path."""


def normalised(frames: Iterable[Framed]) -> tuple[str, ...]:
    """The innermost frames, root first, as `file:function` without what varies; calls in a row count once."""
    found: list[str] = []
    for frame in frames:
        text = f"{_plain(_file(frame.file))}:{_plain(frame.function)}"
        if not found or found[-1] != text:
            found.append(text)
    return tuple(found[-DEPTH:])


def signature(cause: Cause, frames: Iterable[Framed]) -> str:
    """The fingerprint of a cause at a stack, root first."""
    text = "\n".join((cause.value, *normalised(frames)))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]


def _file(path: str) -> str:
    """A package's path within its environment; of others the last two parts, without a temporary folder's."""
    inside = _ENVIRONMENT.sub("", path)
    if inside != path:
        return inside
    temporary = _TEMPORARY.match(path)
    return "/".join(path[temporary.end() if temporary else 0 :].split("/")[-2:])


def _plain(text: str) -> str:
    return _ID.sub("N", text)
