"""What a capture costs the machine, by the target's size: CPU and memory of the daemon's whole tree."""

import time
from pathlib import Path
from statistics import median

from benchmarks.apparatus.daemons import Daemon, daemon
from benchmarks.apparatus.overruns import options
from benchmarks.apparatus.processes import Child, child, program, said
from benchmarks.apparatus.profilers import py_spy
from benchmarks.apparatus.trees import Watched
from benchmarks.figures import Row, often

SIZES = ((1, 20), (4, 20), (50, 60))  # threads, depth
WINDOW_S = 4
ROUNDS = 2


def measure(folder: Path, times: float) -> list[Row]:
    """Targets that work, each captured by an overrun and recorded by a bare py-spy, in turn."""
    return [row for threads, depth in SIZES for row in _of(folder, threads, depth, often(ROUNDS, times))]


def _of(folder: Path, threads: int, depth: int, rounds: int) -> list[Row]:
    (home := folder / str(threads)).mkdir()
    ours, bare = [], []
    with child(program("threads", str(threads), str(depth), str(home / "units"))) as target:
        said(target.stdout)
        with daemon(home, target.pid, options(collection_time_s=WINDOW_S)) as watching:
            watching.wait_until_found()
            for _ in range(rounds):
                ours.append(_window(watching))
                bare.append(_record(target, home / "record.svg"))
    beside = "py-spy record --nonblocking, 100 Hz"
    note = (
        f"{depth} deep, median of {rounds} windows of {WINDOW_S} s, dashcam, looks and host signals included"
    )
    return [
        Row(
            figure=f"CPU in a capture of {threads} threads",
            unit="% of a core",
            ours=median(one.percent for one in ours),
            other=median(one.percent for one in bare),
            beside=beside,
            note=note,
        ),
        Row(
            figure=f"memory in a capture of {threads} threads",
            unit="MiB",
            ours=median(one.most_mib for one in ours),
            other=median(one.most_mib for one in bare),
            beside=beside,
            note="PSS of the tree, the renderer and the sampler included",
        ),
    ]


def _window(watching: Daemon) -> Watched:
    watching.heart.say("start")
    watching.log("capture started")
    with Watched(watching.pid) as seen:
        watching.log("report accepted")
    watching.heart.say("end")
    watching.log("report stored")
    time.sleep(0.5)  # for the processes of this capture to end
    return seen


def _record(target: Child, file: Path) -> Watched:
    nonblocking = ("--nonblocking", "--idle", "--threads")
    with py_spy(target.pid, WINDOW_S, file, *nonblocking) as recording, Watched(recording.pid) as seen:
        time.sleep(WINDOW_S)
    return seen
