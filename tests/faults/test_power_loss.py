"""The power goes at any moment, and with it anything that was not synced: nothing that was acknowledged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.limits_file import LimitsFile
from daemon.spool.adopt import adopt
from daemon.spool.spool import Spool
from report.verify import verify
from tests.faults.power.cuts import Cut, cuts
from tests.faults.power.recording import record
from tests.prerequisites import require
from tests.reports import REPORT_ID, assert_valid_report

ROOT = Path(__file__).parents[2]
DRAWS = 6
FEWEST = 100  # states that such a step surely has


def after_cuts(step: str, folder: Path) -> Iterator[tuple[Cut, Path]]:
    """Each disk that a cut may leave, written out."""
    require("strace")
    played = folder / "played"
    played.mkdir()
    disk = record(["-m", "tests.faults.power.steps", step], played, ROOT)
    found = list(cuts(disk, DRAWS))
    assert len(found) > FEWEST
    for number, cut in enumerate(found):
        place = folder / str(number)
        place.mkdir()
        cut.disk.write_out(place)
        yield cut, place


@pytest.mark.fault("S2")
def test_a_report_that_was_accepted_is_there_until_its_sinks_have_it(tmp_path: Path) -> None:
    for cut, place in after_cuts("spooled", tmp_path):
        spool = Spool(place / "spool", max_bytes=2**30, max_reports=10)
        list(adopt(spool))
        entry = spool.entries.get(REPORT_ID)
        if "accepted" in cut.said and "leaving" not in cut.said:
            assert entry is not None, str(cut)
            assert not spool.damaged(), str(cut)
            assert {sink for sink in cut.said if sink in ("file", "s3")} <= set(entry.locations()), str(cut)
            whole = [
                one.path for one in entry.capture.evidence if (entry.report_dir / one.path).stat().st_size
            ]
            assert len(whole) > 3, str(cut)
        spool.close()


@pytest.mark.fault("S2")
def test_every_start_succeeds_whatever_was_lost(tmp_path: Path) -> None:
    for cut, place in after_cuts("spooled", tmp_path):
        for _ in range(2):  # the start that mends, and the one after it
            spool = Spool(place / "spool", max_bytes=2**30, max_reports=10)
            list(adopt(spool))
            assert not spool.orphans(), str(cut)
            spool.close()


@pytest.mark.fault("S2")
def test_a_folder_of_reports_holds_what_was_stored_in_it(tmp_path: Path) -> None:
    for cut, place in after_cuts("stored", tmp_path):
        found = [one.parent for one in (place / "reports").glob("demo/*/*/*/*/manifest.json")]
        whole = [one for one in found if not verify(one)]
        assert whole or not cut.said, str(cut)
        if "second" not in cut.said:
            continue
        [at] = (place / "reports").glob(f"demo/*/*/*/{REPORT_ID}")
        manifest = assert_valid_report(at)
        assert manifest.rendering.detail == "the second"


@pytest.mark.fault("S2")
def test_a_capture_that_was_spent_stays_spent(tmp_path: Path) -> None:
    for cut, place in after_cuts("limited", tmp_path):
        known = set(LimitsFile(place / "limits.json").load().saved("a boot").targets)
        assert set(cut.said) <= known, str(cut)
