"""What rules look at: the stalled iteration, taken apart. Pure: the same drawing gives the same features."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from model.capture import Capture
from model.comparison import Comparison
from model.samples import SampleTable, State
from model.signals import Name, Signals
from report import slices
from report.drawing import Drawing
from report.verdict import culprit
from report.verdict.conduct import Conduct, Piece, conducts
from report.verdict.culprit import Culprit
from report.verdict.patterns import Claims, Pattern, claim


@dataclass(frozen=True)
class Features:
    """One stalled iteration of a Python process."""

    capture: Capture
    table: SampleTable  # of the stalled iteration
    conducts: tuple[Conduct, ...]  # of all threads, the main one first
    culprit: Culprit
    claims: Claims  # the culprits' time by what is recognised
    signals: Signals
    holders: Mapping[str, int] = field(default_factory=dict)  # in how many looks a thread held the GIL
    wanters: float = 0.0  # threads that wanted the GIL, on average of looks
    looks: int = 0
    logs: tuple[str, ...] = ()
    comparison: Comparison | None = None

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """What the culprits did, the longest first."""
        found = [piece for each in self.culprit.threads for piece in each.pieces]
        return tuple(sorted(found, key=lambda piece: -piece.us))

    @cached_property
    def total_us(self) -> int:
        """The culprits' time, summed over threads."""
        return sum(piece.us for piece in self.pieces)

    @property
    def seen_s(self) -> float:
        """The time that shares are of: how long the loop's thread was seen in the iteration, in seconds."""
        return self.culprit.loop.us / 1e6 if self.culprit.loop else 0.0

    @property
    def age_s(self) -> float:
        """How long the iteration had been running at its end, or when the capture closed."""
        iteration, window = self.capture.iteration, self.capture.window
        if iteration is None:
            return window.ended_s - window.started_s
        return (window.ended_s if iteration.ended_s is None else iteration.ended_s) - iteration.started_s

    def share(self, pieces: Iterable[Piece]) -> float:
        """The share of the culprits' time that is in these pieces."""
        return sum(piece.us for piece in pieces) / self.total_us if self.total_us else 0.0

    def mean(self, name: Name) -> float | None:
        """A signal's mean within the stall; None where it was not read."""
        values = self.values(name)
        return sum(values) / len(values) if values else None

    def most(self, name: Name) -> float | None:
        """A signal's greatest value within the stall; None where it was not read."""
        return max(self.values(name), default=None)

    def values(self, name: Name) -> tuple[float, ...]:
        """What was read of a signal within the stall."""
        signal = self.signals.series.get(name)
        return signal.within(self.table.start_us, self.table.end_us) if signal else ()

    def said(self, words: re.Pattern[str]) -> list[str]:
        """The log lines with these words in them."""
        return [line for line in self.logs if words.search(line)]


def features(drawing: Drawing, patterns: Sequence[Pattern]) -> Features:
    """Take a drawing's stalled iteration apart."""
    capture = drawing.capture
    table = slices.stalled(drawing.whole, capture)
    found = conducts(table, drawing.looks, drawing.signals, capture.pid)
    whose = culprit.find(found)
    pieces = [piece for each in whose.threads for piece in each.pieces]
    holders, wanters, looks = _gil(drawing, table)
    return Features(
        capture=capture,
        table=table,
        conducts=found,
        culprit=whose,
        claims=claim(pieces, patterns),
        signals=drawing.signals,
        holders=holders,
        wanters=wanters,
        looks=looks,
        logs=tuple(line for tail in drawing.logs for line in tail.lines),
        comparison=drawing.comparison,
    )


def _gil(drawing: Drawing, table: SampleTable) -> tuple[Counter[str], float, int]:
    """In how many looks each thread held the GIL, how many wanted it on average, and the number of looks."""
    looks = [look for look in drawing.looks if table.start_us <= look.at_us < table.end_us]
    holders = Counter(seen.thread.name for look in looks for seen in look.sightings if seen.owns_gil)
    wanting = sum(seen.state is State.WANTING_GIL for look in looks for seen in look.sightings)
    return holders, wanting / len(looks) if looks else 0.0, len(looks)
