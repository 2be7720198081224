"""A flood of heartbeats, more than a target may send: what the daemon still does meanwhile."""

import time
from pathlib import Path

from benchmarks.apparatus.daemons import TARGET, Daemon, daemon
from benchmarks.apparatus.processes import child, cores, program, said
from benchmarks.apparatus.sockets import socket_place
from benchmarks.apparatus.trees import Watched
from benchmarks.figures import FigureError, Row, often, percentile

SECONDS = 5
TEXT = f"start {TARGET}"
PAUSE_S = 0.01
OPTIONS = {"max_loop_time": "1h", "dashcam": "off", "collectors": ["pyspy"]}


def measure(folder: Path, times: float) -> list[Row]:
    """Datagrams as fast as they go, above the limit of 1,000 a second, and requests for health beside."""
    if len(cores()) < 2:
        raise FigureError("needs two cores, one for the daemon and one for the sender")
    with (
        socket_place() as place,
        child(program("threads", "4", "20")) as target,
        daemon(folder, target.pid, OPTIONS, core=cores()[0], unix={"datagram": str(place)}) as ours,
    ):
        said(target.stdout)
        ours.wait_until_found()
        seconds = often(SECONDS, times)
        calm_ms = _answers_ms(ours, seconds)
        argv = program("datagrams", str(place), TEXT, str(seconds))
        with Watched(ours.pid) as before:
            time.sleep(1)
        with child(argv, core=cores()[1]) as sender, Watched(ours.pid) as seen:
            said(sender.stdout, b"counting")
            flooded_ms = _answers_ms(ours, seconds)
            rate = float(said(sender.stdout))
    return [
        Row(
            figure="an answer about health in a flood p99",
            unit="ms",
            ours=percentile(flooded_ms, 0.99),
            other=percentile(calm_ms, 0.99),
            beside="without a flood",
            note=f"{rate:,.0f} datagrams/s, {len(flooded_ms)} answers, at most {max(flooded_ms):.0f} ms",
        ),
        Row(
            figure="memory that a flood takes",
            unit="MiB",
            ours=max(0.0, seen.most_mib - before.most_mib),
            note="PSS, above that before it",
        ),
    ]


def _answers_ms(ours: Daemon, seconds: int) -> list[float]:
    until_s, found = time.monotonic() + seconds, []
    while (began_s := time.monotonic()) < until_s:
        ours.heart.ask("GET", "/healthz")
        found.append(1000 * (time.monotonic() - began_s))
        time.sleep(PAUSE_S)
    return found
