"""What is said of answers that lack what is looked for."""

import pytest

from daemon.sources.contract import Condition
from daemon.sources.metrics.exposition import MOST_LINES, Exposition
from daemon.sources.metrics.missing import HEARS, LEADS, Around, complete, usable
from daemon.sources.metrics.options import Metrics

STARTS = Metrics(start='loop_start{x="1"}', end="loop_took_count", idle_allowance=1.0)  # type: ignore[arg-type]
AGES = Metrics(in_flight_seconds=("loop_age_seconds", "other_age_seconds"))


def said(options: Metrics, text: str, *, curious: bool = True) -> Condition:
    form = options.series.form()
    one = Exposition({**form.names, LEADS: frozenset()}, curious=curious)
    one.take(text.encode())
    judged = usable(form, one)
    return complete(form, one.samples, Around.of(one) if curious else None) if judged.up else judged


GOOD = 'loop_start{x="1"} 5\nloop_took_sum 1\nloop_took_count 1\n'


def test_all_is_there() -> None:
    assert said(STARTS, GOOD) == HEARS
    assert said(AGES, "other_age_seconds 1\n") == HEARS


@pytest.mark.parametrize(
    ("options", "text", "up", "detail", "remedy"),
    [
        (STARTS, 'loop_start{x="2"} 5\n', False, "holds no loop_start", 'there is loop_start{x="2"}'),
        (STARTS, 'loop_starts{x="1"} 5\n', True, "has never begun", "did you mean loop_starts?"),
        (STARTS, "up 1\ngo_info 1\n", False, "holds no loop_start", "2 others, such as go_info, up"),
        (STARTS, "<html>\n", False, "holds no", "is it a Prometheus exposition?"),
        (STARTS, f'{LEADS}{{name="a"}} 0\n', True, "on standby", ""),
        (STARTS, f'{LEADS}{{name="a"}} 1\n', False, "holds no", "right `path`"),
        (
            STARTS,
            'loop_start{x="1"} 5\nloop_took_countt 1\n',
            True,
            "first iteration",
            "mean loop_took_countt",
        ),
        (STARTS, 'loop_start{x="1",y="1"} 5\nloop_start{x="1",y="2"} 5\n', False, "2 series are", "say more"),
        (STARTS, 'loop_start{x="1"} five\n', False, "cannot be read: loop_start", "is it a Prometheus"),
        (AGES, "loop_other 1\n", True, "", ""),
        (AGES, "loops_age_seconds 1\n", False, "holds no loop_age_seconds", "mean loops_age_seconds"),
        (AGES, f"{LEADS} 0\n", True, "on standby", ""),
    ],
)
def test_what_is_missing_is_told_with_a_remedy(
    options: Metrics, text: str, up: bool, detail: str, remedy: str
) -> None:
    judged = said(options, text)
    assert judged.up is up
    assert detail in judged.detail
    assert remedy in judged.remedy


def test_too_many_series_of_the_names_are_told() -> None:
    text = "".join(f'loop_start{{x="{number}"}} 1\n' for number in range(MOST_LINES + 1))
    told = f"more than {MOST_LINES} series, or long ones, have the names that are looked for"
    assert said(STARTS, text).detail == told


def test_without_a_look_around_it_waits() -> None:
    assert said(STARTS, "up 1\n", curious=False) == Condition(True, 'the answer holds no loop_start{x="1"}')
