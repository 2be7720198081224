"""Lines with a time before each, as the Kubernetes API writes them: what was read before comes off again."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

from daemon.sources.log.contract import Piece
from daemon.sources.log.readers.bookmark import Bookmark

MAX_LINE_BYTES = 2**20  # a longer one is no line of a loop
_NS = 10**9


class Stamped:
    """Takes the times off, and drops the lines that a new connection brings a second time.

    The API counts in seconds, so after a reconnect the last second comes again. The bookmark therefore holds
    the latest time, and how many lines were read from the first one with this time on.
    """

    def __init__(self, bookmark: Bookmark, began_ns: int) -> None:
        """Lines from before `began_ns` are not fresh."""
        self._bookmark = bookmark
        self._began_ns = began_ns
        self._last_ns, self._count = _read(bookmark.text)
        self._fresh = False
        self._seeking = False
        self._again = 0
        self._rest = b""
        self._skipping = False

    def connect(self) -> dict[str, str]:
        """A connection begins: what to ask for, all since the last line or nothing that was before."""
        self._rest, self._skipping = b"", False
        self._seeking, self._again = True, 0
        if not self._last_ns:
            self._last_ns, self._fresh = self._began_ns, True
            return {"tailLines": "0"}
        second = datetime.fromtimestamp(self._last_ns // _NS, UTC)
        return {"sinceTime": second.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def pieces(self, data: bytes, *, ends: bool = False) -> Iterator[Piece]:
        """The lines that are whole by now, with `ends` also the rest; equally fresh ones together."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if ends:
            lines, self._rest = [*lines, self._rest], b""
        yield from _joined([found for line in lines if (found := self._line(line))])
        if len(self._rest) > MAX_LINE_BYTES:
            self._rest, self._skipping = b"", True
        if self._count:
            self._bookmark.write(f"{self._last_ns} {self._count}")

    def _line(self, line: bytes) -> tuple[bool, bytes] | None:
        """Whether a line is fresh, and its text; None for one that was read before, or has no time."""
        if self._skipping:
            self._skipping = False
            return None
        stamp, _, text = line.partition(b" ")
        at_ns = _nanoseconds(stamp)
        if at_ns is None or self._known(at_ns):  # without a time: the kubelet's own words
            return None
        self._last_ns, self._count = (at_ns, 1) if at_ns > self._last_ns else (self._last_ns, self._count + 1)
        self._fresh = self._fresh or at_ns >= self._began_ns
        return self._fresh, text + b"\n"

    def _known(self, at_ns: int) -> bool:
        if self._seeking:
            if at_ns < self._last_ns:
                return True
            self._seeking = False
            self._again = self._count if at_ns == self._last_ns else 0
        self._again -= 1
        return self._again >= 0


def _joined(lines: list[tuple[bool, bytes]]) -> Iterator[Piece]:
    """Lines as pieces; once one is fresh, all that follow are."""
    for fresh in (False, True):
        if text := b"".join(text for one, text in lines if one is fresh):
            yield Piece(data=text, fresh=fresh)


def _nanoseconds(stamp: bytes) -> int | None:
    """The time that 2026-11-21T10:00:00.123456789Z is; None where it is none."""
    date, _, rest = stamp.partition(b".")
    digits = rest[: len(rest) - len(rest.lstrip(b"0123456789"))]
    zone = rest[len(digits) :]
    whole = _seconds(date + zone)
    return None if whole is None else whole * _NS + int(digits[:9].ljust(9, b"0") or 0)


@lru_cache(maxsize=4)
def _seconds(stamp: bytes) -> int | None:
    try:
        at = datetime.fromisoformat(stamp.decode("ascii"))
    except ValueError:
        return None
    return None if at.tzinfo is None else int(at.timestamp())


def _read(bookmark: str) -> tuple[int, int]:
    last_ns, _, count = bookmark.partition(" ")
    return (int(last_ns), int(count)) if last_ns.isdigit() and count.isdigit() else (0, 0)
