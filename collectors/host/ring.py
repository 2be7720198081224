"""The rows of one process in memory, bounded in seconds and bytes; and into a file, as they come."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from collectors.host.reader import Reader
from model.host_rows import Header

KEEP_S: Final = 120.0
KEEP_BYTES: Final = 1 << 20
Write = Callable[[bytes], None]
_ENCODE = msgspec.json.Encoder().encode


class Ring:
    """Rows of the last minutes. `alive` says whether the process still is the one that was meant."""

    def __init__(
        self,
        reader: Reader,
        alive: Callable[[], bool],
        *,
        keep_s: float = KEEP_S,
        keep_bytes: int = KEEP_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cost_s = 0.0  # of the last reading
        self._reader = reader
        self._alive = alive
        self._keep_s, self._keep_bytes = keep_s, keep_bytes
        self._clock = clock
        self._rows: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._writes: list[Write] = []
        self._header: Header | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._rows)

    @property
    def followed(self) -> bool:
        """Whether somebody takes its rows as they come, and then has them read, too."""
        return bool(self._writes)

    def read(self, most_threads: int, *, fast: bool = False) -> bool:
        """Take one more row; False where the process has ended, and what was read may be a successor's."""
        began_s = time.thread_time()
        at_s = self._clock()
        row = self._reader.read(at_s, most_threads, fast=fast)
        if not self._alive():
            return False
        line = _ENCODE(row) + b"\n"
        self._rows.append((at_s, line))
        self._held_bytes += len(line)
        self._forget(at_s)
        if self._writes:
            self._write(line)
        self.cost_s = time.thread_time() - began_s
        return True

    def follow(self, write: Write) -> Callable[[], None]:
        """Hand the header, the rows so far, and each that comes to `write`; returns how to stop that."""
        self._header = self._reader.header()
        write(_ENCODE(self._header) + b"\n")
        for _, line in self._rows:
            write(line)
        self._writes.append(write)
        return lambda: self._writes.remove(write) if write in self._writes else None

    def _write(self, line: bytes) -> None:
        header = self._reader.header()
        changed = header != self._header
        self._header = header
        for write in tuple(self._writes):
            if changed:
                write(_ENCODE(header) + b"\n")
            write(line)

    def _forget(self, now_s: float) -> None:
        while self._rows and (self._rows[0][0] < now_s - self._keep_s or self._held_bytes > self._keep_bytes):
            self._held_bytes -= len(self._rows.popleft()[1])
