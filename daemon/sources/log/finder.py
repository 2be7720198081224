"""Finds the lines of a block that hold any of some texts, without looking at the others."""

from collections.abc import Iterable

from daemon.sources.log.cutter import Block


class Finder:
    """Goes through the lines of one block; without texts every line is found."""

    def __init__(self, block: Block, texts: Iterable[bytes]) -> None:
        self._data, self._end = block.data, block.end
        self._next = {text: self._data.find(text, block.start, self._end) for text in texts}

    def line(self, at: int) -> tuple[int, int] | None:
        """Start and end of the first such line from a line's start on."""
        if at >= self._end:
            return None
        hit = self._hit(at) if self._next else at
        if hit is None:
            return None
        start = self._data.rfind(b"\n", at, hit) + 1
        return start or at, self._data.find(b"\n", hit)

    def _hit(self, at: int) -> int | None:
        first: int | None = None
        for text, place in self._next.items():
            if 0 <= place < at:
                place = self._next[text] = self._data.find(text, at, self._end)
            if place >= 0 and (first is None or place < first):
                first = place
        return first
