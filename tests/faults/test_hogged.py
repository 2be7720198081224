"""D3: all cores are taken. Overruns are found, and captured, though late (how late is a figure: lateness)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from model.events import Trigger
from tests.daemon import Daemon, daemon, target, until, whole_reports
from tests.reports import assert_valid_report

LATE_S = 5.0
OVERRUNS = 3


@pytest.fixture
def hogs() -> Iterator[None]:
    """A busy process for each core."""
    busy = [
        subprocess.Popen([sys.executable, "-I", "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)
    ]
    yield
    for one in busy:
        one.kill()
        one.wait()


def triggers(cam: Daemon, number: int) -> list[Trigger]:
    """What brought the reports of an iteration that are stored."""
    found = [assert_valid_report(report).capture.trigger for report in whole_reports(cam.reports)]
    return [one for one in found if one.iteration == str(number)]


@pytest.mark.alone
@pytest.mark.fault("D3")
def test_with_all_cores_taken_overruns_are_found_and_captured(tmp_path: Path, stuck: int, hogs: None) -> None:
    with daemon(tmp_path, target("one", stuck, cooldown="400ms")) as cam:
        for number in range(OVERRUNS):
            cam.beat("start", "one", number)
            found = until(lambda number=number: triggers(cam, number), "stored")
            cam.beat("end", "one", number)
            until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
            first = min(found, key=lambda one: one.fired)  # storing takes long: it may be captured again
            assert first.started_s is not None
            assert first.at_s - first.started_s < LATE_S
