"""A target that is configured, but has not appeared: what there is of a daemon until then, and after."""

import time
from pathlib import Path

from benchmarks.apparatus.daemons import TARGET, watching
from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.trees import Watched, parts
from benchmarks.figures import FigureError, Row, often

SETTLE_S, WATCH_S = 3, 10


def measure(folder: Path, times: float) -> list[Row]:
    """Named by a pidfile that is written in the end; everything there is for it is configured."""
    pidfile, log = folder / "target.pid", folder / "target.log"
    log.touch()
    marks = {"start": "Starting main loop", "end": "Main loop done"}
    target = {
        "name": TARGET,
        "process": {"pidfile": str(pidfile)},
        "max_loop_time": "1m",
        "dashcam": "continuous",
        "iterations": [
            "heartbeat",
            {"log": {"path": str(log), **marks}},
        ],
        "collectors": ["pyspy", "host"],
    }
    with watching(folder, [target], {}) as ours:
        time.sleep(SETTLE_S)
        before = parts(ours.pid)
        with Watched(ours.pid) as absent:
            time.sleep(often(WATCH_S, times))
        if parts(ours.pid) != before:
            raise FigureError(f"it changes while there is nothing to watch: {before}, then {parts(ours.pid)}")
        with child(program("threads", "4", "20")) as process:
            said(process.stdout)
            pidfile.write_text(str(process.pid))
            ours.wait_until_found()
            time.sleep(SETTLE_S)
            after = parts(ours.pid)
    return [
        Row(figure="memory while the target is absent", unit="MiB", ours=absent.most_mib, note="PSS"),
        Row(figure="CPU while the target is absent", unit="% of a core", ours=absent.percent),
        Row(figure="processes while the target is absent", unit="", ours=before.processes),
        Row(figure="threads while the target is absent", unit="", ours=before.threads),
        Row(
            figure="descriptors while the target is absent",
            unit="",
            ours=before.descriptors,
            note=f"once it is there, with the dashcam at work: {after.descriptors}, "
            f"{after.threads} threads of {after.processes} processes",
        ),
    ]
