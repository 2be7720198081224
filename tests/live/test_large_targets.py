"""Targets with many threads: the rate suits them, the window ends in time, evidence stays small."""

import pytest

from collectors.pyspy import PySpy
from model.capture import Outcome
from tests.live.captures import Studio
from tests.targets import Targets

LATE_S = 8.0  # the last sample and py-spy's file, on a machine that has other work
MEBIBYTE = 2**20


@pytest.mark.fault("T1")
async def test_fifty_deep_threads_are_sampled_at_a_rate_that_suits_them(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py", 50, 60)
    taken = await studio.take(target.pid, 6)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.seconds < 6 + LATE_S
    assert taken.recording.rate_hz < 50
    assert "52 threads" in taken.recording.rate_reason
    assert len([thread for thread in taken.table.threads if thread.name.startswith("patient")]) == 50
    assert taken.manifest.top_stacks[0].function == "the_culprit"
    assert sum(artifact.size_bytes for artifact in taken.capture.evidence) < 16 * MEBIBYTE


async def test_a_rate_that_is_too_high_does_not_make_the_window_longer(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py", 50, 60)
    taken = await studio.take(target.pid, 3, PySpy(rate_hz=200))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.seconds < 3 + LATE_S
    assert any(segment.behind or segment.missed for segment in taken.recording.segments)


@pytest.mark.fault("T1")
async def test_two_hundred_threads_are_captured_in_time(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py", 200, 30)
    taken = await studio.take(target.pid, 6)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.seconds < 6 + LATE_S
    assert taken.recording.rate_hz < 10
    first = (taken.directory / taken.recording.dumps[0].path).read_bytes()
    assert first.count(b'"os_thread_id"') == 202
    assert len(taken.recording.segments) <= 2  # none at all where the first look took the window
    assert sum(artifact.size_bytes for artifact in taken.capture.evidence) < 16 * MEBIBYTE
