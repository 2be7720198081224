"""The series that tell of a loop, and the rules that follow from their form."""

import msgspec

from daemon.sources.contract import LoopRules
from daemon.sources.metrics.contract import Form
from daemon.sources.metrics.forms.ages import Ages
from daemon.sources.metrics.forms.ends import Ends
from daemon.sources.metrics.forms.starts import Starts
from daemon.sources.metrics.forms.unanswered import Unanswered
from daemon.sources.metrics.selectors import Selector


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Series by what they say, and the rules that follow."""

    start: str | None = None
    end: str | None = None
    in_flight_seconds: tuple[str, ...] = ()
    iteration: str | None = None
    idle_allowance_s: float | None = None
    max_loop_time_s: float | None = None
    killed_after_s: float | None = None

    @property
    def silence_counts(self) -> bool:
        """Whether the longest healthy pause has to be known."""
        return self.end is not None

    def form(self) -> Form:
        """The form that these make; none at all makes what does not answer an iteration."""
        if self.in_flight_seconds:
            return Ages([Selector(text) for text in self.in_flight_seconds], self.iteration)
        if self.start is not None and self.end is not None:
            return Starts(Selector(self.start), Selector(self.end), self.idle_allowance_s or 0.0)
        return Ends(Selector(self.end)) if self.end is not None else Unanswered()

    def loop_rules(self, lag_s: float) -> LoopRules:
        """What they can tell; `lag_s` is how late a scrape may show what happened."""
        inferred = self.end is not None and self.start is None
        return LoopRules(
            mode="end" if inferred else "start_end",
            idle_allowance_s=(self.idle_allowance_s or 0.0) if inferred else 0.0,
            concurrent=bool(self.in_flight_seconds),
            max_loop_time_s=self.max_loop_time_s,
            killed_after_s=self.killed_after_s,
            lag_s=lag_s,
            remembers=True,
        )
