"""The reader of a followed file: looks twice a second, and at once when the file is written to."""

import asyncio

from daemon.sources.log.contract import Take
from daemon.sources.log.readers.file.follower import Follower
from daemon.sources.log.readers.file.opened import Opened
from daemon.sources.log.readers.file.wakeups import Wakeups

POLL_S = 0.5


class FileReader:
    """Reads what a follower finds."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._wake = asyncio.Event()
        self._watched: Opened | None = None
        self._watch: tuple[Wakeups, int] | None = None

    async def read(self, take: Take) -> None:
        """Hand on what is written, until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._rewatch()
                await self._follower.turn(take)
                await self._wait()
        finally:
            self._unwatch()
            self._follower.close()

    async def _wait(self) -> None:
        timer = asyncio.get_running_loop().call_later(POLL_S, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()

    def _rewatch(self) -> None:
        """Be woken by the file that is followed now."""
        file = self._follower.file
        if file is self._watched:
            return
        self._unwatch()
        self._watched = file
        if file is not None and (wakeups := Wakeups.here()) is not None:
            watch = wakeups.watch(file.fileno(), self._wake)
            self._watch = None if watch is None else (wakeups, watch)

    def _unwatch(self) -> None:
        if self._watch is not None:
            wakeups, watch = self._watch
            wakeups.forget(watch, self._wake)
        self._watch = self._watched = None
