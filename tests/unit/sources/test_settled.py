import asyncio

import pytest

from daemon.sources.log.contract import Piece, Take
from daemon.sources.log.readers.settled import SETTLED_S, Settled
from model.errors import SourceError
from tests.sources import Taken, reading
from tests.virtual_time import run

OLD, NEW = Piece(data=b"old\n", fresh=False), Piece(data=b"new\n", fresh=True)
CAUGHT_UP = Piece(data=b"", fresh=True)


class Stream:
    """A reader that hands on the test's pieces, each after a while, and is told of trouble."""

    def __init__(self, *given: Piece, each_s: float = 0.0) -> None:
        self.given = given
        self.each_s = each_s
        self.troubles: list[SourceError | None] = []

    async def read(self, take: Take) -> None:
        for piece in self.given:
            await asyncio.sleep(self.each_s)
            take(piece)
        await asyncio.Event().wait()

    def trouble(self, error: SourceError | None) -> None:
        self.troubles.append(error)

    def gap(self, what: str, *, expected: bool = False) -> None:
        raise AssertionError(what)


def taken(stream: Stream, while_s: float = 10 * SETTLED_S) -> list[Piece]:
    async def main(_: object) -> Taken:
        async with reading(Settled(stream, stream)) as found:
            await asyncio.sleep(while_s)
        return found

    return run(main).pieces


def test_silence_means_that_all_is_well_and_read() -> None:
    stream = Stream()
    assert taken(stream, 0.9 * SETTLED_S) == []
    assert stream.troubles == []
    assert taken(stream) == [CAUGHT_UP]
    assert stream.troubles == [None]


def test_after_old_lines_it_is_said_when_they_are_over() -> None:
    assert taken(Stream(OLD, OLD, OLD, each_s=0.9 * SETTLED_S)) == [OLD, OLD, OLD, CAUGHT_UP]
    assert taken(Stream(OLD, OLD, each_s=1.5 * SETTLED_S)) == [CAUGHT_UP, OLD, CAUGHT_UP, OLD, CAUGHT_UP]


def test_a_new_line_says_it_itself() -> None:
    stream = Stream(OLD, NEW)
    assert taken(stream) == [OLD, NEW]
    assert set(stream.troubles) == {None}


def test_what_fails_at_once_was_never_well() -> None:
    class Failing(Stream):
        async def read(self, take: Take) -> None:
            take(Piece(data=b"", fresh=True, ends=True))
            raise SourceError("ended")

    stream = Failing()

    async def main(_: object) -> None:
        with pytest.raises(SourceError):
            await Settled(stream, stream).read(lambda _: 0)
        await asyncio.sleep(10 * SETTLED_S)

    run(main)
    assert stream.troubles == []
