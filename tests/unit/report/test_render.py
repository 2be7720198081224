"""From evidence to a whole report, also when evidence is damaged."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from model.capture import Outcome, PartOutcome
from model.errors import RenderError
from model.report import CAPTURE_FILE, MANIFEST_FILE
from model.verdict import Cause
from report import render as rendering
from report.drawing import Drawing
from report.render import VIEWS, render, unrendered
from tests.reports import DEFAULT_ROWS, PID, REPORT_ID, assert_valid_report, look, make_report, trace


def _drawn(home: Path) -> set[str]:
    return {file.name for file in home.iterdir()} & set(VIEWS)


def test_a_report_has_every_document_and_lists_every_file(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    manifest = render(home)
    assert assert_valid_report(home) == manifest
    assert _drawn(home) == set(VIEWS)
    assert manifest.rendering.rendered
    assert manifest.rendering.detail == ""
    assert manifest.rendering.sampled_s == pytest.approx(3.0)
    assert manifest.rendering.missed_s == pytest.approx(0.05)
    assert manifest.path == f"demo/2026/11/21/{REPORT_ID}"
    assert set(manifest.versions) == {"loopcam", "python", "py-spy"}


def test_the_verdict_is_in_the_manifest_and_heads_the_stacks(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    verdict = render(home).verdict
    assert verdict is not None
    assert verdict.cause is Cause.NATIVE_CODE  # it never left its line
    assert (
        (home / "stacks.txt").read_text().startswith(f"Verdict: native_code, confidence {verdict.confidence}")
    )


def test_a_rule_that_fails_costs_the_verdict_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Drawing) -> None:
        raise ZeroDivisionError("of nothing")

    monkeypatch.setattr(rendering, "judge", fail)
    home = make_report(tmp_path)
    manifest = render(home)
    assert_valid_report(home)
    assert manifest.verdict is None
    assert manifest.rendering.detail == "no verdict could be found: ZeroDivisionError: of nothing"
    assert _drawn(home) == set(VIEWS)


def test_only_the_owner_can_read_a_report(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    render(home)
    assert {oct(file.stat().st_mode & 0o777) for file in home.iterdir() if file.name in VIEWS} == {"0o600"}


def test_the_main_thread_comes_first_and_threads_that_only_wait_last(tmp_path: Path) -> None:
    rows = [
        (0.0, PID + 1, "waits", [("wait", "/usr/lib/python3.11/threading.py", 1)]),
        (0.0, PID + 2, "works", [("work", "/srv/a.py", 1)]),
        *DEFAULT_ROWS[:1],
    ]
    dump = look(rows, active=[PID + 2])
    home = make_report(tmp_path, segments=[trace(rows, 1.5)], dumps=[dump] * 2, states=b"{}")
    assert [top.thread for top in render(home).top_stacks] == ["MainThread", "works", "waits"]


def test_the_culprit_is_the_innermost_function_outside_the_standard_library(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    main, worker = render(home).top_stacks
    assert (main.function, main.function_share, main.share) == ("simulate", 0.8667, 0.8667)
    assert main.frames[-1] == "simulate (/srv/scaler/loop.py:31)"
    assert main.state == "running_gil"
    assert (worker.function, worker.function_share) == ("worker", 1.0)


def test_rendering_again_makes_the_next_revision_of_the_same_report(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    first, second = render(home), render(home)
    assert (first.revision, second.revision) == (1, 2)
    assert first.id == second.id
    assert_valid_report(home)


def test_the_same_evidence_gives_the_same_documents(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    assert render(home).artifacts == render(home).artifacts


@pytest.mark.parametrize("damage", [b"", b'[{"args":{"file', b"[{}]", b"\xff\xfe"])
def test_a_damaged_segment_is_named_and_the_rest_is_drawn(tmp_path: Path, damage: bytes) -> None:
    home = make_report(tmp_path, segments=[trace(DEFAULT_ROWS, 1.5), damage])
    manifest = render(home)
    assert "evidence/pyspy-001.json cannot be read" in manifest.rendering.detail
    assert manifest.rendering.sampled_s == pytest.approx(1.5)
    assert _drawn(assert_valid_report(home) and home) == set(VIEWS)


def test_a_damaged_dump_is_named_and_the_next_one_is_shown(tmp_path: Path) -> None:
    home = make_report(tmp_path, dumps=[b"[", look(DEFAULT_ROWS[:1], owner=PID)])
    assert "evidence/dump-000.json cannot be read" in render(home).rendering.detail
    assert "MainThread (4242): waiting in a call that keeps the GIL" in (home / "stacks.txt").read_text()


def test_damaged_scheduler_states_cost_the_states_only(tmp_path: Path) -> None:
    home = make_report(tmp_path, states=b"{")
    assert "evidence/dump-000.states.json cannot be read" in render(home).rendering.detail
    assert "simulate" in (home / "stacks.txt").read_text()


def test_missing_evidence_is_named_and_not_listed(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    (home / "evidence" / "pyspy-000.json").unlink()
    assert "evidence/pyspy-000.json is missing" in render(home).rendering.detail
    assert_valid_report(home)


def test_evidence_that_changed_after_the_capture_is_named(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    (home / "evidence" / "pyspy-000.json").write_bytes(trace(DEFAULT_ROWS[:1], 1.5))
    assert "evidence/pyspy-000.json was changed after the capture" in render(home).rendering.detail
    assert_valid_report(home)


def test_without_samples_looks_stand_in_each_until_the_next_and_that_is_said(tmp_path: Path) -> None:
    busy, waiting = DEFAULT_ROWS[:2], [(0.0, PID, "MainThread", [("wait", "/srv/a.py", 7)])]
    home = make_report(tmp_path, segments=[], dumps=[look(busy, active=[PID], owner=PID), look(waiting)])
    manifest = render(home)
    assert (manifest.rendering.sampled_s, manifest.rendering.from_looks) == (0, 2)
    assert manifest.rendering.missed_s == pytest.approx(3.0)
    main, worker = manifest.top_stacks
    assert (main.function, main.share) == ("wait", pytest.approx(2 / 3, abs=0.001))
    assert (worker.function, worker.share) == ("worker", 1.0)
    assert main.state == "running"
    folded = (home / "profile.collapsed").read_text()
    assert "simulate" in folded
    assert "worker" in folded
    page = (home / "report.html").read_text()
    assert "No samples were recorded: times and shares are from 2 looks" in page
    assert "not sampled 3 s; from 2 looks" in page
    assert_valid_report(home)


def test_segments_without_a_sample_count_as_no_samples(tmp_path: Path) -> None:
    manifest = render(make_report(tmp_path, segments=[b"[]"]))
    assert (manifest.rendering.sampled_s, manifest.rendering.from_looks) == (0, 3)
    assert manifest.top_stacks


def test_where_there_was_nothing_to_sample_looks_do_not_stand_in(tmp_path: Path) -> None:
    idle = PartOutcome(name="pyspy", outcome=Outcome.NOTHING, seconds=1.5, detail="no stacks sampled")
    home = make_report(tmp_path, segments=[], parts=[idle])
    manifest = render(home)
    assert manifest.top_stacks == ()
    assert "simulate" in (home / "stacks.txt").read_text()
    assert (home / "profile.collapsed").read_text() == ""
    assert "No samples were recorded, so the profile is empty." in (home / "report.html").read_text()
    assert_valid_report(home)


def test_what_was_before_the_first_sample_is_not_sampled_in_every_number(tmp_path: Path) -> None:
    late = [(0.5, PID, "MainThread", DEFAULT_ROWS[0][3])]
    home = make_report(tmp_path, segments=[trace(late, 1.5)], segment_s=1.5)
    manifest = render(home)
    assert manifest.rendering.sampled_s == pytest.approx(1.0)
    assert manifest.rendering.missed_s == pytest.approx(0.5)
    page = (home / "report.html").read_text()
    assert "500 ms of 1.5 s were not sampled" in page
    assert ">1 s sampled: " in page


def test_without_any_evidence_there_is_still_a_report(tmp_path: Path) -> None:
    home = make_report(tmp_path, segments=[], dumps=[])
    render(home)
    assert "No look at the threads of demo was taken." in (home / "stacks.txt").read_text()
    assert_valid_report(home)


def test_a_view_that_fails_costs_its_own_document_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Drawing) -> Iterator[bytes]:
        yield b"half a document"
        raise ZeroDivisionError("so it goes")

    home = make_report(tmp_path)
    render(home)
    monkeypatch.setitem(VIEWS, "profile.pb.gz", replace(VIEWS["profile.pb.gz"], draw=fail))
    manifest = render(home)
    assert manifest.rendering.detail == "profile.pb.gz could not be drawn: ZeroDivisionError: so it goes"
    assert _drawn(home) == set(VIEWS) - {"profile.pb.gz"}
    assert "so it goes" in (home / "report.html").read_text()
    assert_valid_report(home)


def test_leftovers_of_a_crashed_rendering_are_cleared(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    left = home / ".rendering-crashed"
    left.mkdir()
    (left / "report.html").write_text("half")
    render(home)
    assert [file.name for file in home.iterdir() if file.name.startswith(".")] == []
    assert_valid_report(home)


def test_a_disk_error_leaves_no_manifest_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    home = make_report(tmp_path)
    monkeypatch.setattr(rendering.durable, "sync_file", full)
    with pytest.raises(OSError, match="No space left"):
        render(home)
    assert not (home / MANIFEST_FILE).exists()
    assert not list(home.glob(".rendering-*"))


def test_without_a_capture_there_is_nothing_to_draw(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    os.truncate(home / CAPTURE_FILE, 100)
    with pytest.raises(RenderError, match=r"capture\.json cannot be read"):
        render(home)


def test_evidence_that_cannot_be_drawn_is_listed_all_the_same(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    render(home)
    manifest = unrendered(home, "the renderer crashed twice")
    assert (manifest.rendering.rendered, manifest.rendering.detail) == (False, "the renderer crashed twice")
    assert manifest.revision == 2
    assert _drawn(home) == set()
    assert_valid_report(home)


def test_unrendered_loads_nothing_heavy(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    code = (
        "import sys; from pathlib import Path; from report.render import unrendered; "
        "unrendered(Path(sys.argv[1]), 'why'); "
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in ('google', 'boto3', 'asyncio')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, home], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
    assert_valid_report(home)


def test_a_sampler_nobody_reads_is_named(tmp_path: Path) -> None:
    home = make_report(tmp_path)
    capture = home / CAPTURE_FILE
    capture.write_bytes(capture.read_bytes().replace(b'"sampler": "pyspy"', b'"sampler": "other"'))
    assert "nobody here reads the files of 'other'" in render(home).rendering.detail
    assert_valid_report(home)
