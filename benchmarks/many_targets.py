"""What one daemon costs that watches many targets: memory, CPU, and the time of its start."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.daemons import COMMAND, Daemon
from benchmarks.figures import Bound, FigureError, Row
from benchmarks.processes import child, cpu_s, program, pss_bytes, said

COUNTS = (1000,)
SETTLE_S, WATCH_S = 1, 8
FOUND_WITHIN_S = 120.0
MEMORY_MIB, CPU_PERCENT, START_S = 100, 5, 2  # with the most of them

_LOOP = {
    "max_loop_time": "1m",
    "iterations": [{"heartbeat": {"mode": "beat", "idle_allowance": "1h"}}],
    "dashcam": "off",
    "collectors": ["host"],  # trying py-spy on each of a thousand takes minutes, once
}


def measure(folder: Path, times: int) -> list[Row]:
    """Targets that are there and beat once a second; and selectors that find none of as many processes."""
    rows = []
    for count in COUNTS:
        place = folder / f"beat-{count}.sock"
        with child(program("loops", str(count), str(place))) as loops:
            pids = said(loops.stdout).split()
            there = [{"name": f"loop-{n}", "process": {"pid": int(pid)}} for n, pid in enumerate(pids)]
            rows += _of(folder / f"there-{count}", there, place, WATCH_S * times)
            nobody = [{"name": f"none-{n}", "process": {"match": f"no-such-loop-{n}$"}} for n in range(count)]
            rows += _of(folder / f"none-{count}", nobody, place, WATCH_S * times)
    return rows


def _of(folder: Path, targets: Sequence[dict[str, object]], place: Path, seconds: float) -> list[Row]:
    """Three figures of a daemon with these targets; the aims are those of the most targets."""
    there = targets[0]["name"] == "loop-0"
    what = f"{len(targets):,} targets, {'one beat a second each' if there else 'none of them found'}"
    began_s = time.monotonic()
    with _daemon(folder, targets, place) as ours:
        start_s = time.monotonic() - began_s
        if there:
            _wait_until_all_beat(ours)
        time.sleep(SETTLE_S)
        before_s, since_s = cpu_s(ours.pid), time.monotonic()
        time.sleep(seconds)
        percent = 100 * (cpu_s(ours.pid) - before_s) / (time.monotonic() - since_s)
        memory_mib = pss_bytes(ours.pid) / 2**20
    return [
        Row(figure=f"memory (PSS), {what}", unit="MiB", ours=memory_mib, aim=Bound(MEMORY_MIB)),
        Row(figure=f"CPU of one core, {what}", unit="%", ours=percent, aim=Bound(CPU_PERCENT)),
        Row(figure=f"start, {what}", unit="s", ours=start_s, aim=Bound(START_S)),
    ]


def _wait_until_all_beat(ours: Daemon) -> None:
    until_s = time.monotonic() + FOUND_WITHIN_S
    while any(one["state"] != "active" for one in json.loads(ours.heart.ask("GET", "/v1/status"))["targets"]):
        if time.monotonic() > until_s:
            raise FigureError(f"not all targets were heard within {FOUND_WITHIN_S:g} s")
        time.sleep(1)


@contextlib.contextmanager
def _daemon(folder: Path, targets: Sequence[dict[str, object]], place: Path) -> Iterator[Daemon]:
    folder.mkdir()
    said_of_it = {
        "listen": "127.0.0.1:0",
        "unix": {"datagram": str(place)},
        "spool": {"path": str(folder / "spool")},
        "targets": [{**one, **_LOOP} for one in targets],
    }
    file = folder / "loopcam.yaml"
    file.write_text(json.dumps(said_of_it))  # JSON is YAML too
    argv = (*COMMAND, "run", "--config", str(file), "--log-format", "json")
    with child(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        yield Daemon(process.pid, folder / "spool", process.stderr)
