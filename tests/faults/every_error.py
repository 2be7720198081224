"""Takes a report from its beginning to a sink again and again, while strace has call after call fail.

`strace -f -e inject=CALL:error=ERROR:when=1000..LAST python every_error.py CALL FAILURES FOLDER`: strace
counts calls by process. A child that is to see its N-th call fail makes 1000 - N of them in vain before it
begins. So one strace does for all children, and each failure is the kernel's. It prints for each child its
folder, and how it went.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from daemon.config.settings import Part
from daemon.delivery.deliveries import Deliveries
from daemon.spool.accepting import accepted
from daemon.spool.spool import Spool
from daemon.worker import render, store
from daemon.worker.protocol import Job, Reply
from model import coding
from model.capture import Capture
from model.report import CAPTURE_FILE
from sinks.contract import Sink
from sinks.file import File
from tests.reports import REPORT_ID, make_report
from tests.unit.spool.entries import facts

FIRST = 1000  # the count from which on strace lets calls fail
MOST = 100  # children; one in which nothing failed any more is the last
DONE, REFUSED, UNTOUCHED = 10, 11, 12  # exit codes of children
PATIENCE_S = 20.0
NONE = 9999  # a descriptor that is none
VAIN: dict[str, Callable[[], object]] = {  # the same calls, to no effect
    "write": lambda: os.write(NONE, b""),
    "fsync": lambda: os.fsync(NONE),
    "rename": lambda: Path().rename(""),
    "renameat": lambda: os.rename("", "", src_dir_fd=NONE, dst_dir_fd=NONE),
    "mkdir": lambda: Path().mkdir(),
    "mkdirat": lambda: os.mkdir("x", dir_fd=NONE),
}


class Inside:
    """What a renderer or a store process does, in this process: where calls are counted."""

    def __init__(self, work: Callable[[Job], Reply]) -> None:
        self._work = work

    async def run(self, job: Job, _deadline_s: float) -> Reply:
        return self._work(Job(directory=job.directory, draw=False))

    async def end(self) -> None:
        """Nothing."""

    kill = end


async def inline(work: Callable[..., Any], *arguments: object) -> Any:
    """In place of a thread, which strace would count by itself."""
    return work(*arguments)


async def life(folder: Path, home: Path) -> int:
    """A capture's folder, its acceptance, drawing, delivery: every part is the daemon's."""
    spool = Spool(folder / "spool", max_bytes=2**30, max_reports=10)
    capture = coding.decode((home / CAPTURE_FILE).read_bytes(), Capture)
    sink = File(path=folder / "reports")
    stored = asyncio.Event()
    deliveries = Deliveries(
        [Part[Sink](name="file", kind="file", options=sink)],
        spool,
        lambda _name, entry, _state: stored.set() if entry.has("file") else None,
    )
    try:
        incoming = spool.begin(facts(capture))
    except OSError:
        return REFUSED
    for file in (home / "evidence").iterdir():
        os.link(file, incoming.evidence_dir / file.name)  # as samplers write them
    setup = coding.encode({"kind": "file", "options": coding.plain(sink)})
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        with (
            mock.patch("daemon.worker.handle.Worker.start_renderer", made(render._do)),
            mock.patch("daemon.worker.handle.Worker.start_store", made(store.store(setup))),
        ):
            await deliveries.start(tasks)
            await deliveries.accepted(await accepted(spool, incoming, capture))
            await stored.wait()
            await deliveries.stop()
    return DONE


def made(work: Callable[[Job], Reply]) -> Callable[..., Any]:
    async def start(*_: object) -> Inside:
        return Inside(work)

    return start


def seen(call: str, times: int) -> int:
    """Make a call in vain; how often it failed as strace has it."""
    found = 0
    for _ in range(times):
        try:
            VAIN[call]()
        except OSError as error:
            found += error.strerror in ("No space left on device", "Input/output error")
    return found


def prepared(folder: Path) -> Path:
    """What is there before anything fails: a spool without entries, and the evidence of a capture."""
    for name in ("reports", "incoming", "state", "damaged"):
        (folder / "spool" / name).mkdir(parents=True)
    return make_report(folder, report_id=REPORT_ID, dumps=())


def child(call: str, number: int, failures: int, folder: Path, home: Path) -> int:
    """The exit code."""
    logging.disable()
    with (
        mock.patch("asyncio.to_thread", inline),
        mock.patch("daemon.spool.accepting.ACCEPT_AGAIN_S", 0.001),
        mock.patch("daemon.delivery.deliveries.LOOK_S", 0.001),
        mock.patch("daemon.delivery.outbox.delay_s", return_value=0.001),
        mock.patch("daemon.delivery.outbox.LENIENT_FAILURES", MOST),
    ):
        assert not seen(call, FIRST - number)
        outcome = asyncio.run(life(folder, home))
    return UNTOUCHED if seen(call, FIRST) == failures else outcome


def main() -> None:
    """One child after the other, each a call further."""
    call, failures, place = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    for number in range(1, MOST):
        folder = place / str(number)
        home = prepared(folder)
        pid = os.fork()
        if pid == 0:
            os._exit(child(call, number, failures, folder, home))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(number, code, flush=True)
        if code == UNTOUCHED:
            return


if __name__ == "__main__":
    main()
