"""loopcam's own standard input: `kubectl logs -f ... | loopcam run ... --log-file -`."""

import asyncio
import os
import stat

from daemon.sources.log.contract import Piece, Take
from model.errors import SourceError

READ_BYTES = 65536
_AGAIN = "whoever wrote to it has ended: start both again"


class StandardInput:
    """What is written to a descriptor, until its end. A file has been written before: it is not fresh."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor

    async def read(self, take: Take) -> None:
        """Hand on what comes, and the end; raises SourceError, then or when nothing can come."""
        mode = self._mode()
        if os.isatty(self._descriptor):
            raise SourceError("standard input is a terminal", remedy="pipe a log into it: ... | loopcam run")
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            await self._follow(take)
        else:
            await self._copy(take, fresh=not stat.S_ISREG(mode))
        raise SourceError("standard input ended", remedy=_AGAIN)

    def _mode(self) -> int:
        try:
            return os.fstat(self._descriptor).st_mode
        except OSError as error:
            raise SourceError(f"standard input: {error.strerror}", remedy="pipe a log into it") from error

    async def _follow(self, take: Take) -> None:
        """Read a pipe or a socket whenever there is something; its flag is put back for whoever shares it."""
        blocking = os.get_blocking(self._descriptor)
        os.set_blocking(self._descriptor, False)
        try:
            while data := await self._next():
                take(Piece(data=data, fresh=True))
            take(Piece(data=b"", fresh=True, ends=True))
        finally:
            os.set_blocking(self._descriptor, blocking)

    async def _next(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            ready = loop.create_future()
            loop.add_reader(self._descriptor, _wake, ready)
            try:
                await ready
            finally:
                loop.remove_reader(self._descriptor)
            try:
                return os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:  # somebody else was faster
                continue
            except OSError as error:
                raise SourceError(f"standard input: {error.strerror}", remedy=_AGAIN) from error

    async def _copy(self, take: Take, *, fresh: bool) -> None:
        """Read a file, or a device such as /dev/null, to its end; no readiness is told of these."""
        while data := await asyncio.to_thread(os.read, self._descriptor, READ_BYTES):
            take(Piece(data=data, fresh=fresh))
        take(Piece(data=b"", fresh=fresh, ends=True))


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
