"""Loops made up, scraped with failures in between: what fires has overrun, and what overran fires."""

import itertools
import math
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sources.metrics.contract import Sample, Scrape
from daemon.sources.metrics.forms.starts import Starts
from daemon.sources.metrics.selectors import Selector
from daemon.watch.iterations import Ended, Rules
from daemon.watch.sequence import LoopWatch
from model.events import Event, Trigger

WALL_S = 1_700_000_000.0
PAUSE_S, LIMIT_S, INTERVAL_S, LAG_S = 3.0, 10.0, 1.0, 1.5
RULES = Rules(
    mode="start_end", max_loop_time_s=LIMIT_S, first_loop_time_s=LIMIT_S, lag_s=LAG_S, remembers=True
)
Turns = Sequence[tuple[float, float]]  # how long an iteration takes, and the pause after it

DURATIONS = st.one_of(st.floats(0.01, 3), st.floats(0.01, 0.2), st.floats(5, 9), st.floats(16, 50))
TURNS = st.lists(st.tuples(DURATIONS, st.floats(0, PAUSE_S - 0.1)), min_size=1, max_size=40)


class Truth:
    """What a loop did, and what it exposes at a time."""

    def __init__(self, turns: Turns, *, whole: bool) -> None:
        self.whole = whole
        self.loops: list[tuple[float, float]] = []
        at_s = 0.3
        for took_s, pause_s in turns:
            self.loops.append((at_s, at_s + took_s))
            at_s += took_s + pause_s
        self.ends_s = at_s

    def scrape(self, at_s: float, *, gap: bool) -> Scrape:
        """An answer; clocks of whole seconds are cut off, as the gauge and `Date` are."""
        cut = math.floor if self.whole else float
        starts = [start_s for start_s, _ in self.loops if start_s <= at_s]
        took = [end_s - start_s for start_s, end_s in self.loops if end_s <= at_s]
        values = {"took_count": float(len(took)), "took_sum": sum(took)}
        if starts:
            values["start"] = float(cut(WALL_S + starts[-1]))
        samples = [Sample(name=name, labels={}, value=value) for name, value in values.items()]
        wall_s = float(cut(WALL_S + at_s))
        return Scrape(asked_s=at_s, answered_s=at_s, wall_s=wall_s, samples=samples, gap=gap)

    def slack_s(self) -> float:
        """How exactly a start can be known."""
        return 1.0 + 2 * INTERVAL_S if self.whole else 2 * INTERVAL_S


def watched(truth: Truth, failing: set[int], first: int) -> tuple[list[Trigger], list[Ended]]:
    """All that fires and ends, when every second but those that fail is scraped."""
    form, watch = Starts(Selector("start"), Selector("took_count"), PAUSE_S), LoopWatch("a", "main", RULES)
    fired: list[Trigger] = []
    ended: list[Ended] = []
    deaf = False
    for second in range(first, math.floor(truth.ends_s) + 1):
        while not deaf and (due_s := watch.due_s()) is not None and due_s <= second:
            fired += filter(None, [watch.fire(due_s)])
        if second in failing:
            deaf = True
            continue
        for mark in form.take(truth.scrape(float(second), gap=deaf)):
            event = Event(source="m", target="a", kind=mark.kind, at_s=mark.at_s, duration_s=mark.duration_s)
            ended += [one for one in watch.take(event) if isinstance(one, Ended)]
        deaf = False
        while trigger := watch.fire(float(second)):
            fired.append(trigger)
    return fired, ended


@settings(deadline=None)
@given(TURNS, st.sets(st.integers(0, 200), max_size=30), st.booleans(), st.integers(0, 60))
def test_what_fires_has_overrun_in_truth(turns: Turns, failing: set[int], whole: bool, first: int) -> None:
    truth = Truth(turns, whole=whole)
    fired, ended = watched(truth, failing, first)
    slack_s = truth.slack_s()
    for trigger in fired:
        assert any(
            end_s - start_s >= LIMIT_S - slack_s
            and start_s - slack_s <= (trigger.started_s or 0.0) <= end_s
            and trigger.at_s <= end_s + slack_s + LAG_S
            for start_s, end_s in truth.loops
        ), (trigger, truth.loops)
    overran = sum(end_s - start_s >= LIMIT_S for start_s, end_s in truth.loops)
    assert sum(one.overran for one in ended) <= overran


@settings(deadline=None)
@given(TURNS, st.booleans(), st.integers(0, 60))
def test_what_overran_fires_where_no_scrape_fails(turns: Turns, whole: bool, first: int) -> None:
    truth = Truth([*turns, (40.0, 0.0)], whole=whole)
    fired, _ = watched(truth, set(), first)
    started_s = [trigger.started_s or 0.0 for trigger in fired]
    slack_s = truth.slack_s()
    for start_s, end_s in truth.loops:
        seen_s = end_s - max(start_s, float(first))
        if end_s - start_s >= LIMIT_S + PAUSE_S + LAG_S + slack_s and seen_s > PAUSE_S + LAG_S + slack_s:
            assert any(abs(one - start_s) <= slack_s for one in started_s), (start_s, fired)


@settings(deadline=None)
@given(TURNS, st.booleans())
def test_every_iteration_is_counted_once_with_what_all_took_together(turns: Turns, whole: bool) -> None:
    truth = Truth(turns, whole=whole)
    _, ended = watched(truth, set(), 0)
    over = [pair for pair in truth.loops if pair[1] <= math.floor(truth.ends_s)]
    assert len(ended) == len(over)
    took_s = sum(end_s - start_s for start_s, end_s in over)
    assert math.isclose(sum(one.ended_s - one.started_s for one in ended), took_s, abs_tol=1e-6)
    assert all(one.ended_s <= other.ended_s for one, other in itertools.pairwise(ended))
