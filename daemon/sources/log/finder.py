"""Finds the lines of a block that hold any of some texts, without looking at the others."""

from collections.abc import Iterable


class Finder:
    """Goes through one block of whole lines; without texts every line is found."""

    def __init__(self, block: bytes, texts: Iterable[bytes]) -> None:
        self._block = block
        self._next = {text: block.find(text) for text in texts}

    def line(self, at: int) -> tuple[int, int] | None:
        """Start and end of the first such line from a line's start on."""
        if at >= len(self._block):
            return None
        hit = self._hit(at) if self._next else at
        if hit is None:
            return None
        start = self._block.rfind(b"\n", at, hit) + 1
        return start or at, self._block.find(b"\n", hit)

    def _hit(self, at: int) -> int | None:
        first: int | None = None
        for text, place in self._next.items():
            if 0 <= place < at:
                place = self._next[text] = self._block.find(text, at)
            if place >= 0 and (first is None or place < first):
                first = place
        return first
