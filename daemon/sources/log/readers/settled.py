"""A stream tells neither that all is well nor that it has caught up: silence for a moment means both."""

import asyncio

from daemon.sources.log.contract import Piece, Reader, Take
from daemon.sources.log.readers.file.told import Told

SETTLED_S = 2.0  # what is wrong is said sooner, and what was written before comes without a pause


class Settled:
    """A reader of a stream, with an empty fresh piece once it has caught up."""

    def __init__(self, reader: Reader, told: Told) -> None:
        self._reader = reader
        self._told = told
        self._timer: asyncio.TimerHandle | None = None

    async def read(self, take: Take) -> None:
        """Read as the reader does."""

        def taken(piece: Piece) -> int:
            if piece.data:
                self._told.trouble(None)
                self._wait(None if piece.fresh else take)
            return take(piece)

        self._wait(take)
        try:
            await self._reader.read(taken)
        finally:
            self._wait(None)

    def _wait(self, take: Take | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SETTLED_S, self._caught_up, take) if take else None

    def _caught_up(self, take: Take) -> None:
        self._told.trouble(None)
        take(Piece(data=b"", fresh=True))
