"""The axis: its zero is the trigger, and the iteration is on it where that leaves room for the rest."""

import itertools
from dataclasses import replace

import msgspec
import pytest

from report.drawing import Drawing
from report.page import axis
from report.page.axis import Axis, relative
from tests.reports import START_S
from tests.unit.report.page.rich import LEADUP_S, STALLED_S, WINDOW_S, rich


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return rich(tmp_path_factory.mktemp("drawing"), threads=3, busy=1)


def _began(drawing: Drawing, at_s: float) -> Drawing:
    iteration = msgspec.structs.replace(drawing.capture.iteration, started_s=at_s)
    return replace(drawing, capture=msgspec.structs.replace(drawing.capture, iteration=iteration))


def test_it_covers_lead_up_and_window(drawing: Drawing) -> None:
    found = axis.of(drawing)
    assert (found.start_us - found.zero_us, found.end_us - found.zero_us) == (
        -LEADUP_S * 1_000_000,
        WINDOW_S * 1_000_000,
    )


def test_an_iteration_that_began_before_is_on_it_unless_that_is_long_ago(drawing: Drawing) -> None:
    before_s = START_S - LEADUP_S - 60
    assert axis.of(_began(drawing, before_s)).start_us == round(before_s * 1e6)
    assert axis.of(_began(drawing, START_S - 3600)).start_us == round((START_S - LEADUP_S) * 1e6)


def test_presets_begin_with_what_one_looks_for(drawing: Drawing) -> None:
    found = {each.key: (each.start_us, each.end_us) for each in axis.presets(drawing, axis.of(drawing))}
    assert list(found) == ["stalled", "leadup", "window", "everything"]
    assert found["stalled"] == (-STALLED_S * 1e6, 26.4e6)
    assert found["leadup"] == (-LEADUP_S * 1e6, 0)


@pytest.mark.parametrize("length_s", [0.004, 1.5, 33, 150, 4000, 90_000])
def test_ticks_are_few_and_round(length_s: float) -> None:
    found = list(Axis(0, round(length_s * 1e6), round(length_s * 4e5)).ticks())
    assert 2 <= len(found) <= axis.MOST_TICKS + 1
    assert len({after - before for before, after in itertools.pairwise(found)}) == 1


def test_what_is_outside_lies_at_an_end() -> None:
    found = Axis(1_000, 2_000, 1_000)
    assert (found.percent(0), found.percent(1_500), found.percent(9_000)) == ("0.000%", "50.000%", "100.000%")


def test_times_have_a_sign() -> None:
    assert [relative(each) for each in (-2.5, 0.0, 0.25)] == [f"{axis.MINUS}2.5 s", "0 s", "+250 ms"]
