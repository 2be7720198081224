"""An outage is over, and all that waited is delivered, by little memory and one after the other."""

import os
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, target, until
from tests.tally import Tally, Times
from tests.unit.spool.entries import put

WAITING, SOAK_WAITING = 100, 1000
GROWTH_BYTES = 20 * 2**20


def resident_bytes(cam: Daemon) -> int:
    return int(Path(f"/proc/{cam.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.fault("S7")
def test_all_that_waited_is_delivered_by_little_memory(
    tmp_path: Path, stuck: int, tally: Tally, times: Times
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    tally.tries = times(WAITING, SOAK_WAITING)
    for number in range(tally.tries):
        put(tmp_path / "spool", number)
    spool = {"path": str(tmp_path / "spool"), "max_reports": 2 * tally.tries}
    sinks = [{"file": {"path": str(blocked / "reports"), "keep": 0}}]
    with daemon(tmp_path, target("one", stuck), sinks=sinks, spool=spool) as cam:
        until(lambda: cam.sink("file")["pending"] == tally.tries, "all wait")
        before_bytes = resident_bytes(cam)
        blocked.unlink()
        most_bytes = before_bytes
        while cam.sink("file")["pending"]:
            most_bytes = max(most_bytes, resident_bytes(cam))
        stored = cam.stored(tally.tries, blocked)
        tally.lost = tally.tries - len({one.name for one in stored})
        tally.duplicated = len(stored) - len({one.name for one in stored})
        assert (tally.lost, tally.duplicated) == (0, 0)
        assert most_bytes - before_bytes < GROWTH_BYTES
        assert cam.entries() == sorted(one.name for one in stored)
