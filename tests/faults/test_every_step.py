"""Killed at every single touch of the disk: what was there is there afterwards, whole and once."""

import subprocess
import sys
from pathlib import Path

import pytest

from daemon.spool.adopt import adopt
from daemon.spool.spool import Spool
from model.report import Report
from report.render import unrendered
from report.verify import verify
from sinks.file import File
from tests.reports import REPORT_ID, assert_valid_report
from tests.tally import Tally

SCRIPT = Path(__file__).with_name("every_step.py")
FEWEST = 20  # touches that such a step surely takes


def steps(step: str, folder: Path) -> list[Path]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.every_step", step, str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    touches = done.stdout.split()
    assert len(touches) > FEWEST
    return [folder / touch for touch in touches]


@pytest.mark.fault("S1")
def test_a_capture_that_is_accepted_step_by_step_is_never_lost(tmp_path: Path, tally: Tally) -> None:
    outcomes = []
    for folder in steps("accept", tmp_path):
        tally.tries += 1
        spool = Spool(folder / "spool", max_bytes=2**30, max_reports=10)
        adopted = list(adopt(spool))
        assert list(spool.entries) == [REPORT_ID], folder
        assert not spool.damaged()
        assert not spool.orphans()
        entry = spool.entries[REPORT_ID]
        assert len(entry.capture().evidence) == len(list((entry.report_dir / "evidence").iterdir()))
        assert list(entry.deliveries) == ["file", "s3"]
        unrendered(entry.report_dir, "a test needs no pictures")
        assert_valid_report(entry.report_dir)
        outcomes.append((bool(adopted), entry.outcome))
        spool.close()
    assert outcomes[0] == (True, "partial")
    assert outcomes[-1] == (False, "complete")


@pytest.mark.fault("S1")
def test_a_report_that_is_stored_step_by_step_is_there_whole_in_the_old_or_the_new_revision(
    tmp_path: Path, tally: Tally
) -> None:
    for folder in steps("store", tmp_path):
        tally.tries += 1
        sink = File(path=folder / "reports")
        places = list((folder / "reports").glob("demo/*/*/*/*"))
        whole = [one for one in places if (one / "manifest.json").exists() and not verify(one)]
        assert whole, folder
        home = folder / REPORT_ID
        manifest = assert_valid_report(home)
        sink.store(Report(directory=home, manifest=manifest))
        [place] = (folder / "reports").glob("demo/*/*/*/*")
        assert place.name == REPORT_ID
        assert assert_valid_report(place) == manifest
