"""Joins the parts of long lines as container runtimes write them, stream by stream, in bounded memory."""

import msgspec

FORGOTTEN_S = 5.0  # a part whose rest has not come by then is a line of its own


class _Open(msgspec.Struct):
    """A line of which some parts have come."""

    since_s: float
    text: bytearray
    truncated: bool = False


class Joiner:
    """The lines of each stream whose last part is still to come."""

    def __init__(self, max_line_bytes: int) -> None:
        self.max_line_bytes = max_line_bytes
        self.truncated_lines = 0
        self._open: dict[bytes, _Open] = {}

    def __bool__(self) -> bool:
        """Whether any line is open."""
        return bool(self._open)

    def add(self, stream: bytes, text: bytes, now_s: float, *, whole: bool) -> bytes | None:
        """The line that this part completes, if it does."""
        if whole and stream not in self._open and len(text) <= self.max_line_bytes:
            return text
        line = self._open.setdefault(stream, _Open(now_s, bytearray()))
        room = self.max_line_bytes - len(line.text)
        line.text += text[:room]
        line.truncated = line.truncated or len(text) > room
        return self._close(stream) if whole else None

    def forgotten(self, now_s: float, after_s: float = FORGOTTEN_S) -> list[bytes]:
        """The lines whose rest did not come in time."""
        late = [stream for stream, line in self._open.items() if now_s - line.since_s >= after_s]
        return [self._close(stream) for stream in late]

    def _close(self, stream: bytes) -> bytes:
        line = self._open.pop(stream)
        self.truncated_lines += line.truncated
        return bytes(line.text)
