"""What to write instead: the nearest name, the right unit, quotes."""

import re
from collections.abc import Iterable

from model.units import ByteSize, Percent, Seconds

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)")
_DURATION_UNITS = {
    "ms": ("msec", "msecs", "millis", "millisecond", "milliseconds"),
    "s": ("", "sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
}
_SIZE_LETTERS = {"k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}
KNOWN = "known: "  # begins a list of all names
_TRUE, _FALSE = ("yes", "y", "on", "1"), ("no", "n", "off", "0")


def nearest(written: str, known: Iterable[str]) -> str:
    """The known name that looks like the written one, as a question; else all of them, if they are few."""
    from difflib import get_close_matches  # only a fault needs it

    names = list(known)
    near = get_close_matches(written.lower().replace("-", "_"), names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"{KNOWN}{', '.join(names)}" if 0 < len(names) <= 16 else ""


def choice(written: str, choices: list[str]) -> str:
    """The choice that is meant: of those with an `off`, a no is that, and a yes is any other."""
    if written.lower() in (*_TRUE, *_FALSE, "true", "false") and "off" in choices:
        no = written.lower() in (*_FALSE, "false")
        return "write off" if no else f"write {' or '.join(one for one in choices if one != 'off')}"
    near = nearest(written, choices)
    return "" if near.startswith(KNOWN) else near


def unit(written: str, kind: type) -> str:
    """The same amount with a unit that we read, or nothing."""
    match = _AMOUNT.fullmatch(written.strip())
    if match is None:
        return ""
    if issubclass(kind, Seconds):
        return _duration(match[1], match[2])
    if issubclass(kind, Percent):
        return "" if match[2] else f"give a unit: {match[1]}%"
    return _size(match[1], match[2]) if issubclass(kind, ByteSize) else ""


def _duration(number: str, written: str) -> str:
    for right, wrong in _DURATION_UNITS.items():
        if written.lower() in (right, *wrong):
            return f"give a unit: {number}{right}" if not written else f"write {number}{right}"
    return ""


def _size(number: str, written: str) -> str:
    letters = _SIZE_LETTERS.get(written[:1].lower())
    return f"write {number}{letters}B" if letters else ""


def boolean(written: str) -> str:
    """What a yes or no is spelt like here."""
    if written.lower() in (*_TRUE, *_FALSE):
        return "write true" if written.lower() in _TRUE else "write false"
    return ""


def address(written: str) -> str:
    """What becomes of a URL, of several addresses in one text, and of a host alone."""
    scheme, _, rest = written.rpartition("://")
    if "," in written:
        return "give a list, an address each"
    place = rest.partition("/")[0]
    alone = not re.search(r":\d+$", place)
    tls = ", and `http: {tls: true}`" if scheme == "https" else ""
    if scheme or place != rest:
        return f"write {place}{':PORT' if alone else ''}{tls}"
    if place.count(":") > 1 and not place.startswith(("[", "dns:")):
        return "put an IPv6 address in brackets"
    return "add its port" if alone else ""
