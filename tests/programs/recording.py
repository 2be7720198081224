"""`recording.py PID SPOOL`: takes a capture of a minute, as the daemon does.

Says `ready`, and then the pid of py-spy while it records.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from collectors.pyspy import PySpy
from daemon.capture.capture import take
from daemon.capture.choice import Sampling
from daemon.capture.opened import opened
from daemon.capture.plan import Plan
from daemon.capture.subject import Subject
from daemon.capture.window import CaptureWindow
from daemon.spool.spool import Spool
from daemon.targets.process import HeldProcess
from model.events import Trigger, TriggerKind


class Announcing(PySpy, frozen=True):
    """py-spy, and its pid as soon as it says that it samples."""

    def ready(self, line: bytes) -> bool:
        """The same, aloud."""
        if sampling := super().ready(line):
            print(*_recording(), flush=True)
        return sampling


def _recording() -> Iterator[str]:
    for pid in Path("/proc/self/task", Path("/proc/self").readlink(), "children").read_text().split():
        if b"\0record\0" in Path("/proc", pid, "cmdline").read_bytes():
            yield pid


async def main(pid: int, folder: Path) -> None:
    """Capture."""
    print("ready", flush=True)
    process = HeldProcess(pid)
    trigger = Trigger(target="demo", kind=TriggerKind.MANUAL, reason="a test", at_s=time.monotonic())
    spool = Spool(folder, max_bytes=2**30, max_reports=10)
    whose = Subject(name="demo", trigger=trigger, held=process)
    incoming = spool.begin(opened(whose, {}, 60.0, ("file",)))
    plan = Plan(sampling=Sampling(name="pyspy", looker=Announcing()), collectors={})
    await take(plan, whose, CaptureWindow(60.0), incoming)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
