"""What reading host signals costs, at few and many threads, before a trigger and within a window."""

import sys
import time
from pathlib import Path

from benchmarks.apparatus.processes import child, said
from benchmarks.figures import Row, often
from collectors.host.options import FAST_SHARE, Host
from collectors.host.reader import THREADS_IDLE, Reader
from collectors.host.ring import Ring
from daemon.signals.pace import interval_s

THREADS = (1, 50, 1000)
READINGS = 100
WAITING = """
import sys, threading
never = threading.Event()
threading.stack_size(256 << 10)
for _ in range(int(sys.argv[1]) - 1):
    threading.Thread(target=never.wait, daemon=True).start()
print(flush=True)
never.wait()
"""


def measure(_folder: Path, times: float) -> list[Row]:
    """One reading's CPU time, and what part of a core follows from it at the pace that is kept."""
    rows = []
    for threads in THREADS:
        with child((sys.executable, "-c", WAITING, str(threads))) as target:
            said(target.stdout, b"\n")
            rows += _of(target.pid, threads, often(READINGS, times))
    return rows


def _of(pid: int, threads: int, readings: int) -> list[Row]:
    options = Host()
    idle_s, fast_s = (_mean_s(pid, fast, readings) for fast in (False, True))
    wait_s = interval_s(options.interval, idle_s, 1, slow=False)
    fast_wait_s = max(options.window_interval, fast_s / FAST_SHARE)
    note = (
        f"{idle_s * 1e3:.2f} ms every {wait_s:.1f} s; "
        f"in the window {fast_s * 1e3:.2f} ms every {fast_wait_s:.2f} s"
    )
    return [
        Row(
            figure=f"host signals of {threads} threads, before a trigger",
            unit="% of a core",
            ours=100 * idle_s / wait_s,
            note=note,
        ),
        Row(
            figure=f"host signals of {threads} threads, in the window",
            unit="% of a core",
            ours=100 * fast_s / fast_wait_s,
        ),
    ]


def _mean_s(pid: int, fast: bool, readings: int) -> float:
    """Dear readings come as often as they do when a second lies between two rows."""
    now_s = [time.monotonic()]
    ring = Ring(Reader(pid), lambda: True, clock=lambda: now_s[0])
    began_s = time.process_time()
    for _ in range(readings):
        ring.read(Host().threads if fast else THREADS_IDLE, fast=fast)
        now_s[0] += 0.25 if fast else 1.0
    return (time.process_time() - began_s) / readings
