"""Which lines of a log belong to an iteration, as far as their own times tell."""

from io import BytesIO

import msgspec

from collectors.logfile import LogFile
from model.stamps import Stamps
from model.units import counted

SLACK_S = 1.0  # a stamp may be whole seconds, and what it tells of is heard of a little later
CONTEXT_LINES = 20  # kept where no line is of the iteration
_ZONES_S = 900.0  # time zones lie quarters of an hour apart,
_FARTHEST_S = 14.25 * 3600  # and at most so far from UTC


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How much there may be of one file."""

    size_bytes: int
    lines: int


class Excerpt:
    """The lines of one file: those before the trigger at once, those of the window once it has ended."""

    def __init__(self, file: LogFile, bounds: Bounds, since_s: float | None) -> None:
        """`since_s` is when the iteration started (Unix time), where there is one."""
        self.path = file.path
        self.notes: list[str] = []
        self._file, self._bounds = file, bounds
        text, more = file.last(bounds.size_bytes // 2)
        if more and not text:
            self.notes.append("a line longer than half of max_bytes is left out")
        found = _lines(text)
        lines = found[-(bounds.lines // 2) :]
        self._before = b"".join(self._of_iteration(lines, since_s, more or len(lines) < len(found)))
        self._later = b""

    def finish(self) -> None:
        """Add what was written since the trigger."""
        most_bytes = self._bounds.size_bytes - len(self._before)
        text, notes = self._file.later(most_bytes)
        self.notes += notes
        lines, most_lines = _lines(text), self._bounds.lines - self._before.count(b"\n")
        if len(text) > most_bytes:
            lines.pop()  # not whole
        if len(text) > most_bytes or len(lines) > most_lines:
            self.notes.append("the window's last lines are left out: max_bytes, max_lines")
        self._later = b"".join(lines[:most_lines])

    def text(self) -> bytes:
        """What there is by now."""
        return self._before + self._later

    def _of_iteration(self, lines: list[bytes], since_s: float | None, more: bool) -> list[bytes]:
        """Those from the iteration's start on; all of them where that cannot be told, which is noted."""
        kept = f"the last {counted(len(lines), 'line')} before the trigger"
        if since_s is None:
            self.notes.append(f"no iteration was in flight: these are {kept}")
            return lines
        times = _times(lines, self._file.written_s)
        if times is None:
            if lines:
                self.notes.append(f"no line tells its time: these are {kept}")
            return lines
        first = next((at for at, time_s in enumerate(times) if time_s and time_s >= since_s - SLACK_S), None)
        if first is None:
            self.notes.append("no line before the trigger is of the iteration: these are the last before it")
            return lines[-CONTEXT_LINES:]
        if more and not any(times[:first]):
            self.notes.append("the iteration's first lines are left out: max_bytes, max_lines")
        return lines[first:]


def _lines(text: bytes) -> list[bytes]:
    """Its lines, each with its end."""
    return BytesIO(text).readlines()


def _times(lines: list[bytes], written_s: float) -> list[float | None] | None:
    """When each line was written (Unix time), None where it does not say; None where no line does.

    Times without a zone are the writer's own, which the time of the file's last change tells.
    """
    stamps = Stamps(written_s)
    times = [stamps.read(line) for line in lines]
    told = [time_s for time_s in times if time_s is not None]
    if not told or stamps.kind is None:
        return None
    if stamps.kind.zone:
        return times
    away_s = round((written_s - told[-1]) / _ZONES_S) * _ZONES_S
    if abs(away_s) > _FARTHEST_S:
        return None
    return [None if time_s is None else time_s + away_s for time_s in times]
