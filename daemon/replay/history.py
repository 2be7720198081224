"""A recorded history of metrics: scrapes one after the other, each below a line `# scraped TIME`."""

from collections import Counter
from collections.abc import Iterable, Iterator

from daemon.replay.steps import Found, Said, Step
from daemon.sources.contract import Condition
from daemon.sources.metrics.contract import Mark, Scrape
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.missing import LEADS, Around, complete, usable
from daemon.sources.metrics.options import Metrics
from model.errors import LoopcamError
from model.stamps import Stamps

HEAD = b"# scraped"
ANEW_S = 60.0  # further back it is another history

_REMEDY = "put `# scraped TIME` before each scrape, as `date +'# scraped %s.%N'` writes it"


class HistoryRecording:
    """Its scrapes, as a metrics source takes them. The time above a scrape is the target's clock and ours."""

    tells_late = True

    def __init__(self, options: Metrics, stamps: Stamps) -> None:
        self._series = options.series
        self._form = options.series.form()
        self._stamps = stamps
        self._counts: Counter[str] = Counter()
        self._scrapes = 0
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._gap = False
        self._condition = Condition(False)
        self._whole = False  # one scrape had all series
        self._started = False  # a line that tells a time was met

    def steps(self, blocks: Iterable[bytes]) -> Iterator[Step]:
        """Each scrape; raises LoopcamError where no line tells its time."""
        answer = self._expecting()
        empty = True
        for piece in _pieces(blocks):
            if not piece.startswith(HEAD):
                answer.take(piece)
                empty = empty and not piece.strip()
                continue
            yield from self._step(answer, empty=empty)
            self._begin(piece)
            answer, empty = self._expecting(), True
        yield from self._step(answer, empty=empty)

    def found(self) -> Found:
        """Its scrapes, and the series that none of them had."""
        lacking = {} if self._whole else self._looked_for()
        said = self._condition
        return Found(
            noun="scrapes",
            count=self._scrapes,
            first_s=self._first_s,
            last_s=self._last_s,
            counts=dict(self._counts),
            matched=self._whole,
            unmatched=lacking,
            question=" ".join(filter(None, (said.detail, said.remedy)))
            or "is it the history of this target?",
        )

    def _expecting(self) -> Exposition:
        return Exposition({**self._form.names, LEADS: frozenset()}, curious=True)

    def _begin(self, head: bytes) -> None:
        at_s = self._stamps.read(head.removeprefix(HEAD).strip())
        if at_s is None:
            shown = head[:100].decode(errors="replace").strip()
            raise LoopcamError(f"the line tells no time: {shown}", remedy=_REMEDY)
        if self._last_s is not None and at_s < self._last_s - ANEW_S:
            self._form = self._series.form()
        self._first_s = at_s if self._first_s is None else self._first_s
        self._last_s = at_s
        self._started = True

    def _step(self, answer: Exposition, *, empty: bool) -> Iterator[Step]:
        if self._last_s is None:
            if not empty:
                raise LoopcamError("no line says when it was scraped", remedy=_REMEDY)
            return
        self._scrapes += 1
        yield Step(at_s=self._last_s, said=(), down=True) if empty else self._taken(answer, self._last_s)
        self._gap = empty or not self._condition.up

    def _taken(self, answer: Exposition, at_s: float) -> Step:
        condition = usable(self._form, answer)
        if condition.up:
            condition = complete(self._form, answer.samples, Around.of(answer))
        self._whole = self._whole or condition == Condition(True)
        self._condition = condition
        if not condition.up:
            return Step(at_s=at_s, down=True)
        scrape = Scrape(asked_s=at_s, answered_s=at_s, wall_s=at_s, samples=answer.samples, gap=self._gap)
        return Step(at_s=at_s, said=tuple(self._said(mark) for mark in self._form.take(scrape)))

    def _said(self, mark: Mark) -> Said:
        self._counts[mark.kind] += 1
        return Said(kind=mark.kind, iteration=mark.iteration, duration_s=mark.duration_s, at_s=mark.at_s)

    def _looked_for(self) -> dict[str, tuple[str, ...]]:
        written = {
            "start": tuple(filter(None, (self._series.start,))),
            "end": tuple(filter(None, (self._series.end,))),
            "in_flight_seconds": self._series.in_flight_seconds,
        }
        return {option: texts for option, texts in written.items() if texts}


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text, with lines that tell a time by themselves."""
    for block in blocks:
        at = 0
        while at < len(block):
            head = at if block.startswith(HEAD, at) else block.find(b"\n" + HEAD, at) + 1 or len(block)
            if head > at:
                yield block[at:head]
            end = block.find(b"\n", head) + 1 or len(block)
            if head < len(block):
                yield block[head:end]
            at = end if head < len(block) else len(block)
