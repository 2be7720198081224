"""Finds a few series in an exposition that comes in pieces, and looks at nothing else; it never holds it."""

import re
from collections.abc import Iterator

from daemon.sources.metrics.contract import Names, Sample
from daemon.sources.metrics.samples import parsed

MAX_LINE_BYTES = 64 * 1024
MOST_LINES = 5000  # of the series that are looked at: each costs microseconds of the daemon's time
MOST_READ_BYTES = 2 * 2**20  # the same, of lines that are longer than any should be
MOST_NAMES = 20_000
SMALL_BYTES = 4 * 2**20
NOTED_BYTES = 2**20  # in which the names of all lines are noted; later on those of families alone
_AFTER_NAME = b"{ \t"
_TYPE = b"\n# TYPE "
_NAME = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]{0,255}")
_NAMES = re.compile(rb"^(?:# TYPE )?([a-zA-Z_:][a-zA-Z0-9_:]{0,255})", re.MULTILINE)


class Exposition:
    """One answer. Only whole lines count: what was cut off might be half a number."""

    def __init__(self, names: Names, *, curious: bool = False) -> None:
        """`names` are those of samples, as a line begins with them.

        `curious`: note all names that there are, and read all lines of those in question.
        """
        self.samples: list[Sample] = []
        self.names: set[bytes] | None = set() if curious else None
        self.broken = ""  # the beginning of a line that was meant, and cannot be read
        self.crowded = False  # there were more lines than are read
        self.ended = False  # it said so itself, as OpenMetrics does
        self._lines = self._read_bytes = 0
        self._size_bytes = 0
        self._needles = [
            (b"\n" + name.encode(), literals is None, () if curious else tuple(literals or ()))
            for name, literals in names.items()
        ]
        self._rest = b"\n"
        self._skipping = False  # a line that is too long

    def take(self, piece: bytes) -> None:
        """The next piece."""
        first = piece.find(b"\n")
        if first < 0:
            self._keep(self._rest + piece)
            return
        if not self._skipping:
            seam = self._rest + piece[: first + 1]
            self._look(seam, 0, len(seam) - 1)
        self._skipping = False
        last = piece.rfind(b"\n")
        self._look(piece, first, last)  # as it came: a copy of everything would cost as much as looking
        self._keep(piece[last:])

    def _keep(self, rest: bytes) -> None:
        """The beginning of a line; of one that is too long nothing is kept."""
        self._skipping = self._skipping or len(rest) > MAX_LINE_BYTES
        self._rest = b"" if self._skipping else rest

    def _look(self, data: bytes, begin: int, end: int) -> None:
        """The lines between two newlines."""
        if begin == end:
            return
        self._size_bytes += end - begin
        for needle, minor, literals in self._needles:
            if not minor or self._size_bytes < SMALL_BYTES:
                self._find(data, needle, literals, begin, end)
        if self.names is not None and len(self.names) < MOST_NAMES:
            self.names.update(self._noted(data, begin, end))
        self.ended = data.startswith(b"# EOF", data.rfind(b"\n", 0, end) + 1)

    def _noted(self, data: bytes, begin: int, end: int) -> Iterator[bytes]:
        """The names that there are: of every line at first, which costs more than all else."""
        if self._size_bytes <= NOTED_BYTES:
            yield from _NAMES.findall(data, begin, end)
            return
        at = data.find(_TYPE, begin, end)
        while at >= 0:
            at += len(_TYPE)
            if (name := _NAME.match(data, at, end)) is not None:
                yield name[0]
            at = data.find(_TYPE, at, end)

    def _find(self, data: bytes, needle: bytes, literals: tuple[bytes, ...], begin: int, end: int) -> None:
        """The lines that begin with a name and hold the literals, before the newline at `end`."""
        at = data.find(needle, begin, end)
        while at >= 0 and not self.crowded:
            after = at + len(needle)
            if data[after] in _AFTER_NAME:
                after = data.find(b"\n", after)
                self._read(data, at + 1, after, literals)
            at = data.find(needle, after, end)

    def _read(self, data: bytes, begin: int, end: int, literals: tuple[bytes, ...]) -> None:
        for literal in literals:
            if data.find(literal, begin, end) < 0:
                return
        self._lines += 1
        self._read_bytes += end - begin
        if self._lines > MOST_LINES or self._read_bytes > MOST_READ_BYTES:
            self.crowded = True
            return
        sample = parsed(data[begin:end]) if end - begin <= MAX_LINE_BYTES else None
        if sample is None:
            self.broken = self.broken or data[begin : min(end, begin + 100)].decode(errors="replace")
        else:
            self.samples.append(sample)
