"""Following a log that is written at a steady pace: CPU and memory of the daemon."""

import subprocess
import time
from pathlib import Path

from benchmarks.apparatus.daemons import daemon
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.trees import together
from benchmarks.figures import Row, often

LINES_PER_S = 20_000
SETTLE_S, WATCH_S = 3, 10
MARKS = {"start": "Starting main loop", "end": "Main loop done"}


def measure(folder: Path, times: float) -> list[Row]:
    """Beside `tail -F` into `grep -c`, which hear of the same lines."""
    log = folder / "target.log"
    log.touch()
    options = {"max_loop_time": "1m", "iterations": [{"log": {"path": str(log), **MARKS}}]}
    pipe = f"tail -n0 --pid=$$ -F {log} | grep -c '{MARKS['start']}'"
    with (
        child(program("threads", "4", "20")) as target,
        daemon(folder, target.pid, options) as ours,
        child(("sh", "-c", pipe), stderr=subprocess.DEVNULL) as other,
        child(program("writing", str(log), str(LINES_PER_S))) as writer,
    ):
        said(target.stdout)
        said(writer.stdout)
        ours.wait_until_found()
        time.sleep(SETTLE_S)
        with together(ours.pid, other.pid) as (mine, theirs):
            time.sleep(often(WATCH_S, times))
    note = f"{LINES_PER_S:,} lines a second, among them an iteration's start and end each second"
    return [
        Row(
            figure=f"{what} while a log is busy",
            unit=unit,
            ours=one,
            other=another,
            beside="tail -F into grep -c",
            note=note,
        )
        for what, unit, one, another in (
            ("CPU", "% of a core", mine.percent, theirs.percent),
            ("memory", "MiB", mine.most_mib, theirs.most_mib),
        )
    ]
