"""What an idle daemon costs: memory and CPU with one target and one iteration a second."""

import time
from pathlib import Path

from benchmarks.daemons import Heart, daemon
from benchmarks.figures import Bound, Row
from benchmarks.processes import child, cpu_s, program, rss_bytes, said

SETTLE_S, WATCH_S = 10, 15
BESIDE = "bare aiohttp + prometheus-client"


def measure(folder: Path, times: int) -> list[Row]:
    """Both servers get the same heartbeats at the same time."""
    with (
        child(program("threads", "4", "20")) as target,
        daemon(folder, target.pid, {"max_loop_time": "1m"}) as ours,
        child(program("bare_server")) as bare,
    ):
        said(target.stdout)
        hearts = (ours.heart, Heart(int(said(bare.stdout))))
        ours.wait_until_found()
        for heart in hearts:
            heart.ask("GET", "/metrics")
        _beat(hearts, SETTLE_S)
        before_s = [cpu_s(process.pid) for process in (ours, bare)]
        started_s = time.monotonic()
        _beat(hearts, WATCH_S * times)
        gone_s = time.monotonic() - started_s
        used = [cpu_s(process.pid) for process in (ours, bare)]
        percent = [100 * (after - before) / gone_s for after, before in zip(used, before_s, strict=True)]
        mib = [rss_bytes(process.pid) / 2**20 for process in (ours, bare)]
    return [
        Row(
            figure="idle memory (RSS)",
            unit="MiB",
            ours=mib[0],
            other=mib[1],
            beside=BESIDE,
            gate=Bound(1.1),
            aim=Bound(40),
        ),
        Row(
            figure="idle CPU of one core",
            unit="%",
            ours=percent[0],
            other=percent[1],
            beside=BESIDE,
            aim=Bound(0.2),
            note=f"{gone_s:.0f} s with one iteration (two heartbeats) a second",
        ),
    ]


def _beat(hearts: tuple[Heart, ...], iterations: int) -> None:
    for _ in range(iterations):
        for event in ("start", "end"):
            for heart in hearts:
                heart.say(event)
            time.sleep(0.5)
