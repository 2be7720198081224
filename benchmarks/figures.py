"""Rows of the table of figures, and how it is written as text and as Markdown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("figure", "ours", "comparison", "ratio", "gate", "aim")


class FigureError(Exception):
    """A figure could not be taken: a process did not do its part."""


@dataclass(frozen=True)
class Bound:
    """The most, or the least, that a value may be."""

    limit: float
    least: bool = False

    def met(self, value: float) -> bool:
        """Whether a value keeps to it."""
        return value >= self.limit if self.least else value <= self.limit

    def words(self, unit: str) -> str:
        """Such as `<= 1.1 x`."""
        if unit == "yes/no":
            return amount(self.limit, unit)
        return f"{'>=' if self.least else '<='} {round(self.limit, 1):,} {unit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure. The gate bounds ours / other, the aim bounds ours."""

    figure: str
    unit: str
    ours: float
    other: float | None = None
    beside: str = ""  # what the comparison is
    gate: Bound | None = None
    aim: Bound | None = None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row's texts, one for each heading."""
        other = "-" if self.other is None else f"{amount(self.other, self.unit)} ({self.beside})"
        ratio = self.ratio()
        return (
            self.figure,
            amount(self.ours, self.unit),
            other,
            "-" if ratio is None else f"{ratio:.2f}",
            "-" if self.gate is None or ratio is None else _verdict(self.gate, ratio, "x", "met"),
            "-" if self.aim is None else _verdict(self.aim, self.ours, self.unit, "reached"),
        )

    def ratio(self) -> float | None:
        """Ours / other, where there is another above 0."""
        return self.ours / self.other if self.other else None


def _verdict(bound: Bound, value: float, unit: str, word: str) -> str:
    return f"{'' if bound.met(value) else 'NOT '}{word} ({bound.words(unit)})"


def amount(value: float, unit: str) -> str:
    """A value in three digits with its unit; `yes/no` is a unit too."""
    if unit == "yes/no":
        return "yes" if value else "no"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{min(digits, 3)}f} {unit}".rstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0 to 1) of all values does not exceed."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def as_text(rows: Sequence[Row]) -> str:
    """The table in columns, and notes below it."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, tuple("-" * width for width in widths))
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join((*table, "", *_notes(rows)))


def as_markdown(rows: Sequence[Row]) -> str:
    """The same for a page."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    table = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join((*table, "", *(f"- {note}" for note in _notes(rows))))


def _notes(rows: Sequence[Row]) -> list[str]:
    return [f"{row.figure}: {row.note}" for row in rows if row.note]
