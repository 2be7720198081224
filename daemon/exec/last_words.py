"""What a command said last: a shell's sender may still hold it when the shell has ended."""

import asyncio
import logging
import os
import time
from pathlib import Path

from daemon.targets.process import HeldProcess

_LOG = logging.getLogger(__name__)

MOST_S = 10.0
LOOK_S = 0.02
TURNS = 4  # of the event loop, for what is in the socket by then


class Speaker(HeldProcess):
    """The command. To those who watch it, it ends when all that it said is heard."""

    def __init__(self, pid: int, sent: asyncio.Event) -> None:
        """Take hold of it; raises TargetError."""
        super().__init__(pid)
        self._sent = sent
        self._leaving: asyncio.Task[None] | None = None

    def _exited(self) -> None:
        if self._leaving is None:
            self.exited_s = time.monotonic()
            asyncio.get_running_loop().remove_reader(self._pidfd)
            self._leaving = asyncio.create_task(self._leave(), name="last words")

    async def _leave(self) -> None:
        await self._sent.wait()
        if self._pidfd >= 0:
            super()._exited()


async def all_sent(folder: Path) -> None:
    """Wait, with bounds, until the senders in a folder have sent what they hold, and it is heard."""
    until_s = time.monotonic() + MOST_S
    while _nudged(folder):
        if time.monotonic() > until_s:
            _LOG.warning("a sender of heartbeats does not end: its last ones may be missed")
            break
        await asyncio.sleep(LOOK_S)
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _nudged(folder: Path) -> bool:
    """Whether a sender reads its FIFO, which is told by an empty line to look after its shell."""
    reading = [_nudge(path) for path in folder.glob("*/events")]  # all are told, not the first only
    return any(reading)


def _nudge(path: Path) -> bool:
    try:
        fifo = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:  # nobody reads
        return False
    try:
        os.write(fifo, b"\n")
    except BlockingIOError:  # it has enough to do
        pass
    except BrokenPipeError:  # it ended just now
        return False
    finally:
        os.close(fifo)
    return True
