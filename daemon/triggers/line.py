"""The trigger `line`: the target's log says something that wants a look."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from daemon.config.parts import Part
from daemon.sources.log.options import Log
from daemon.triggers.contract import Broken, TriggerOptions
from daemon.watch.iterations import Watch
from model.events import TriggerKind
from model.units import Seconds, counted

if TYPE_CHECKING:
    from daemon.config.target import Target

EVERY_S = 10.0


class Line(TriggerOptions, frozen=True, kw_only=True):
    """A new line of a log source of the target matches. Whoever writes that log can bring captures."""

    kind: ClassVar[TriggerKind] = TriggerKind.LINE

    match: Annotated[
        str,
        Meta(min_length=1, max_length=1000, description="A regular expression (RE2), searched in each line."),
    ]

    def says(self, watch: Watch) -> str:
        """The pattern."""
        return f"fires at a line with {self.match}"

    def check(self) -> Iterable[tuple[str, str, str]]:
        """A pattern that is read, and does not match everything."""
        from daemon.patterns.regex import PatternError, compiled  # here, and not above: it loads RE2

        try:
            if compiled(self.match).search(b"") is not None:
                yield "match", self.match, "matches the empty line, so it matches every line: say more"
        except PatternError as error:
            yield "match", self.match, str(error)

    def broken(self, target: "Target") -> Iterator[Broken]:
        """There must be a log."""
        if not any(isinstance(part.options, Log) for part in target.iterations):
            yield "line", "needs a source `log` in `iterations`"


class Lines:
    """Lines that matched one pattern; many in a row are one reason."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._told_s = float("-inf")
        self._more = 0

    def matched(self, now_s: float) -> str | None:
        """Why a capture is wanted now. The line stays out of it: a log may hold secrets."""
        if now_s - self._told_s < EVERY_S:
            self._more += 1
            return None
        self._told_s, more, self._more = now_s, self._more, 0
        since = f", and {counted(more, 'line')} since the last time" if more else ""
        return f"a line of the log matches {self._pattern}{since}; told once in {Seconds(EVERY_S)} at most"


def patterns(parts: tuple[Part[TriggerOptions], ...]) -> tuple[str, ...]:
    """What lines of a target's logs are searched for, beside what tells of iterations."""
    return tuple(dict.fromkeys(part.options.match for part in parts if isinstance(part.options, Line)))
