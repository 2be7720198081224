"""What was sampled before the window: documents of its own, and the window's place where that is empty."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from model.capture import Outcome
from report import manifests, shown
from report.drawing import Drawing
from report.evidence import reading
from report.render import LEADUP, render
from report.words import missing, story
from tests.reports import DEFAULT_ROWS, PID, START_S, Row, assert_valid_report, make_report, trace

EARLIER: tuple[Row, ...] = (
    (0.0, PID, "MainThread", [("run_once", "/srv/a.py", 1), ("fetch", "/srv/a.py", 7)]),
)


def drawn(home: Path) -> Drawing:
    capture = manifests.read_capture(home)
    return shown.drawing(capture, reading.read(home, capture), (), ())


def test_a_report_without_one_has_no_documents_of_it(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    render(home)
    assert not [name for name in LEADUP if (home / name).exists()]


def test_the_lead_up_has_documents_of_its_own(tmp_path: Path) -> None:
    home = make_report(tmp_path, leadup=[trace(EARLIER, 1.5)] * 2)
    manifest = render(home)
    assert assert_valid_report(home) == manifest
    assert all((home / name).stat().st_size for name in LEADUP)
    assert "fetch" in (home / "leadup.collapsed").read_text()
    assert "simulate" not in (home / "leadup.collapsed").read_text()
    assert "fetch" not in (home / "profile.collapsed").read_text()
    assert manifest.top_stacks[0].function == "simulate"


def test_times_sampled_and_missed_are_the_windows(tmp_path: Path) -> None:
    rendering = render(make_report(tmp_path, leadup=[trace(EARLIER, 1.5)] * 2)).rendering
    assert rendering.sampled_s == pytest.approx(3.0)
    assert rendering.missed_s == pytest.approx(0.05)
    assert not rendering.from_leadup


def test_a_window_without_samples_shows_the_stalled_iterations_lead_up(tmp_path: Path) -> None:
    home = make_report(
        tmp_path,
        segments=[],
        dumps=[],
        leadup=[trace(DEFAULT_ROWS, 1.5), trace(EARLIER, 1.5)],
        outcome=Outcome.TARGET_EXITED,
    )
    manifest = render(home)
    assert_valid_report(home)
    assert manifest.rendering.from_leadup
    assert manifest.rendering.sampled_s == pytest.approx(1.5 + 0.42, abs=0.01)  # since the iteration's start
    assert manifest.top_stacks[0].function == "fetch"
    assert "fetch" in (home / "profile.collapsed").read_text()
    one = drawn(home)
    said = " ".join(story(one))
    assert "For 3.1 s before that, the dashcam had sampled it with pyspy at 100 Hz." in said
    assert "All stacks and shares here are from this lead-up" in said
    early = replace(one.capture.recording.segments[0], started_s=START_S - 30, ended_s=START_S - 28)
    segments = (early, *one.capture.recording.segments[1:])
    capture = replace(one.capture, recording=replace(one.capture.recording, segments=segments))
    said = " ".join(story(Drawing(**{**vars(one), "capture": capture})))
    assert "For 3.5 s of the 30 s before that, the dashcam had sampled it" in said
    assert any("the process was gone" in line for line in missing(one))


def test_a_few_milliseconds_that_were_missed_are_not_told(tmp_path: Path) -> None:
    few = drawn(make_report(tmp_path / "few", seam_s=0.05))
    many = drawn(make_report(tmp_path / "many", seam_s=0.5))
    assert not [line for line in missing(few) if "not sampled" in line]
    assert [line for line in missing(many) if "not sampled" in line]
