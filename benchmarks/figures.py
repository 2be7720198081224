"""A figure as an experiment tells it, and how numbers are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


class FigureError(Exception):
    """A figure could not be taken: a process did not do its part."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure. Its bounds are in gates.yaml, under its experiment and its name."""

    figure: str
    unit: str
    ours: float
    other: float | None = None
    beside: str = ""  # what the comparison is
    note: str = ""
    chance: float = 0.0  # by how much of the unit chance alone may exceed a bound
    within: tuple[float, float] | None = None  # where ours lies, with a confidence of 90 per cent

    def ratio(self) -> float | None:
        """Ours / other, where there is another above 0."""
        return self.ours / self.other if self.other else None


def rates(
    what: str,
    ours: Sequence[tuple[float, float]],
    bare: Sequence[tuple[float, float]],
    beside: str,
    note: str,
) -> list[Row]:
    """The medians of heartbeats a second of time, and a second of the listener's CPU time."""
    kinds = (("on one core", note), ("of CPU time", "the listener's"))
    return [
        Row(
            figure=f"heartbeats a second {kind}, {what}",
            unit="/s",
            ours=median(each[number] for each in ours),
            other=median(each[number] for each in bare),
            beside=beside,
            note=said,
        )
        for number, (kind, said) in enumerate(kinds)
    ]


def amount(value: float, unit: str) -> str:
    """A value in three digits with its unit."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{min(digits, 3)}f} {unit}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of all values does not exceed."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def often(count: int, times: float) -> int:
    """So many times as many samples, one at least."""
    return max(1, round(count * times))
