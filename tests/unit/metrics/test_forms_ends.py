"""A counter of ends alone, and what does not answer at all."""

from daemon.sources.metrics.contract import Mark
from daemon.sources.metrics.forms.ends import Ends
from daemon.sources.metrics.forms.starts import MOST_ENDS
from daemon.sources.metrics.forms.unanswered import Unanswered
from daemon.sources.metrics.selectors import Selector
from daemon.watch.iterations import Ended, Rules
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind
from tests.unit.metrics.scrapes import sample, scrape, told

START, END, IDLE = EventKind.START, EventKind.END, EventKind.IDLE
RULES = Rules(
    mode="end", max_loop_time_s=60, first_loop_time_s=60, idle_allowance_s=15, lag_s=2, remembers=True
)


class Loop:
    """Scrapes of a histogram, into a watch."""

    def __init__(self, name: str = "took_count") -> None:
        self.form = Ends(Selector(name))
        self.watch = LoopWatch("a", "main", RULES)
        self.name = name
        self.ended: list[Ended] = []

    def scraped(
        self, at_s: float, ends: float | None, sum_s: float | None = None, *, gap: bool = False
    ) -> list[Mark]:
        given = {self.name: ends, "took_sum": sum_s}
        samples = [sample(name, value) for name, value in given.items() if value is not None]
        marks = self.form.take(scrape(at_s, samples, gap=gap))
        for mark in marks:
            event = Event(source="m", target="a", kind=mark.kind, at_s=mark.at_s, duration_s=mark.duration_s)
            self.ended += [one for one in self.watch.take(event) if isinstance(one, Ended)]
        return marks


def test_each_end_has_the_duration_that_the_sum_tells() -> None:
    loop = Loop()
    assert loop.scraped(0, 7, 70) == []
    assert loop.scraped(5, 7, 70) == []
    assert loop.scraped(10, 8, 73.5) == [Mark(kind=END, at_s=10, duration_s=3.5)]
    assert [mark.duration_s for mark in loop.scraped(15, 10, 75.5)] == [1, 1]


def test_silence_is_an_overrun_once_the_loop_was_seen_to_turn() -> None:
    loop = Loop()
    loop.scraped(0, 7, 70)
    assert loop.watch.due_s() is None
    loop.scraped(5, 8, 71)
    assert loop.watch.due_s() == 5 + 60 + 15 + 2


def test_silence_goes_on_through_a_gap_in_which_the_counter_stood() -> None:
    loop = Loop()
    loop.scraped(0, 7, 70)
    loop.scraped(5, 8, 71)
    loop.scraped(500, 8, 71, gap=True)
    assert loop.watch.fire(500) is not None


def test_what_ended_in_a_gap_is_judged_by_its_duration_or_not_at_all() -> None:
    loop, bare = Loop(), Loop("turns_total")
    for one in (loop, bare):
        one.scraped(0, 7, 70)
        one.scraped(5, 8, 71)
        one.scraped(500, 40, 90, gap=True)
        assert not any(ended.overran for ended in one.ended)
        assert one.watch.fire(500) is None
    assert len(loop.ended) == 33


def test_a_counter_without_a_sum_tells_one_end_a_scrape() -> None:
    bare = Loop("turns_total")
    bare.scraped(0, 7)
    assert told(bare.scraped(5, 10)) == [(END, None, 5)]
    assert bare.form.uncounted == 2


def test_very_many_ends_are_told_up_to_a_number() -> None:
    loop = Loop()
    loop.scraped(0, 0, 0)
    assert len(loop.scraped(5, 5000, 5)) == MOST_ENDS
    assert loop.form.uncounted == 5000 - MOST_ENDS


def test_a_restart_rests_until_the_next_end() -> None:
    loop = Loop()
    loop.scraped(0, 7, 70)
    loop.scraped(5, 8, 71)
    assert told(loop.scraped(10, 0, 0)) == [(IDLE, None, 5)]
    assert loop.watch.due_s() is None
    assert told(loop.scraped(15, 2, 1)) == [(END, None, 15)] * 2
    assert told(loop.scraped(20, None)) == [(IDLE, None, 15)]
    assert loop.scraped(25, None) == []


def test_a_replica_that_never_turns_is_silent() -> None:
    loop = Loop()
    assert [loop.scraped(at_s, None) for at_s in range(50)] == [[]] * 50
    assert told(loop.scraped(60, 1, 2.5)) == [(END, None, 60)]


def test_what_does_not_answer_is_in_flight_since_the_first_failure() -> None:
    one = Unanswered()
    assert one.take(scrape(0, [])) == []
    assert told(one.failed(5)) == [(START, "no answer #1", 5)]
    assert one.failed(10) == []
    assert told(one.take(scrape(15, []))) == [(END, "no answer #1", 15)]
    assert told(one.failed(20)) == [(START, "no answer #2", 20)]
