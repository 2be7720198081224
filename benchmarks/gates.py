"""The bounds of gates.yaml, and whether a figure keeps to them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import yaml

from benchmarks.figures import Row, amount

FILE: Final = Path(__file__).with_name("gates.yaml")
RATIO: Final = "x"
RETIRED: Final = "retired"  # figures that are gone, each with the reason
_BOUND: Final = re.compile(r"at (most|least) ([0-9][0-9_]*(?:\.[0-9]+)?)(?: (.+))?")


class GatesError(Exception):
    """The file of bounds says something that cannot be understood."""


class Kind(StrEnum):
    """What a bound is for."""

    GATE = "gate"  # of the ratio to the comparison: each release keeps it
    AIM = "aim"  # of our own figure, on a quiet machine
    CI = "ci"  # what holds on a busy machine too: a ratio or a figure, looser than the other two


class Verdict(StrEnum):
    """What comes of a bound."""

    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "not to be told here"  # chance is larger than what was looked for


@dataclass(frozen=True)
class Bound:
    """The most, or the least, that a value may be; the unit `x` means the ratio to the comparison."""

    limit: float
    unit: str
    least: bool = False

    def __str__(self) -> str:
        return self.text().replace("_", ",")

    def text(self) -> str:
        """As it is written in the file."""
        return f"at {'least' if self.least else 'most'} {self.limit:_.15g} {self.unit}".rstrip()

    def met(self, value: float, chance: float = 0.0) -> bool:
        """Whether a value keeps to it, or misses it by no more than chance explains."""
        return value >= self.limit - chance if self.least else value <= self.limit + chance

    def looser(self, than: "Bound") -> bool:
        """Whether it lets more pass than another one."""
        if (self.unit, self.least) != (than.unit, than.least):
            return True
        return self.limit < than.limit if self.least else self.limit > than.limit


Bounds = Mapping[Kind, tuple[Bound, ...]]
Gates = Mapping[str, Mapping[str, Bounds]]  # by experiment and figure


@dataclass(frozen=True)
class Judgement:
    """One bound, held against one figure."""

    kind: Kind
    bound: Bound
    verdict: Verdict


def load(text: str | None = None) -> Gates:
    """Every bound of the file, or of a text like it; raises GatesError."""
    said = yaml.safe_load(FILE.read_text() if text is None else text)
    return {
        experiment: {figure: _bounds(f"{experiment}: {figure}", kinds) for figure, kinds in figures.items()}
        for experiment, figures in said.items()
        if experiment != RETIRED
    }


def retired(text: str | None = None) -> Mapping[str, str]:
    """Why figures of earlier files are gone, by `EXPERIMENT: FIGURE`."""
    said = yaml.safe_load(FILE.read_text() if text is None else text)
    return dict(said.get(RETIRED) or {})


def _bounds(where: str, kinds: Mapping[str, object]) -> Bounds:
    found: dict[Kind, tuple[Bound, ...]] = {}
    for name, texts in kinds.items():
        if name not in list(Kind):
            raise GatesError(f"{where}: {name!r} is no kind of bound; there are {', '.join(Kind)}")
        found[Kind(name)] = tuple(
            bound(where, str(text)) for text in ([texts] if not isinstance(texts, list) else texts)
        )
    if any(one.unit != RATIO for one in found.get(Kind.GATE, ())):
        raise GatesError(f"{where}: a gate bounds a ratio: write `at most 1.1 {RATIO}`")
    return found


def bound(where: str, text: str) -> Bound:
    """A bound of its text; raises GatesError, which says `where`."""
    match = _BOUND.fullmatch(text)
    if match is None:
        raise GatesError(f"{where}: {text!r} is no bound: write `at most 1.1 x` or `at least 5_000 /s`")
    word, limit, unit = match.groups()
    return Bound(float(limit.replace("_", "")), unit or "", least=word == "least")


def judge(row: Row, bounds: Bounds) -> Iterator[Judgement]:
    """Hold a figure against its bounds; raises GatesError where one is of another unit."""
    for kind, several in bounds.items():
        for one in several:
            if one.unit not in (RATIO, row.unit):
                raise GatesError(f"{row.figure} is in {row.unit!r}, its bound {str(one)!r} is not")
            verdict = _ratio_verdict(row, one) if one.unit == RATIO else _own_verdict(row, one)
            if verdict is not None:
                yield Judgement(kind, one, verdict)


def _ratio_verdict(row: Row, bound: Bound) -> Verdict | None:
    """None where there is nothing to compare with."""
    if (ratio := row.ratio()) is None or row.other is None:
        return None
    return Verdict.KEPT if bound.met(ratio, row.chance / row.other) else Verdict.BROKEN


def _own_verdict(row: Row, bound: Bound) -> Verdict:
    if row.within is None:
        return Verdict.KEPT if bound.met(row.ours, row.chance) else Verdict.BROKEN
    ends = {bound.met(value) for value in row.within}
    return Verdict.OPEN if len(ends) == 2 else Verdict.KEPT if ends == {True} else Verdict.BROKEN


def untaken(rows: Sequence[Row], bounds: Mapping[str, Bounds]) -> list[str]:
    """Bounded figures that an experiment did not tell: a bound that nothing is held against is none."""
    told = {row.figure for row in rows}
    return [figure for figure in bounds if figure not in told]


def shown(judgements: Iterable[Judgement], kind: Kind) -> str:
    """The verdicts of one kind, as a cell of the table."""
    words = {
        Verdict.KEPT: "met" if kind is Kind.GATE else "reached",
        Verdict.BROKEN: "**not met**" if kind is Kind.GATE else "**not reached**",
        Verdict.OPEN: str(Verdict.OPEN),
    }
    return "; ".join(f"{words[one.verdict]} ({one.bound})" for one in judgements if one.kind is kind) or "-"


def figure_in(row: Row) -> str:
    """Our own figure in words."""
    within = f" ({row.within[0]:.3g} to {row.within[1]:.3g})" if row.within else ""
    return amount(row.ours, row.unit) + within
