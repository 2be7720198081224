"""Durations as programs log them: `1m2.345678s`, `350ms`, `0.144`."""

import re

MAX_CHARACTERS = 40
LONGEST_S = 7 * 86400.0  # a line that tells more is not believed: one would spoil every average for good

_SECONDS_BY_UNIT = {
    **{"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3},
    **{"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0},
}
_NUMBER = r"\d+(?:\.\d*)?(?:[eE][-+]?\d{1,2})?"
_PART = re.compile(rf"({_NUMBER})(ns|us|µs|μs|ms|s|m|h|d)")
_WHOLE = re.compile(rf"(?:{_NUMBER}(?:ns|us|µs|μs|ms|s|m|h|d))+")
_BARE = re.compile(_NUMBER)


def seconds(text: str, *, unit_s: float = 1.0) -> float | None:
    """How long that is; a bare number counts units of `unit_s`. None when it is no duration."""
    if len(text) > MAX_CHARACTERS:
        return None
    if _BARE.fullmatch(text):
        told_s = float(text) * unit_s
    elif _WHOLE.fullmatch(text):
        told_s = sum(float(number) * _SECONDS_BY_UNIT[unit] for number, unit in _PART.findall(text))
    else:
        return None
    return round(told_s, 9) if told_s <= LONGEST_S else None
