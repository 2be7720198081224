"""S3: each write, sync and rename on a report's way fails in turn: it arrives all the same."""

import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from daemon.spool.adopt import adopt
from daemon.spool.spool import Spool
from tests.faults.every_error import DONE, FIRST, REFUSED, UNTOUCHED
from tests.prerequisites import require
from tests.reports import REPORT_ID, assert_valid_report
from tests.tally import Tally, Times

ROOT = Path(__file__).parents[2]
A_WHILE, SOAK_A_WHILE = 1, 12  # failures in a row, after which there is space again
CALLS = ["write", "rename", "renameat", "mkdir", "mkdirat"]


def lives(call: str, error: str, failures: int, place: Path) -> dict[Path, int]:
    """The folders of reports that each saw another call fail, and how it went."""
    place.mkdir()
    inject = f"inject={call}:error={error}:when={FIRST}..{FIRST + failures - 1}"
    strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
    argv = [*strace, sys.executable, "-m", "tests.faults.every_error", call, str(failures), str(place)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    numbers = [line.split() for line in done.stdout.splitlines()]
    return {place / number: int(code) for number, code in numbers}


@pytest.mark.fault("S3")
@pytest.mark.parametrize(
    ("call", "error"), [*((call, "ENOSPC") for call in CALLS), ("write", "EIO"), ("fsync", "EIO")]
)
def test_whatever_call_fails_the_report_is_kept_and_stored_once_it_does_not(
    tmp_path: Path, call: str, error: str, tally: Tally, times: Times
) -> None:
    require("strace")
    tally.lost = tally.duplicated = 0
    for failures in {1, times(A_WHILE, SOAK_A_WHILE)}:
        began_s = monotonic()
        found = lives(call, error, failures, tmp_path / str(failures))
        assert list(found.values())[-1] == UNTOUCHED, "there are more calls than were tried"
        assert len(found) > 1, "this call is never made: it shows nothing"
        for folder, code in found.items():
            tally.tries += 1
            assert code in (DONE, REFUSED, UNTOUCHED), folder
            reports = list((folder / "reports").glob(f"demo/*/*/*/{REPORT_ID}"))
            tally.lost += code != REFUSED and not reports
            tally.duplicated += len(reports) > 1
            _check(folder, code, reports)
        tally.took((monotonic() - began_s) / len(found))
    assert (tally.lost, tally.duplicated) == (0, 0)


def _check(folder: Path, code: int, reports: list[Path]) -> None:
    """What a restart finds: the report, whole, and nothing else; a capture that was refused left nothing."""
    spool = Spool(folder / "spool", max_bytes=2**30, max_reports=10)
    assert not list(adopt(spool))
    assert not spool.damaged()
    assert list(spool.entries) == ([] if code == REFUSED else [REPORT_ID])
    spool.close()
    for one in reports:
        assert_valid_report(one)
