"""What the patterns of a log may cost. The CPU is a number here."""

import pytest

from daemon.sources.contract import Condition
from daemon.sources.log.budget import BURST_S, RETRY_S, Budget
from daemon.sources.log.durations import seconds
from daemon.sources.log.matcher import Matcher
from daemon.sources.log.patterns import Pattern, sought
from model.events import EventKind


class Computer:
    """A CPU that works only when told, and a clock."""

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.now_s = 0.0

    def work(self, cpu_s: float, passed_s: float | None = None) -> None:
        self.cpu_s += cpu_s
        self.now_s += cpu_s if passed_s is None else passed_s


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def matcher(computer: Computer) -> Matcher:
    patterns = [Pattern(EventKind.START, "begins"), Pattern(EventKind.END, r"(?i)e.*n.*d.*s")]
    return Matcher(patterns, lambda: computer.cpu_s, lambda: computer.now_s)


def piece(matcher: Matcher, computer: Computer, cpu_s: float, passed_s: float, *, fresh: bool = True) -> None:
    matcher.begin()
    matcher.marks([(b"a line", b"a line")], 100)
    computer.work(cpu_s, passed_s)
    matcher.end(fresh=fresh)


def test_less_than_half_a_core_may_last():
    budget = Budget()
    assert not any(budget.spend(0.49, float(second)) for second in range(1000))


def test_more_than_half_a_core_may_not_last():
    budget = Budget()
    told = [budget.spend(0.9, float(second)) for second in range(10)]
    assert told.index(True) == 5
    assert not any(told[:5])


def test_a_burst_is_forgotten():
    budget = Budget()
    assert not budget.spend(BURST_S, 0.0)
    assert not budget.spend(BURST_S, 2 * BURST_S)


def test_the_dearest_pattern_is_disabled_with_a_reason_and_others_go_on(matcher, computer, caplog):
    for _ in range(10):
        piece(matcher, computer, 0.9, 1.0)
    assert matcher.disabled_patterns == 1
    assert matcher.texts == (b"begins",)
    condition = matcher.condition()
    assert not condition.up
    assert "disabled: (?i)e.*n.*d.*s" in condition.detail
    assert "tried again 5m" in condition.remedy
    assert [record.message for record in caplog.records] == ["pattern disabled: matching took too long"]
    assert matcher.marks([(b"it begins", b"")], 100)
    assert not matcher.marks([(b"it ends", b"")], 100)


def test_a_disabled_pattern_is_tried_again(matcher, computer):
    for _ in range(10):
        piece(matcher, computer, 0.9, 1.0)
    computer.work(0.0, RETRY_S)
    matcher.begin()
    assert matcher.condition() == Condition(True)
    assert matcher.marks([(b"it ends", b"")], 100)


def test_catching_up_may_take_all_there_is(matcher, computer):
    for _ in range(100):
        piece(matcher, computer, 1.0, 1.0, fresh=False)
    assert matcher.condition().up


def test_a_piece_that_takes_too_long_disables_at_once_what_makes_it_so(matcher, computer):
    def lines():
        for _ in range(10_000):
            computer.work(0.001)
            yield b"a line of some length", b""

    matcher.begin()
    matcher.marks(lines(), 100)
    assert matcher.disabled_patterns == 2
    assert not matcher


def test_without_a_clock_nothing_is_disabled():
    matcher = Matcher([Pattern(EventKind.END, r"(?i)e")], None)
    matcher.begin()
    matcher.marks(((b"x" * 1000, b"") for _ in range(1000)), 1000)
    matcher.end(fresh=True)
    assert matcher.condition().up


def test_texts_to_look_for_are_as_few_as_will_do():
    patterns = [Pattern(EventKind.START, one) for one in ("loop", "the loop begins", "other")]
    assert sorted(sought(patterns)) == [b"loop", b"other"]
    assert sought([*patterns, Pattern(EventKind.END, "(?i)x")]) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m2.345678s", 62.345678),
        ("12.3s", 12.3),
        ("350ms", 0.35),
        ("1h0m0s", 3600),
        ("0.144", 0.144),
        ("12", 12),
        ("1.5µs", 1.5e-06),
        ("2e-3", 0.002),
        ("", None),
        ("soon", None),
        ("-1s", None),
        ("1s later", None),
        ("nan", None),
        ("9" * 41, None),
        ("9" * 38, None),  # nobody's loop took longer than a week
        ("169h", None),
    ],
)
def test_durations_as_programs_log_them(text, expected):
    assert seconds(text) == expected


def test_a_bare_number_counts_its_unit():
    assert seconds("144", unit_s=1e-3) == 0.144
    assert seconds("144ms", unit_s=1e-3) == 0.144


def test_a_name_with_characters_that_cannot_be_printed_is_escaped():
    mark = Pattern(EventKind.START, "begin (?P<iteration>.*)").mark(b"begin a\x01b\x1b[2J", b"")
    assert mark is not None
    assert mark.iteration == r"a\x01b\x1b[2J"
