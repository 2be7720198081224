import asyncio

import pytest

from daemon.sources.log.contract import Piece, Take
from daemon.sources.log.readers import settled
from daemon.sources.log.readers.settled import Settled
from model.errors import SourceError
from tests.sources import Taken, reading, until


class Stream:
    """A reader that hands on what the test gives it, and is told of trouble."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[Piece] = asyncio.Queue()
        self.troubles: list[SourceError | None] = []

    async def read(self, take: Take) -> None:
        while True:
            take(await self.given.get())

    def trouble(self, error: SourceError | None) -> None:
        self.troubles.append(error)

    def gap(self, what: str, *, expected: bool = False) -> None:
        raise AssertionError(what)


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(settled, "SETTLED_S", 0.05)
    return Stream()


def empty(taken: Taken) -> int:
    return sum(not piece.data and piece.fresh for piece in taken.pieces)


async def test_silence_means_that_all_is_well_and_read(stream: Stream) -> None:
    async with reading(Settled(stream, stream)) as taken:
        await until(lambda: empty(taken) == 1, "it has settled")
        assert stream.troubles == [None]


async def test_after_old_lines_it_is_said_when_they_are_over(stream: Stream) -> None:
    async with reading(Settled(stream, stream)) as taken:
        stream.given.put_nowait(Piece(data=b"old\n", fresh=False))
        await until(lambda: empty(taken) == 1, "it has caught up")
        assert [piece.data for piece in taken.pieces] == [b"old\n", b""]
        stream.given.put_nowait(Piece(data=b"again\n", fresh=False))
        await until(lambda: empty(taken) == 2, "and once more")


async def test_a_new_line_says_it_itself(stream: Stream) -> None:
    async with reading(Settled(stream, stream)) as taken:
        stream.given.put_nowait(Piece(data=b"new\n", fresh=True))
        await until(lambda: taken.pieces, "the line")
        await asyncio.sleep(0.2)  # four times as long as it takes to settle
        assert taken.text() == b"new\n"
        assert empty(taken) == 0
        assert stream.troubles == [None]


async def test_what_fails_at_once_was_never_well(stream: Stream) -> None:
    class Failing(Stream):
        async def read(self, take: Take) -> None:
            take(Piece(data=b"", fresh=True, ends=True))
            raise SourceError("ended")

    with pytest.raises(SourceError):
        await Settled(Failing(), stream).read(lambda _: 0)
    await asyncio.sleep(0.2)
    assert stream.troubles == []
