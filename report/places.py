"""How frames and threads are written, and whose code a frame is."""

import re
import zlib
from colorsys import hls_to_rgb
from enum import StrEnum
from functools import lru_cache

from model.samples import Frame, Thread

_PACKAGES = re.compile(r".*/(?:site|dist)-packages/")
_STANDARD = re.compile(r".*/(?:lib(?:32|64)?|Lib)/(?:python|pypy)\d+(?:\.\d+)?t?/|.*/python\d+\.zip/")


class Origin(StrEnum):
    """Whose code it is."""

    OWN = "own"
    PACKAGE = "package"
    STANDARD = "standard"


# hue in degrees, its spread, saturation, lightness
_PAINT = {
    Origin.OWN: (26, 17, 0.78, 0.69),
    Origin.PACKAGE: (205, 24, 0.48, 0.72),
    Origin.STANDARD: (220, 30, 0.12, 0.78),
}


@lru_cache(maxsize=4096)
def origin(file: str) -> Origin:
    """Whose code a file is: the target's own, an installed package's or the standard library's."""
    if _PACKAGES.match(file):
        return Origin.PACKAGE
    standard = _STANDARD.match(file) or file.startswith("<frozen ") or not file
    return Origin.STANDARD if standard else Origin.OWN


@lru_cache(maxsize=4096)
def short(file: str) -> str:
    """A file without the folder that packages or the standard library live in."""
    for folder in (_PACKAGES, _STANDARD):
        if found := folder.match(file):
            return file[found.end() :]
    return file


def place(file: str, line: int) -> str:
    """`file:line`, as far as known."""
    return f"{short(file)}:{line}" if line > 0 else short(file)


def frame_text(frame: Frame) -> str:
    """`function (file:line)`."""
    where = place(frame.file, frame.line)
    return f"{frame.function} ({where})" if where else frame.function


def thread_text(thread: Thread) -> str:
    """`name (os thread id)`."""
    return f"{thread.name or 'thread'} ({thread.os_id})"


def is_main(thread: Thread, pid: int) -> bool:
    """Whether this is the main thread of the target."""
    return thread.pid == pid and (thread.os_id == pid or thread.name == "MainThread")


def escaped(text: str, also: str = "") -> str:
    """Text on one line: what does not print, the backslash, and `also`, as escapes."""
    if text.isprintable() and "\\" not in text and not any(char in text for char in also):
        return text
    return "".join(
        _escape(char) if char in also or char == "\\" or not char.isprintable() else char for char in text
    )


def _escape(char: str) -> str:
    known = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    code = ord(char)
    return known or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


@lru_cache(maxsize=65536)
def colour(function: str, file: str) -> str:
    """A colour that tells whose code it is, and functions apart; dark text stands on it."""
    hue, spread, saturation, lightness = _PAINT[origin(file)]
    chance = zlib.crc32(f"{function}\0{file}".encode()) / 2**32
    rgb = hls_to_rgb(
        (hue + (chance - 0.5) * 2 * spread) % 360 / 360, lightness + (chance * 7 % 1 - 0.5) * 0.1, saturation
    )
    return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)
