"""Matches lines within a budget: a pattern that costs too much is disabled for a while."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence

from daemon.sources.contract import Condition
from daemon.sources.log.budget import LINE_S, PIECE_S, RETRY_S, Budget
from daemon.sources.log.contract import Mark
from daemon.sources.log.patterns import Pattern, sought
from model.units import Seconds

_LOG = logging.getLogger(__name__)

LOOK_STEPS = 2_000_000  # of matching between two looks at the clock: well below a millisecond
REMEDY = "give it a text that its lines hold, or fewer repetitions"

Clock = Callable[[], float]


class Matcher:
    """The patterns of one log. `cpu` tells the CPU time of this thread; without it nothing is limited."""

    def __init__(
        self, patterns: Sequence[Pattern], cpu: Clock | None = time.thread_time, now: Clock = time.monotonic
    ) -> None:
        self.disabled_patterns = 0  # how often one was
        self.texts: tuple[bytes, ...] = ()  # of which every line that counts holds one
        self._patterns = patterns
        self._until_s: dict[Pattern, float] = {}
        self._active: tuple[Pattern, ...] = ()
        self._cpu, self._now = cpu, now
        self._budget = Budget()
        self._began_s, self._steps, self._lines = 0.0, 0, 0
        self._use()

    def __bool__(self) -> bool:
        """Whether any pattern is enabled."""
        return bool(self._active)

    def condition(self) -> Condition:
        """Whether it hears all that it should."""
        if not self._until_s:
            return Condition(True)
        which = ", ".join(pattern.text for pattern in self._until_s)
        retry = f"tried again {Seconds(RETRY_S)} after it was"
        return Condition(False, f"matching took too long, disabled: {which}", f"{REMEDY}; {retry}")

    def begin(self) -> None:
        """A piece begins: patterns whose time has come are enabled again."""
        if self._until_s:
            now_s = self._now()
            self._until_s = {one: until_s for one, until_s in self._until_s.items() if now_s < until_s}
            self._use()
        for pattern in self._patterns:
            pattern.steps //= 2  # what it costs now, not what it once did
        self._began_s, self._steps, self._lines = self._cpu() if self._cpu else 0.0, 0, 0

    def marks(self, lines: Iterable[tuple[bytes, bytes]], max_line_bytes: int) -> list[Mark]:
        """What the lines say."""
        found: list[Mark] = []
        for line, raw in lines:
            line = line.removesuffix(b"\r")[:max_line_bytes]
            for pattern in self._active:
                if (mark := pattern.mark(line, raw)) is not None:
                    found.append(mark)
                    if not pattern.watched:
                        break
            self._look(len(line))
        return found

    def end(self, *, fresh: bool) -> None:
        """A piece is over."""
        if self._cpu is not None and fresh and self._budget.spend(self._cpu() - self._began_s, self._now()):
            self._disable()

    def _look(self, length: int) -> None:
        """Now and then: whether this piece takes too long."""
        self._lines += 1
        self._steps += (length + 100) * 100
        if self._cpu is None or self._steps < LOOK_STEPS:
            return
        self._steps = 0
        if (now_s := self._cpu()) - self._began_s > max(PIECE_S, LINE_S * self._lines):
            self._began_s, self._lines = now_s, 0
            self._disable()

    def _disable(self) -> None:
        if not self._active:
            return
        worst = max(self._active, key=lambda pattern: pattern.steps)
        self._until_s[worst] = self._now() + RETRY_S
        self.disabled_patterns += 1
        self._budget.forget()
        for pattern in self._patterns:
            pattern.steps = 0
        _LOG.warning(
            "pattern disabled: matching took too long", extra={"pattern": worst.text, "remedy": REMEDY}
        )
        self._use()

    def _use(self) -> None:
        active = tuple(pattern for pattern in self._patterns if pattern not in self._until_s)
        if active != self._active:
            self._active, self.texts = active, sought(active)
