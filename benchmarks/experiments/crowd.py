"""Many targets in one daemon: memory, CPU, and that of a scrape, with 1, 10, 100 and 1,000 of them."""

import contextlib
import time
from pathlib import Path

from benchmarks.apparatus.daemons import watching
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.sockets import socket_place
from benchmarks.apparatus.trees import Watched
from benchmarks.figures import FigureError, Row, often
from benchmarks.programs.crowd import PREFIX

SIZES = (1, 10, 100, 1000)
OPTIONS = {"max_loop_time": "1m", "dashcam": "off", "collectors": ["pyspy"]}
EVERY_S = 10  # as Cluster Autoscaler does
SETTLE_S, WATCH_S = 8, 12
FOUND_WITHIN_S = 120
SCRAPES = 20


def measure(folder: Path, times: float) -> list[Row]:
    """Real processes, only watched, one healthy iteration each every ten seconds, by datagram."""
    return [row for count in SIZES for row in _of(folder, count, times)]


def _of(folder: Path, count: int, times: float) -> list[Row]:
    (home := folder / str(count)).mkdir()
    with socket_place() as place, child(program("crowd", str(count), str(place), str(EVERY_S))) as crowd:
        pids = said(crowd.stdout).split()
        targets = [
            {"name": f"{PREFIX}-{number}", "process": {"pid": int(pid)}, **OPTIONS}
            for number, pid in enumerate(pids)
        ]
        began_s = time.monotonic()
        with watching(home, targets, {"unix": {"datagram": str(place)}}) as ours:
            with contextlib.suppress(FigureError):  # a look at each takes its time: the note says it
                ours.wait_for("capture possible", lambda one: one["capture_possible"], FOUND_WITHIN_S)
            found_s = time.monotonic() - began_s
            time.sleep(often(SETTLE_S, times))
            with Watched(ours.pid) as seen:
                time.sleep(often(WATCH_S, times))
            with Watched(ours.pid) as asked:
                for _ in range(SCRAPES):
                    ours.heart.ask("GET", "/metrics")
    note = f"PSS; one iteration every {EVERY_S} s of each; {_found(found_s)}"
    return [
        Row(figure=f"memory with {count:,} targets", unit="MiB", ours=seen.most_mib, note=note),
        Row(figure=f"CPU with {count:,} targets", unit="% of a core", ours=seen.percent),
        Row(figure=f"CPU of a scrape with {count:,} targets", unit="ms", ours=1000 * asked.cpu_s / SCRAPES),
    ]


def _found(after_s: float) -> str:
    if after_s > FOUND_WITHIN_S:
        return f"not all of them were looked at within {FOUND_WITHIN_S} s: looks are in these figures"
    return f"after {after_s:.1f} s all of them could be captured"
