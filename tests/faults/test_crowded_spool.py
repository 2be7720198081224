"""S11: a spool with very much in it. The daemon watches at once, and takes it up little by little."""

import os
import shutil
from pathlib import Path
from time import monotonic

import pytest

from tests.daemon import Daemon, target, until
from tests.tally import Tally, Times
from tests.unit.spool.entries import DELIVERED, name, put

FOREIGN, SOAK_FOREIGN = 3_000, 50_000
REPORTS, SOAK_REPORTS = 3_000, 50_000  # more than are read at the start
OWED = 5
KEPT = 50
START_S = 2.0
BUSY_S = 3.0  # what starting Python takes on a machine with other work
LATE_S = 1.0  # on average: less than a daemon that was paused


def crowd(spool: Path, foreign: int, reports: int) -> None:
    """Files of nobody, reports that were delivered long ago, and newer ones that are owed."""
    model = put(spool, 0, sinks={"file": DELIVERED})
    capture = (model / "report" / "capture.json").read_bytes()
    for number in range(foreign):
        (spool / "reports" / f"foreign-{number}").touch()
    for number in range(reports):
        entry = spool / "reports" / f"20250101T{number:06}Z-demo-aaaaaa"
        (entry / "report").mkdir(parents=True)
        (entry / "state").mkdir()
        (entry / "report" / "capture.json").write_bytes(
            capture.replace(model.name.encode(), entry.name.encode())
        )
        for file in ("report/manifest.json", "state/sink-file.json"):
            os.link(model / file, entry / file) if number else shutil.copy(model / file, entry / file)
        model = entry
        capture = (model / "report" / "capture.json").read_bytes()
    for number in range(1, 1 + OWED):
        put(spool, number)


@pytest.mark.fault("S11")
def test_a_crowded_spool_delays_no_start_and_no_look_and_what_is_owed_is_delivered(
    tmp_path: Path, stuck: int, tally: Tally, times: Times
) -> None:
    foreign, reports = times(FOREIGN, SOAK_FOREIGN), times(REPORTS, SOAK_REPORTS)
    crowd(tmp_path / "spool", foreign, reports)
    spool = {"path": str(tmp_path / "spool"), "max_reports": KEPT}
    cam = Daemon(tmp_path, [target("one", stuck, max_loop_time="1h")], spool=spool)
    began_s = monotonic()
    try:
        cam.start()
        tally.tries, tally.worst_s = foreign + reports, monotonic() - began_s
        assert tally.worst_s < START_S + BUSY_S
        until(lambda: cam.said("reading on in the spool"), "the start has not read all of it")
        found = until(lambda: stored(cam), "what is owed is delivered", 30 + (foreign + reports) / 500)
        tally.lost = OWED - len(found)
        assert found == {name(number) for number in range(1, 1 + OWED)}
        until(lambda: len(cam.entries()) < KEPT, "the quota is kept", 30 + reports / 100)
        until(
            lambda: cam.metric("loopcam_spool_damaged") == foreign,
            "the rest is set aside",
            30 + foreign / 100,
        )
        assert cam.metric("loopcam_lateness_seconds_sum") < LATE_S * cam.metric(
            "loopcam_lateness_seconds_count"
        )
    finally:
        cam.close()


def stored(cam: Daemon) -> set[str]:
    found = {str(line["report"]) for line in cam.said("report stored")}
    return found if len(found) == OWED else set()
