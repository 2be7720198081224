"""Frames that tell what a thread does. Tables of patterns stand beside the rules that own them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from model.comparison import Doing
from model.samples import Frame, State
from model.verdict import Cause
from report.places import Origin, origin
from report.verdict.conduct import Piece
from report.verdict.kernel import Wait

ANY_WAIT = frozenset(Wait)
WORKING = frozenset((Doing.ON_CPU, Doing.UNKNOWN))
NOT_WORKING = frozenset((Doing.WAITING, Doing.UNKNOWN))


@dataclass(frozen=True)
class Pattern:
    """Functions of some files that tell a cause, when the thread does one of these things inside them."""

    cause: Cause
    what: str  # as a reader would say it: `encoding JSON`
    function: str = ""  # a regular expression over the whole name, or the part after its last dot
    file: str = ""  # a regular expression somewhere in the file's path
    doing: frozenset[Doing] = frozenset(Doing)
    waits: Collection[Wait] = ANY_WAIT
    reach: int = 12  # frames from the innermost one, at most; any frame of the target's own ends it too
    through: bool = False  # own frames below it do not end it
    call: str = ""  # a regular expression over a call, as written at the innermost line
    states: frozenset[State] = frozenset(State)
    certain_wait: bool = False  # the kernel must have said what the thread waits for
    weak: bool = False  # any other pattern that fits, further outside too, is preferred

    @cached_property
    def _function(self) -> re.Pattern[str]:
        return re.compile(self.function)

    @cached_property
    def _call(self) -> re.Pattern[str]:
        return re.compile(self.call)

    @cached_property
    def _file(self) -> re.Pattern[str]:
        return re.compile(self.file)

    @cached_property
    def _known(self) -> dict[tuple[str, str], bool]:
        return {}  # by function and file: tables have few of them, on very many stacks

    def compile(self) -> None:
        """Make its expressions now rather than with the first stack."""
        for name in ("_function", "_call", "_file"):
            getattr(self, name)

    def fits(self, frame: Frame) -> bool:
        """Whether it is this frame."""
        known = self._known.get(frame[:2])
        if known is None:
            last = frame.function.rpartition(".")[2]
            named = self._function.fullmatch(frame.function) or self._function.fullmatch(last)
            known = self._known[frame[:2]] = bool(named) and bool(self._file.search(frame.file))
        return known

    def where(self, piece: Piece) -> int | None:
        """The index of the innermost frame that fits, if the piece is of this pattern."""
        if piece.state not in self.states or piece.doing not in self.doing or not self._may_wait(piece.wait):
            return None
        frames = piece.frames
        if self.call and any(self._call.fullmatch(name) for name in piece.calls or ()):
            return len(frames) - 1
        if not self.function:
            return None
        for index in range(len(frames) - 1, max(-1, len(frames) - 1 - self.reach), -1):
            if self.fits(frames[index]):
                return index
            if not self.through and origin(frames[index].file) is Origin.OWN:
                return None
        return None

    def _may_wait(self, wait: Wait) -> bool:
        return wait in self.waits or (wait is Wait.UNKNOWN and not self.certain_wait)


@dataclass(frozen=True)
class Claim:
    """A piece that one pattern recognised; `at` is the index of the frame."""

    piece: Piece
    pattern: Pattern
    at: int

    @property
    def outer(self) -> int:
        """The index of the outermost frame around it that fits as well: where the activity was entered."""
        outer = self.at
        while outer > 0 and self.pattern.file and self.pattern.fits(self.piece.frames[outer - 1]):
            outer -= 1
        return outer


@dataclass(frozen=True)
class Claims:
    """Pieces by what they were recognised as: the pattern whose frame is innermost, the first of equals."""

    claimed: tuple[Claim, ...] = ()
    rest: tuple[Piece, ...] = ()
    total_us: int = 0

    def of(self, cause: Cause) -> list[Claim]:
        """What was recognised as a cause, the longest first."""
        return [claim for claim in self.claimed if claim.pattern.cause is cause]

    def share(self, cause: Cause) -> float:
        """The share of the time that was recognised as a cause."""
        return sum(claim.piece.us for claim in self.of(cause)) / self.total_us if self.total_us else 0.0


def claim(pieces: Iterable[Piece], patterns: Sequence[Pattern]) -> Claims:
    """Give each piece to the pattern that fits it best."""
    claimed, rest, total_us = [], [], 0
    for piece in pieces:
        total_us += piece.us
        fitting = [
            (not pattern.weak, at, -rank, pattern)
            for rank, pattern in enumerate(patterns)
            if (at := pattern.where(piece)) is not None
        ]
        if fitting:
            _, at, _, pattern = max(fitting, key=lambda each: each[:3])
            claimed.append(Claim(piece, pattern, at))
        else:
            rest.append(piece)
    claimed.sort(key=lambda each: -each.piece.us)
    rest.sort(key=lambda piece: -piece.us)
    return Claims(tuple(claimed), tuple(rest), total_us)
