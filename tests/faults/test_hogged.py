"""D3: all cores are taken. Overruns are found, and captured, though late (how late is a figure: lateness)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import daemon, target, until, whole_reports
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


@pytest.mark.fault("D3")
def test_with_all_cores_taken_overruns_are_found_and_captured(tmp_path: Path, stuck: int, hogs: None) -> None:
    with daemon(tmp_path, target("one", stuck, cooldown="400ms")) as cam:
        for number in range(OVERRUNS):
            cam.beat("start", "one", number)
            until(lambda number=number: len(cam.said("report stored")) > number, "stored")
            cam.beat("end", "one", number)
            until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
        triggers = [assert_valid_report(report).capture.trigger for report in whole_reports(cam.reports)]
        firsts = [one for one in triggers if one.fired == 1]  # storing takes long: it may be captured again
        assert {one.iteration for one in firsts} == {str(number) for number in range(OVERRUNS)}
        for trigger in firsts:
            assert trigger.started_s is not None
            assert trigger.at_s - trigger.started_s < LATE_S
