"""The marks of a recorded log, each with the time of its line."""

from collections import Counter
from collections.abc import Iterable, Iterator

from daemon.sources.log.contract import Feed, Mark
from model.stamps import Stamps

_LOOK_BACK_LINES = 1000
_SAMPLE_BYTES = 200


class Timed:
    """Finds marks, and when they were written; a line without a time has that of the one before it."""

    def __init__(self, feed: Feed, stamps: Stamps) -> None:
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.lines = 0
        self.sample = b""  # the beginning of a line, the first with a time where one has it
        self.counts: Counter[str] = Counter()  # marks by what they say
        self._feed = feed
        self._stamps = stamps

    def marks(self, blocks: Iterable[bytes]) -> Iterator[tuple[float | None, Mark]]:
        """Time and mark of each; no time before the first line that has one."""
        for block in blocks:
            if self.first_s is None:
                self.first_s = self.last_s = self._first(block)
            self.lines += block.count(b"\n")
            at = 0
            for mark in self._feed.take(block):
                place = self._place(block, mark, at)
                at = place + len(mark.line)
                yield self._timed(mark, block, place)
            self._see(self._before(block, len(block)))
        for mark in self._feed.take(b"", ends=True):
            yield self._timed(mark, b"", 0)

    def _timed(self, mark: Mark, block: bytes, at: int) -> tuple[float | None, Mark]:
        self.counts[mark.kind] += 1
        own_s = self._stamps.read(mark.line)
        self._see(self._before(block, at) if own_s is None else own_s)
        return self.last_s, mark

    def _see(self, time_s: float | None) -> None:
        self.last_s = self.last_s if time_s is None else time_s

    def _place(self, block: bytes, mark: Mark, at: int) -> int:
        """Where the mark's line begins; lines in parts across blocks are not found, and stay where we are."""
        while (found := block.find(mark.line, at)) > 0 and block[found - 1] != 0x0A:
            at = found + 1
        return max(found, at)

    def _before(self, block: bytes, at: int) -> float | None:
        """The time of the last line before a place."""
        for _ in range(_LOOK_BACK_LINES):
            end = block.rfind(b"\n", 0, at)
            if end < 0:
                return self._stamps.read(block[:at]) if at else None
            line = block[end + 1 : at]
            if line and (found_s := self._stamps.read(line)) is not None:
                return found_s
            at = end
        return None

    def _first(self, block: bytes) -> float | None:
        for line in block.splitlines()[:_LOOK_BACK_LINES]:
            time_s = self._stamps.read(line)
            if time_s is not None or not self.sample:
                self.sample = line[:_SAMPLE_BYTES].strip()
            if time_s is not None:
                return time_s
        return None
