"""What a report says happened."""

from pathlib import Path

import msgspec
import pytest

from model.capture import Capture, Iteration
from model.events import Certainty, TriggerKind
from model.units import duration
from report import manifests, words
from report.drawing import Drawing
from tests.reports import START_S, make_report
from tests.unit.report import drawings as make


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    return manifests.read_capture(make_report(tmp_path))


def _drawing(tmp_path: Path, capture: Capture) -> Drawing:
    drawing = make.drawing(tmp_path / "other", [])
    return Drawing(**{**vars(drawing), "capture": capture})


def test_an_overrun_is_told_with_age_and_limit(capture: Capture, tmp_path: Path) -> None:
    assert words.headline(capture) == "demo: an iteration ran for over 5.07 s (limit 2 s)"
    said = "\n".join(words.story(_drawing(tmp_path, capture)))
    assert "had been running for 2 s at 2026-11-21 08:58:11.250 UTC; its limit is 2 s." in said
    assert "until the collection time was over" in said


def test_the_headline_has_the_longest_duration_that_is_known(capture: Capture) -> None:
    ended = msgspec.structs.replace(
        capture, iteration=Iteration(id="17", started_s=START_S - 2, ended_s=START_S + 9.5)
    )
    assert words.headline(ended) == "demo: an iteration took 11.5 s (limit 2 s)"
    unknown = msgspec.structs.replace(capture, iteration=None)
    assert words.headline(unknown) == "demo: an iteration ran for over 2 s (limit 2 s)"


def test_a_capture_on_demand_is_told_as_one(capture: Capture, tmp_path: Path) -> None:
    trigger = msgspec.structs.replace(
        capture.trigger, kind=TriggerKind.MANUAL, reason="asked by ops", started_s=None, threshold_s=None
    )
    capture = msgspec.structs.replace(capture, trigger=trigger)
    assert words.headline(capture) == "demo: captured on demand"
    said = "\n".join(words.story(_drawing(tmp_path, capture)))
    assert "a capture was asked for: asked by ops." in said
    assert "iteration" not in said


@pytest.mark.parametrize("started_s", [None, START_S - 2])
def test_another_reason_is_told_as_it_was_given(
    capture: Capture, tmp_path: Path, started_s: float | None
) -> None:
    reason = "more than 80% of a core for 30s"
    trigger = msgspec.structs.replace(capture.trigger, kind="cpu", reason=reason, started_s=started_s)
    capture = msgspec.structs.replace(capture, trigger=trigger)
    assert words.headline(capture) == f"demo: {reason}"
    said = "\n".join(words.story(_drawing(tmp_path, capture)))
    assert f"demo (pid 4242 on box) was captured at 2026-11-21 08:58:11.250 UTC: {reason}." in said
    assert "asked for" not in said
    assert "The iteration was still running" in said


def test_what_is_inferred_repeated_or_labelled_is_said(capture: Capture, tmp_path: Path) -> None:
    trigger = msgspec.structs.replace(capture.trigger, certainty=Certainty.INFERRED, fired=2)
    capture = msgspec.structs.replace(capture, trigger=trigger, notes=("observer_paused", "something new"))
    said = "\n".join(words.story(_drawing(tmp_path, capture)))
    assert "the age follows from silence" in said
    assert "trigger 2 of the same stall" in said
    assert "loopcam itself had been paused" in said
    assert "something new" in said


def test_the_end_of_the_iteration_is_told(capture: Capture, tmp_path: Path) -> None:
    ended = Iteration(id="17", started_s=START_S - 2, ended_s=START_S + 2.5)
    capture = msgspec.structs.replace(capture, iteration=ended)
    assert "The iteration ended after 4.5 s." in list(words.story(_drawing(tmp_path, capture)))


@pytest.mark.parametrize(
    ("value_s", "text"),
    [
        (0, "0 s"),
        (0.0123, "12.3 ms"),
        (2.0019, "2 s"),
        (2.346, "2.35 s"),
        (61.2, "1 m 1 s"),
        (3723, "1 h 2 m"),
    ],
)
def test_durations_are_as_people_say_them(value_s: float, text: str) -> None:
    assert duration(value_s) == text
