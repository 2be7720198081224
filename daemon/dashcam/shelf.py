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
        """Take out and give what is too old or too much, the oldest first."""
        dropped = []
        while self._pieces and (self._pieces[0].ended_s < now_s - keep_s or self.size_bytes > most_bytes):
            piece = self._pieces.popleft()
            self.size_bytes -= piece.size_bytes
            dropped.append(piece)
        return dropped

    def remove(self, pieces: Iterable[Piece]) -> None:
        """Take out what was moved elsewhere."""
        for piece in pieces:
            self._pieces.remove(piece)
            self.size_bytes -= piece.size_bytes

    def covering(self, started_s: float, ended_s: float) -> tuple[Piece, ...]:
        """The pieces of which some lies between two times."""
        return tuple(
            piece for piece in self._pieces if piece.started_s <= ended_s and piece.ended_s >= started_s
        )

    def held_s(self, now_s: float) -> float:
        """How far back it reaches."""
        return max(0.0, now_s - min(piece.started_s for piece in self._pieces)) if self._pieces else 0.0
