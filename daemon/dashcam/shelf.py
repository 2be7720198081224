"""What a ring holds, and what falls off at its end. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from model.capture import Dump, Segment


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some evidence that is whole, of one or more files. Times are monotonic seconds."""

    paths: tuple[str, ...]  # relative to the ring's folder, and to the report's
    started_s: float
    ended_s: float
    size_bytes: int
    segment: Segment | None = None
    dump: Dump | None = None
    version: str = ""  # of the sampler


class Shelf:
    """Pieces in the order in which they came, bounded in time and in bytes."""

    def __init__(self) -> None:
        self._pieces: deque[Piece] = deque()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[Piece]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)

    def put(self, piece: Piece) -> None:
        """Add the newest."""
        self._pieces.append(piece)
        self.size_bytes += piece.size_bytes

    def drop(self, keep_s: float, most_bytes: int, now_s: float) -> Iterable[Piece]:
        """Take out and give what is too old or too much, the oldest first.

        Looks at many threads are large: beyond half of the bytes they go before recordings do.
        """
        dropped = []
        while self._pieces and self._pieces[0].ended_s < now_s - keep_s:
            dropped.append(self._take_out(self._pieces[0]))
        while self._pieces and self.size_bytes > most_bytes:
            dropped.append(self._take_out(self._least(most_bytes)))
        return dropped

    def _least(self, most_bytes: int) -> Piece:
        looks = [piece for piece in self._pieces if piece.dump is not None]
        too_many = sum(piece.size_bytes for piece in looks) > most_bytes / 2
        return looks[0] if too_many else self._pieces[0]

    def _take_out(self, piece: Piece) -> Piece:
        self._pieces.remove(piece)
        self.size_bytes -= piece.size_bytes
        return piece

    def remove(self, pieces: Iterable[Piece]) -> None:
        """Take out what was moved elsewhere."""
        for piece in pieces:
            self._take_out(piece)

    def covering(self, started_s: float, ended_s: float) -> tuple[Piece, ...]:
        """The pieces of which some lies between two times."""
        return tuple(
            piece for piece in self._pieces if piece.started_s <= ended_s and piece.ended_s >= started_s
        )

    def held_s(self, now_s: float) -> float:
        """How far back it reaches."""
        return max(0.0, now_s - min(piece.started_s for piece in self._pieces)) if self._pieces else 0.0
