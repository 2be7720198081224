"""What tests of log readers share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from daemon.sources.log.contract import Piece, Reader
from model.errors import SourceError

PATIENCE_S = 40.0


class Noted:
    """A bookmark in memory."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def write(self, text: str) -> None:
        """Remember another place."""
        self.text = text


class Taken:
    """What a reader handed on."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []

    def take(self, piece: Piece) -> int:
        """One more."""
        self.pieces.append(piece)
        return 0

    def text(self, *, fresh: bool | None = None) -> bytes:
        """Its bytes; only those that are fresh, or not, where that is asked."""
        return b"".join(one.data for one in self.pieces if fresh is None or one.fresh is fresh)


@asynccontextmanager
async def reading(reader: Reader) -> AsyncIterator[Taken]:
    """A reader at work; what breaks it fails the test."""
    taken = Taken()
    task = asyncio.create_task(reader.read(taken.take))
    try:
        yield taken
        if task.done():
            await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110  # what it waits for sets no event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S:g} s: {what}") from None


async def fails(reader: Reader) -> SourceError:
    """The error that a reader ends with."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await reader.read(Taken().take)
    except SourceError as error:
        return error
    raise AssertionError("it ended without an error")
