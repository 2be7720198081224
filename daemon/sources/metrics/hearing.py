"""What a metrics source does with answers and failures: tells its condition, and then what happened."""

import logging

from daemon.sources.contract import Condition, Post
from daemon.sources.metrics.births import SEVERAL, Births
from daemon.sources.metrics.contract import Mark, Names, Scrape
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.missing import HEARS, LEADS, Around, complete, usable
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.scraping import Answer
from model.errors import LoopcamError
from model.events import Event

_LOG = logging.getLogger(__name__)

CURIOUS_EVERY_S = 60.0


class Hearing:
    """The middle of a running metrics source."""

    def __init__(self, options: Metrics, post: Post) -> None:
        self._post = post
        self._form = options.series.form()
        self._condemns = not options.unanswered  # a failure leaves it deaf
        self._gap = False
        self._counted = 0
        self._around: Around | None = None
        self._births = Births()
        self._told = HEARS
        self._curious_s = float("-inf")

    def curious(self, now_s: float) -> bool:
        """Whether to look at everything in the next answer: at first, and while something is missing."""
        due = now_s - self._curious_s >= CURIOUS_EVERY_S
        return due and (self._told != HEARS or self._curious_s == float("-inf"))

    def names(self, *, curious: bool) -> Names:
        """The series to look for."""
        return {**self._form.names, LEADS: frozenset()} if curious else self._form.names

    def take(self, answer: Answer) -> None:
        """Take an answer: what it shows to be missing, then what it shows to have happened."""
        exposition = answer.exposition
        if exposition.names is not None:
            self._around, self._curious_s = Around.of(exposition), answer.asked_s
        condition = usable(self._form, exposition)
        if self._births.several(exposition.samples, answer.answered_s):
            condition = SEVERAL
        if condition.up:
            condition = complete(self._form, exposition.samples, self._around)
        if condition == HEARS:
            self._around = None
        self._report(condition)  # before any event: of what went on while it was down, nobody can tell
        if not condition.up:
            self._gap = True
            return
        self._deliver(self._form.take(self._scrape(answer, exposition)))
        self._gap = False
        self._tally()

    def failed(self, error: LoopcamError, asked_s: float) -> None:
        """There was no answer, or none that can be used."""
        self._gap = True
        self._report(Condition(not self._condemns, str(error), error.remedy))
        self._deliver(self._form.failed(asked_s))

    def _scrape(self, answer: Answer, exposition: Exposition) -> Scrape:
        return Scrape(
            asked_s=answer.asked_s,
            answered_s=answer.answered_s,
            wall_s=answer.wall_s,
            samples=exposition.samples,
            gap=self._gap,
        )

    def _report(self, condition: Condition) -> None:
        if condition.up and condition.detail and condition != self._told:
            about = {"target": self._post.target, "source": self._post.name}
            _LOG.info(
                "series not there", extra={**about, "why": condition.detail, "remedy": condition.remedy}
            )
        self._told = condition
        self._post.report(condition)

    def _deliver(self, marks: list[Mark]) -> None:
        for mark in marks:
            event = Event(
                source=self._post.name,
                target=self._post.target,
                kind=mark.kind,
                at_s=mark.at_s,
                iteration=mark.iteration,
                duration_s=mark.duration_s,
            )
            self._post.deliver(event)

    def _tally(self) -> None:
        """Count those that were too many to be told."""
        more, self._counted = self._form.uncounted - self._counted, self._form.uncounted
        if more:
            self._post.telemetry.stale_events.labels(self._post.target, self._post.name).inc(more)
