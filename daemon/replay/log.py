"""A recorded log as a recording."""

from collections.abc import Iterable, Iterator

from daemon.replay.marks import Timed
from daemon.replay.steps import Found, Said, Step
from daemon.sources.log.feed import make_feed
from daemon.sources.log.options import Log
from daemon.sources.log.wording import NEEDED
from model.errors import LoopcamError
from model.stamps import Stamps

_NO_TIME = "give a log whose lines begin with a time (klog, ISO 8601, syslog, Unix time, or JSON with `time`)"


class LogRecording:
    """Its lines, as a log source takes them."""

    tells_late = False

    def __init__(self, options: Log, stamps: Stamps) -> None:
        self._wording = options.wording
        self._timed = Timed(make_feed(options, limited=False, now=lambda: 0.0), stamps)

    def steps(self, blocks: Iterable[bytes]) -> Iterator[Step]:
        """Each mark; raises LoopcamError for a log without times."""
        for at_s, mark in self._timed.marks(blocks):
            if at_s is None:
                raise LoopcamError("no line says when it was written", remedy=_NO_TIME)
            said = Said(kind=mark.kind, iteration=mark.iteration, duration_s=mark.duration_s)
            yield Step(at_s=at_s, said=(said,))
        if self._timed.last_s is not None:
            yield Step(at_s=self._timed.last_s)

    def found(self) -> Found:
        """Its lines, and the patterns that none of them matched."""
        counts, needed = self._timed.counts, NEEDED[self._wording.mode]
        return Found(
            noun="lines",
            count=self._timed.lines,
            first_s=self._timed.first_s,
            last_s=self._timed.last_s,
            counts=dict(counts),
            matched=any(counts[kind] for kind in needed),
            unmatched={kind: self._wording.of(kind) for kind in needed if not counts[kind]},
            question="is it the right log, at the right level?",
            sample=self._timed.sample.decode(errors="replace"),
        )
