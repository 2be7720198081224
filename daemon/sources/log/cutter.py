"""Cuts a text that comes in pieces into whole lines, in bounded memory and without copying it."""

import re

import msgspec

_HOLE = re.compile(rb"(?m)^\0+")  # where a file was truncated under its writer


class Block(msgspec.Struct, frozen=True, gc=False):
    """Whole lines, each with its line feed: a part of a piece."""

    data: bytes
    start: int
    end: int


def block_of(data: bytes) -> Block:
    """A block that is all of some bytes."""
    return Block(data, 0, len(data))


class Cutter:
    """Gives whole lines as blocks; what a line has above `max_line_bytes` is left out."""

    def __init__(self) -> None:
        self.max_line_bytes = 0
        self.counts = True  # whether long lines are counted here
        self.truncated_lines = 0
        self.pending_bytes = 0  # as they came, also those that are left out
        self._pending = bytearray()  # the start of the last line

    def cut(self, data: bytes, *, ends: bool = False) -> list[Block]:
        """The lines that are whole by now; with `ends` all of them."""
        blocks, start, end = [], 0, data.rfind(b"\n") + 1
        if end and self._pending:
            start = data.find(b"\n") + 1
            blocks.append(block_of(bytes(self._pending) + data[:start]))
        if end:
            self._forget()
        blocks.append(Block(data, start, end))
        self._keep(data[end:])
        if ends:
            blocks.append(block_of(bytes(self._pending) + b"\n" if self._pending else b""))
            self._forget()
        return [self.bound(_without_holes(block)) for block in blocks if block.start < block.end]

    def bound(self, block: Block) -> Block:
        """The block with its long lines cut. Long lines are found without looking at the others."""
        data, most, start, kept, parts = block.data, self.max_line_bytes, block.start, block.start, []
        while start < block.end:
            line_feed = data.rfind(b"\n", start, min(start + most + 1, block.end))
            if line_feed >= 0:
                start = line_feed + 1
                continue
            parts += [data[kept : start + most], b"\n"]
            self.truncated_lines += self.counts
            start = kept = data.find(b"\n", start + most) + 1
        return block_of(b"".join([*parts, data[kept : block.end]])) if parts else block

    def _forget(self) -> None:
        self._pending.clear()
        self.pending_bytes = 0

    def _keep(self, rest: bytes) -> None:
        """Keep the start of a line that is not whole yet: enough to tell that it is too long."""
        self.pending_bytes += len(rest)
        if not self._pending:
            rest = rest.lstrip(b"\0")
        self._pending += rest[: max(0, self.max_line_bytes + 1 - len(self._pending))]


def _without_holes(block: Block) -> Block:
    if block.data.find(b"\0", block.start, block.end) < 0:
        return block
    return block_of(_HOLE.sub(b"", block.data[block.start : block.end]))
