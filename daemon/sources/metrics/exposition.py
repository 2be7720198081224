"""Finds a few series in an exposition that comes in pieces, and looks at nothing else; it never holds it."""

import re
from collections.abc import Iterable

from daemon.sources.metrics.contract import Sample
from daemon.sources.metrics.samples import parsed

MAX_LINE_BYTES = 64 * 1024
MOST_LINES = 5000  # of the series that are looked at: each costs microseconds of the daemon's time
MOST_NAMES = 20_000
_AFTER_NAME = b"{ \t"
_NAMES = re.compile(rb"^(?:# TYPE )?([a-zA-Z_:][a-zA-Z0-9_:]{0,255})", re.MULTILINE)


class Exposition:
    """One answer. Only whole lines count: what was cut off might be half a number."""

    def __init__(self, names: Iterable[str], *, curious: bool = False) -> None:
        """`names` are those of samples, as a line begins with them. `curious`: note all that there are."""
        self.samples: list[Sample] = []
        self.names: set[bytes] | None = set() if curious else None
        self.broken = ""  # the beginning of a line that was meant, and cannot be read
        self.crowded = False  # there were more lines than are read
        self.ended = False  # it said so itself, as OpenMetrics does
        self._lines = 0
        self._needles = [b"\n" + name.encode() for name in names]
        self._rest = b"\n"
        self._skipping = False  # a line that is too long

    def take(self, piece: bytes) -> None:
        """The next piece."""
        data = self._rest + piece
        end = data.rfind(b"\n")
        if self._skipping:
            begin = data.find(b"\n")
            self._skipping = begin < 0
            data, end = (b"", -1) if begin < 0 else (data[begin:], end - begin)
        self._rest = data[max(0, end) :]
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest, self._skipping = b"", True
        if end > 0:
            for needle in self._needles:
                self._find(data, needle, end)
            if self.names is not None and len(self.names) < MOST_NAMES:
                self.names.update(_NAMES.findall(data, 0, end))
            self.ended = data.startswith(b"# EOF", data.rfind(b"\n", 0, end) + 1)

    def _find(self, data: bytes, needle: bytes, end: int) -> None:
        """The lines that begin with a name, before the newline at `end`."""
        at = data.find(needle, 0, end)
        while at >= 0:
            after = at + len(needle)
            if data[after] in _AFTER_NAME:
                self._read(data[at + 1 : min(data.find(b"\n", after), at + 2 + MAX_LINE_BYTES)])
            at = data.find(needle, after, end)

    def _read(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > MOST_LINES:
            self.crowded = True
            return
        sample = parsed(line) if len(line) <= MAX_LINE_BYTES else None
        if sample is None:
            self.broken = self.broken or line[:100].decode(errors="replace")
        else:
            self.samples.append(sample)
