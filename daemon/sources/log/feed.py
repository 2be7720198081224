"""From pieces of a log to the marks in it; any cutting of the same text into pieces gives the same marks."""

import time
from collections.abc import Callable, Iterable

from daemon.sources.contract import Condition
from daemon.sources.log.contract import Mark
from daemon.sources.log.cutter import Block, Cutter
from daemon.sources.log.formats import Cri, Docker, Format, Plain, detected
from daemon.sources.log.matcher import Clock, Matcher
from daemon.sources.log.options import Log, LogFormat
from daemon.sources.log.patterns import Pattern
from model.events import EventKind

# How much longer than the target's line that of the log may be: its frame, and escaped characters.
_FRAME: dict[LogFormat, tuple[int, int]] = {
    "plain": (1, 0),
    "cri": (1, 256),
    "docker": (6, 1024),
    "auto": (6, 1025),  # longer than any: once the format is told, the same line is cut again, and counted
}
_COUNT_WHEN_CUT = ("plain", "docker")  # in the others the lines within are counted
_FORMATS: dict[LogFormat, Callable[[int], Format]] = {
    "plain": lambda _: Plain(),
    "cri": Cri,
    "docker": Docker,
}


class LogFeed:
    """One log's feed."""

    def __init__(self, options: Log, matcher: Matcher, now: Clock) -> None:
        self._max_line_bytes = int(options.max_line_bytes)
        self._configured: LogFormat = options.format
        self._matcher = matcher
        self._now = now
        self._cutter = Cutter()
        self._format: Format | None = None
        self._truncated_lines = 0  # in formats that are over
        self._choose()

    def take(self, data: bytes, *, ends: bool = False, fresh: bool = True) -> list[Mark]:
        """The marks of the lines that are whole by now; with `ends` also that of the rest.

        Called with nothing now and then, it lets go of parts of lines that have waited too long for the rest.
        """
        self._matcher.begin()
        marks = [mark for block in self._cutter.cut(data, ends=ends) for mark in self._found(block)]
        marks += self._rest(ends=ends)
        self._matcher.end(fresh=fresh)
        return marks

    @property
    def pending_bytes(self) -> int:
        """How many of the last bytes are no whole line yet."""
        return self._cutter.pending_bytes + (self._format.pending_bytes if self._format else 0)

    @property
    def truncated_lines(self) -> int:
        """How many lines were longer than `max_line_bytes`, of which only the start was looked at."""
        now = self._format.truncated_lines if self._format else 0
        return self._cutter.truncated_lines + self._truncated_lines + now

    @property
    def disabled_patterns(self) -> int:
        """How often a pattern was disabled because matching took too long."""
        return self._matcher.disabled_patterns

    def condition(self) -> Condition:
        """Whether all patterns are at work."""
        return self._matcher.condition()

    def _found(self, block: Block) -> list[Mark]:
        if self._format is None:
            self._format = detected(block, self._max_line_bytes)
            self._bound(self._format.name if self._format else "auto")
            block = self._cutter.bound(block)
        if self._format is None or not self._matcher:
            return []
        lines = self._format.lines(block, self._matcher.texts, self._now())
        return self._matcher.marks(lines, self._max_line_bytes)

    def _rest(self, *, ends: bool) -> list[Mark]:
        """What was waited for in vain; with `ends` the next text is begun."""
        if self._format is None:
            return []
        lines = self._format.rest(self._now(), ends=ends)
        marks = self._matcher.marks(lines, self._max_line_bytes)
        if ends:
            self._choose()
        return marks

    def _bound(self, name: LogFormat) -> None:
        times, more = _FRAME[name]
        self._cutter.max_line_bytes = self._max_line_bytes * times + more
        self._cutter.counts = name in _COUNT_WHEN_CUT

    def _choose(self) -> None:
        """Begin a text: its format is known, or told by its first line."""
        if self._format is not None:
            self._truncated_lines += self._format.truncated_lines
        self._bound(self._configured)
        make = _FORMATS.get(self._configured)
        self._format = make(self._max_line_bytes) if make else None


def make_feed(
    options: Log, watched: Iterable[str] = (), *, limited: bool = True, now: Clock = time.monotonic
) -> LogFeed:
    """A feed of a log so configured; not `limited`, matching may take all the time it needs.

    Patterns that are `watched` for triggers come first: what a line says of an iteration ends its search.
    """
    patterns = [Pattern(EventKind.IDLE, text, watched=True) for text in watched]
    patterns += [Pattern(kind, text) for kind, text in options.wording.patterns()]
    matcher = Matcher(patterns, time.thread_time if limited else None, now)
    return LogFeed(options, matcher, now)
