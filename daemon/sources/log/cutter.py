"""Cuts a text that comes in pieces into whole lines, in bounded memory."""

import re

_HOLE = re.compile(rb"(?m)^\0+")  # where a file was truncated under its writer


class Cutter:
    """Gives whole lines as blocks; what a line has above `max_line_bytes` is left out."""

    def __init__(self) -> None:
        self.max_line_bytes = 0
        self.counts = True  # whether long lines are counted here
        self.truncated_lines = 0
        self.pending_bytes = 0  # as they came, also those that are left out
        self._pending = bytearray()  # the start of the last line

    def cut(self, data: bytes, *, ends: bool = False) -> bytes:
        """The lines that are whole by now, each with its line feed; with `ends` all of them."""
        end = data.rfind(b"\n") + 1
        block = bytes(self._pending) + data[:end] if end else b""
        if end:
            self._forget()
        self._keep(data[end:])
        if ends:
            block += bytes(self._pending) + b"\n" if self._pending else b""
            self._forget()
        return self.bound(_HOLE.sub(b"", block) if b"\0" in block else block)

    def bound(self, block: bytes) -> bytes:
        """The block with its long lines cut. Long lines are found without looking at the others."""
        most, start, kept, parts = self.max_line_bytes, 0, 0, []
        while start < len(block):
            line_feed = block.rfind(b"\n", start, start + most + 1)
            if line_feed >= 0:
                start = line_feed + 1
                continue
            parts += [block[kept : start + most], b"\n"]
            self.truncated_lines += self.counts
            start = kept = block.find(b"\n", start + most) + 1
        return b"".join([*parts, block[kept:]]) if parts else block

    def _forget(self) -> None:
        self._pending.clear()
        self.pending_bytes = 0

    def _keep(self, rest: bytes) -> None:
        """Keep the start of a line that is not whole yet: enough to tell that it is too long."""
        self.pending_bytes += len(rest)
        if not self._pending:
            rest = rest.lstrip(b"\0")
        self._pending += rest[: max(0, self.max_line_bytes + 1 - len(self._pending))]
