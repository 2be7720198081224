"""The power goes at any moment, and with it anything that was not synced: nothing that was acknowledged."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.limits.file import LimitsFile
from daemon.spool.adopt import adopt
from daemon.spool.spool import Spool
from disk.durable import sha256
from report.verify import verify
from tests.faults.power.cuts import Cut, cuts
from tests.faults.power.recording import record
from tests.prerequisites import require
from tests.reports import REPORT_ID, assert_valid_report
from tests.tally import Tally, Times

pytestmark = pytest.mark.fault("S2")

ROOT = Path(__file__).parents[2]
DRAWS, SOAK_DRAWS = 4, 100  # of what reached the disk, for each moment
FEWEST = 100  # states that such a step surely has
Cuts = Callable[[str], Iterator[tuple[Cut, Path]]]


@pytest.fixture
def after_cuts(tmp_path: Path, tally: Tally, times: Times) -> Cuts:
    """Each disk that a cut within a step may leave, written out."""
    require("strace")

    def written(step: str) -> Iterator[tuple[Cut, Path]]:
        played = tmp_path / "played"
        played.mkdir()
        found = list(
            cuts(record(["-m", "tests.faults.power.steps", step], played, ROOT), times(DRAWS, SOAK_DRAWS))
        )
        assert len(found) > FEWEST
        for tally.tries, cut in enumerate(found, 1):
            place = tmp_path / str(tally.tries)
            place.mkdir()
            cut.disk.write_out(place)
            yield cut, place

    return written


def start(place: Path) -> Spool:
    """As a daemon does."""
    spool = Spool(place / "spool", max_bytes=2**30, max_reports=10)
    list(adopt(spool))
    spool.close()
    return spool


def holds(spool: Spool, said: tuple[str, ...]) -> bool:
    """Whether the report is there, whole, and with all that was known of it."""
    entry = spool.entries.get(REPORT_ID)
    return (
        entry is not None
        and all(sha256(entry.report_dir / one.path) == one.sha256 for one in entry.capture().evidence)
        and {"file", "s3"} & set(said) <= set(entry.locations())
    )


def test_a_report_that_was_accepted_is_there_until_its_sinks_have_it(after_cuts: Cuts, tally: Tally) -> None:
    lost = []
    for cut, place in after_cuts("spooled"):
        spool = start(place)
        if "accepted" in cut.said and "leaving" not in cut.said and not holds(spool, cut.said):
            lost.append(str(cut))
        assert not start(place).orphans(), str(cut)
    tally.lost = len(lost)
    assert not lost


def test_a_folder_of_reports_holds_what_was_stored_in_it(after_cuts: Cuts, tally: Tally) -> None:
    lost = []
    for cut, place in after_cuts("stored"):
        found = [one.parent for one in (place / "reports").glob("demo/*/*/*/*/manifest.json")]
        if cut.said and all(verify(one) for one in found):
            lost.append(str(cut))
        if "second" in cut.said:
            [at] = (place / "reports").glob(f"demo/*/*/*/{REPORT_ID}")
            assert assert_valid_report(at).rendering.detail == "the second"
    tally.lost = len(lost)
    assert not lost


def test_a_capture_that_was_spent_stays_spent(after_cuts: Cuts) -> None:
    for cut, place in after_cuts("limited"):
        known = set(LimitsFile(place / "limits.json").load().saved("a boot").targets)
        assert set(cut.said) <= known, str(cut)
