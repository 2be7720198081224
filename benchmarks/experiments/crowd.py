"""Many targets in one daemon: its memory and CPU with 1, 10, 100 and 1,000 of them."""

import time
from pathlib import Path

from benchmarks.apparatus.daemons import watching
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.trees import Watched
from benchmarks.figures import Row, often
from benchmarks.programs.crowd import PREFIX

SIZES = (1, 10, 100, 1000)
EVERY_S = 10  # as Cluster Autoscaler does
SETTLE_S, WATCH_S = 12, 20
FOUND_WITHIN_S = 300


def measure(folder: Path, times: float) -> list[Row]:
    """Real processes, one healthy iteration each every ten seconds, by datagram."""
    return [row for count in SIZES for row in _of(folder, count, times)]


def _of(folder: Path, count: int, times: float) -> list[Row]:
    (home := folder / str(count)).mkdir()
    place = home / "beat.sock"
    with child(program("crowd", str(count), str(place), str(EVERY_S))) as crowd:
        pids = said(crowd.stdout).split()
        targets = [
            {"name": f"{PREFIX}-{number}", "process": {"pid": int(pid)}, "max_loop_time": "1m"}
            for number, pid in enumerate(pids)
        ]
        began_s = time.monotonic()
        with watching(home, targets, {"unix": {"datagram": str(place)}}) as ours:
            ours.wait_for("capture possible", lambda one: one["capture_possible"], FOUND_WITHIN_S)
            found_s = time.monotonic() - began_s
            time.sleep(often(SETTLE_S, times))
            with Watched(ours.pid) as seen:
                time.sleep(often(WATCH_S, times))
    note = (
        f"PSS; one iteration every {EVERY_S} s of each; after {found_s:.1f} s all of them could be captured"
    )
    return [
        Row(figure=f"memory with {count:,} targets", unit="MiB", ours=seen.most_mib, note=note),
        Row(figure=f"CPU with {count:,} targets", unit="% of a core", ours=seen.percent),
    ]
