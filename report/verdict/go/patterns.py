"""Functions of goroutines that tell a cause, and which of those that fit is the answer."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from model.samples import Frame
from model.verdict import Cause
from report.places import Origin, origin

REACH: Final = 40  # frames from the innermost one; a frame of the target's own ends it, unless `through`


@dataclass(frozen=True)
class Piece:
    """The loop's goroutine in one stack, for a share of the looks. Frames are root first."""

    frames: tuple[Frame, ...]
    share: float
    running: bool
    reason: str = ""  # why it does not run, in Go's words
    minutes: int = 0  # that it has waited, as Go tells them
    goroutine: int = 0
    lock: str = ""  # the address of the lock that it waits for, where Go tells

    @property
    def leaf(self) -> Frame:
        """The innermost frame."""
        return self.frames[-1] if self.frames else Frame("", "", 0)


@dataclass(frozen=True)
class Pattern:
    """Functions that tell a cause, where the goroutine waits for one of these reasons, or runs."""

    cause: Cause
    what: str  # as a reader would say it: `waiting for a reply to an HTTP request`
    function: str  # a regular expression over the whole name
    reasons: str = ""  # a regular expression over Go's reason; empty: it runs
    level: int = 1  # what stands higher is the answer, wherever on the stack it is
    reach: int = REACH
    through: bool = False  # frames of the target's own do not end it

    @cached_property
    def _function(self) -> re.Pattern[str]:
        return re.compile(self.function)

    @cached_property
    def _reasons(self) -> re.Pattern[str]:
        return re.compile(self.reasons)

    def where(self, piece: Piece) -> int | None:
        """The index of the innermost frame that fits, if the piece is of this pattern."""
        if piece.running != (not self.reasons) or not self._reasons.match(
            piece.reason if self.reasons else ""
        ):
            return None
        frames = piece.frames
        for index in range(len(frames) - 1, max(-1, len(frames) - 1 - self.reach), -1):
            if self._function.fullmatch(frames[index].function):
                return index
            if not self.through and origin(frames[index].file) is Origin.OWN:
                return None
        return None


@dataclass(frozen=True)
class Claim:
    """A piece that a pattern recognised; `at` is the index of the frame."""

    piece: Piece
    pattern: Pattern
    at: int


def claim(
    pieces: Iterable[Piece], patterns: Sequence[Pattern]
) -> tuple[tuple[Claim, ...], tuple[Piece, ...]]:
    """Each piece by what it was recognised as, and those that nothing recognises."""
    claims, rest = [], []
    for piece in pieces:
        fitting = [
            (pattern.level, at, -rank, pattern)
            for rank, pattern in enumerate(patterns)
            if (at := pattern.where(piece)) is not None
        ]
        if fitting:
            _, at, _, pattern = max(fitting, key=lambda each: each[:3])
            claims.append(Claim(piece, pattern, at))
        else:
            rest.append(piece)
    return tuple(sorted(claims, key=lambda each: -each.piece.share)), tuple(rest)
