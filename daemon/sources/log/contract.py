"""What the parts of the log source say to each other: readers hand pieces to a feed, which finds marks."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from model.events import EventKind


class Piece(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Some bytes of a log, in order; they may begin and end anywhere, also within a character."""

    data: bytes
    fresh: bool  # written just now; False: found when catching up, and then never a reason to act
    ends: bool = False  # this text is over (a rotated file, a closed stream): what is left is a line


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line that says something of an iteration."""

    kind: EventKind
    iteration: str | None = None
    duration_s: float | None = None  # where an end tells how long the iteration took
    watched: str = ""  # the pattern of a trigger that the line matches; then it says nothing of an iteration
    line: bytes = b""  # at most `MARK_BYTES` of the log's line with its frame, for `check --replay`


MARK_BYTES = 4096

Take = Callable[[Piece], int]  # takes a piece; gives how many of the last bytes are no whole line yet


class Reader(Protocol):
    """Where text comes from."""

    async def read(self, take: Take) -> None:
        """Hand on pieces until cancelled; raises SourceError, after which it is begun again, with backoff."""


class Feed(Protocol):
    """Finds the marks in a text that comes in pieces."""

    def take(self, data: bytes, *, ends: bool = False, fresh: bool = True) -> list[Mark]:
        """The marks of the lines that are whole by now; with `ends` also that of the rest.

        Called with nothing now and then, it lets go of parts of lines that have waited too long for the rest.
        """

    @property
    def pending_bytes(self) -> int:
        """How many of the last bytes are no whole line yet."""
