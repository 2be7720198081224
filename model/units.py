"""Durations, sizes and shares as people write them in a configuration: `1h30m`, `500ms`, `2GiB`, `25%`."""

import math
import re
from decimal import Decimal


def counted(count: int, noun: str) -> str:
    """So many of them: `1 thread`, `2 threads`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


_SECONDS_BY_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")

_LETTERS = "kKMGTiB "
_BYTES_BY_UNIT = {
    **{"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12},
    **{"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40},
    **{"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40},
}


def duration(value_s: float) -> str:
    """A duration in a sentence, three digits at most below a minute: `3.83 s`, `94 ms`, `2 m 30 s`."""
    if value_s <= 0:
        return "0 s"
    digits = 0 if value_s >= 100 else max(0, 2 - math.floor(math.log10(max(value_s, 1e-3))))
    return _UNIT.sub(r"\1 \2 ", str(Seconds(round(value_s, digits)))).rstrip()


_UNIT = re.compile(r"([0-9])([a-z]+)")


class Seconds(float):
    """A length of time in seconds."""

    RULE = "a duration such as 500ms, 2s, 1h30m"
    PATTERN = r"^(0|([0-9]{1,12}(\.[0-9]{1,9})?(ms|s|m|h|d))+)$"

    @classmethod
    def parse(cls, text: str) -> "Seconds":
        """Read `1h30m`, `2.5s` or `0`; raises ValueError when a unit is missing or unknown."""
        if text.endswith("\n") or not re.match(cls.PATTERN, text):
            raise ValueError(cls.RULE)
        return cls(sum(float(n) * _SECONDS_BY_UNIT[unit] for n, unit in _DURATION_PART.findall(text)))

    def __str__(self) -> str:
        """A short spelling, rounded to the second of two units: `1h30m`, `2.5s`, `20ms`."""
        if 0 < self < 1:
            return f"{round(self * 1000, 3):g}ms"
        for unit, smaller in (("d", "h"), ("h", "m"), ("m", "s")):
            size_s, smaller_s = _SECONDS_BY_UNIT[unit], _SECONDS_BY_UNIT[smaller]
            if self >= size_s:
                whole, rest = divmod(round(self / smaller_s), round(size_s / smaller_s))
                return f"{whole}{unit}" + (f"{rest}{smaller}" if rest else "")
        return f"{round(self, 3):g}s"


class Percent(float):
    """A share of a whole; 1.0 is all of it."""

    RULE = "a share such as 25%, 0.5%"
    PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,6})?%$"

    @classmethod
    def parse(cls, text: str) -> "Percent":
        """Read `25%`; raises ValueError on anything else, a bare number too."""
        if text.endswith("\n") or not re.match(cls.PATTERN, text):
            raise ValueError(cls.RULE)
        return cls(Decimal(text[:-1]) / 100)

    def __str__(self) -> str:
        """Three digits: `25%`, `0.5%`."""
        return f"{round(self * 100, 6):.3g}%" if self < 10 else f"{self * 100:.0f}%"


class ByteSize(int):
    """An amount of bytes."""

    RULE = "a size such as 500MB, 2GiB"
    PATTERN = r"^[0-9]{1,18}(\.[0-9]{1,9})? ?([kKMGT]?B|[KMGT]iB?)?$"

    @classmethod
    def parse(cls, text: str) -> "ByteSize":
        """Read `2GiB`, `500MB` or a bare number of bytes; raises ValueError on anything else."""
        if text.endswith("\n") or not re.match(cls.PATTERN, text):
            raise ValueError(cls.RULE)
        number = text.rstrip(_LETTERS)
        return cls(Decimal(number) * _BYTES_BY_UNIT[text.removeprefix(number).strip()])

    def __str__(self) -> str:
        """Three digits and a binary unit: `1.5 MiB`."""
        value, units = float(self), ["TiB", "GiB", "MiB", "KiB", "B"]
        while value >= 1023.5 and len(units) > 1:
            value, _ = value / 1024, units.pop()
        return f"{value:.3g} {units[-1]}" if value < 999.5 else f"{value:.0f} {units[-1]}"
