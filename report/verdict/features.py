"""What rules look at: the stalled iteration, taken apart. Pure: the same drawing gives the same features."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from model.capture import Capture
from model.comparison import Comparison, Doing
from model.samples import Frame, SampleTable, State
from model.signals import Name, Signals
from report import slices
from report.drawing import Drawing
from report.evidence.code import Code
from report.places import Origin, origin
from report.verdict import culprit
from report.verdict.conduct import NOT_SAMPLED, Conduct, Piece, conducts
from report.verdict.culprit import Culprit
from report.verdict.patterns import Claims, Pattern, claim

_COMPUTES = 0.4
_EVER_US = -(1 << 62)


@dataclass(frozen=True)
class Features:
    """One stalled iteration of a Python process."""

    capture: Capture
    span_us: tuple[int, int]  # of the iteration, as far as it was seen: signals are of this time
    conducts: tuple[Conduct, ...]  # of all threads, the main one first
    culprit: Culprit
    claims: Claims  # the culprits' time by what is recognised
    signals: Signals
    holders: Mapping[int, int] = field(default_factory=dict)  # in how many looks, by os thread id
    wanters: float = 0.0  # threads that wanted the GIL, on average of looks
    looks: int = 0
    logs: tuple[str, ...] = ()
    comparison: Comparison | None = None
    code: Code = field(default_factory=dict)

    def of_each(self, patterns: Sequence[Pattern]) -> "Iterator[tuple[Conduct, Features]]":
        """The same for each of several threads that are waited for, as if it were the only one."""
        if self.culprit.followed and len(self.culprit.threads) > 1:
            for thread in self.culprit.threads:
                alone = replace(self.culprit, threads=(thread,))
                yield thread, replace(self, culprit=alone, claims=claim(thread.pieces, patterns))

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

    @property
    def sampled(self) -> bool:
        """Whether there are stacks; else only the kernel's word on the main thread is known."""
        return any(piece.frames != (NOT_SAMPLED,) for piece in self.pieces)

    @property
    def followed(self) -> str:
        """A sentence to add where the thread to judge is not the loop's own."""
        return f" {self.culprit.followed}." if self.culprit.followed else ""

    @cached_property
    def line_us(self) -> Mapping[Frame, int]:
        """The culprits' time by innermost line."""
        found: Counter[Frame] = Counter()
        for piece in self.pieces:
            found[piece.leaf] += piece.us
        return found

    def steady(self, places: Collection[Frame]) -> float:
        """The share of the time that passed in long spells at these lines, without moving."""
        us = sum(each.steady.get(place, 0) for each in self.culprit.threads for place in places)
        return us / self.total_us if self.total_us else 0.0

    @property
    def gil_held(self) -> float:
        """In what share of the looks one of the culprits held the GIL."""
        held = sum(self.holders.get(each.thread.os_id, 0) for each in self.culprit.threads)
        return held / self.looks if self.looks else 0.0

    @property
    def run_queue(self) -> float | None:
        """The share of the time that the first culprit was ready, and had no CPU."""
        return self.culprit.threads[0].run_queue if self.culprit.threads else None

    def before(self, name: Name) -> float | None:
        """A signal's mean before the iteration began; None where it was not read."""
        signal = self.signals.series.get(name)
        iteration = self.capture.iteration
        if signal is None or iteration is None:
            return None
        values = signal.within(_EVER_US, round(iteration.started_s * 1e6))
        return sum(values) / len(values) if values else None

    @property
    def computes(self) -> bool:
        """Whether the kernel says that the first culprit computes: by its CPU time, else by several looks."""
        thread = self.culprit.threads[0]
        if thread.cpu is not None and thread.run_queue is not None:
            return thread.cpu + thread.run_queue > _COMPUTES
        return self.looks > 1 and thread.doing(Doing.ON_CPU) > _COMPUTES

    def shares_code(self, conduct: Conduct, piece: Piece) -> bool:
        """Whether a stack has a file of the target's own in common with a thread's longest one."""
        own = {frame.file for frame in conduct.pieces[0].frames if origin(frame.file) is Origin.OWN}
        return any(frame.file in own for frame in piece.frames)

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
        return signal.within(*self.span_us) if signal else ()

    def said(self, words: re.Pattern[str]) -> list[str]:
        """The log lines with these words in them."""
        return [line for line in self.logs if words.search(line)]


def features(drawing: Drawing, patterns: Sequence[Pattern]) -> Features:
    """Take a drawing's stalled iteration apart."""
    capture = drawing.capture
    table = slices.stalled(drawing.whole, capture)
    span_us = _span_us(capture, table)
    if capture.iteration is not None:
        table = slices.between(table, *span_us)  # what came after its end is no evidence
    found = conducts(table, drawing.looks, drawing.signals, capture.pid, span_us, drawing.code)
    whose = culprit.find(found)
    pieces = [piece for each in whose.threads for piece in each.pieces]
    holders, wanters, looks = _gil(drawing, table)
    return Features(
        capture=capture,
        span_us=span_us,
        conducts=found,
        culprit=whose,
        claims=claim(pieces, patterns),
        signals=drawing.signals,
        holders=holders,
        wanters=wanters,
        looks=looks,
        logs=tuple(line for tail in drawing.logs for line in tail.lines),
        comparison=drawing.comparison,
        code=drawing.code,
    )


def _span_us(capture: Capture, table: SampleTable) -> tuple[int, int]:
    iteration = capture.iteration
    if iteration is None:
        return table.start_us, table.end_us
    end_s = capture.window.ended_s if iteration.ended_s is None else iteration.ended_s
    return round(iteration.started_s * 1e6), round(end_s * 1e6)


def _gil(drawing: Drawing, table: SampleTable) -> tuple[Counter[int], float, int]:
    """In how many looks each thread held the GIL, how many wanted it on average, and the number of looks."""
    looks = [look for look in drawing.looks if table.start_us <= look.at_us < table.end_us]
    holders = Counter(seen.thread.os_id for look in looks for seen in look.sightings if seen.owns_gil)
    wanting = sum(seen.state is State.WANTING_GIL for look in looks for seen in look.sightings)
    return holders, wanting / len(looks) if looks else 0.0, len(looks)
