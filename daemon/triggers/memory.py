"""The trigger `memory`: the target's process holds too much memory, or more and more of it."""

from collections import deque
from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import Meta

from daemon.triggers.contract import Judge, Seen, TriggerOptions
from daemon.triggers.lasting import Lasting
from model.events import TriggerKind
from model.units import ByteSize, Percent, Seconds

EVERY_S = 5.0
KEPT = 64  # figures of the time that is looked back at


class Memory(TriggerOptions, frozen=True, kw_only=True):
    """The process' resident memory is above a limit, or grows by too much within a while."""

    kind: ClassVar[TriggerKind] = TriggerKind.MEMORY
    needs_process: ClassVar[bool] = True

    above: Annotated[
        ByteSize | None, Meta(ge=1, description="More resident memory than this, such as 2GiB.")
    ] = None
    growth: Annotated[
        Percent | None,
        Meta(
            ge=0.01, le=1000, description="More by this share than the least it had `within` the last while."
        ),
    ] = None
    within: Annotated[
        Seconds,
        Meta(
            ge=2,
            le=86400,
            description="That while, for which a process must have been watched: its start is no leak.",
        ),
    ] = Seconds(600)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """One of both at least."""
        if self.above is None and self.growth is None:
            yield "above", "missing", "needed: `above`, `growth`, or both"

    def judge(self) -> Judge:
        """Who compares."""
        return MemoryJudge(self)

    def usage_every_s(self) -> float:
        """Every 5 s, or as often as it matters."""
        return min(EVERY_S, self.within / 2)


class MemoryJudge:
    """The resident memory of one process over the last while."""

    def __init__(self, options: Memory) -> None:
        self._options = options
        self._rss: deque[tuple[float, int]] = deque()  # when, and how much; at most KEPT and a few
        self._now: ByteSize | None = None
        self._above, self._growth = Lasting(options.within), Lasting(options.within)

    def look(self, seen: Seen) -> str | None:
        """Compare with the limit, and with what it had."""
        if seen.usage is None:
            return None
        rss = self._now = ByteSize(seen.usage.rss_bytes)
        reasons = (self._too_much(seen.now_s, rss), self._grown(seen.now_s, rss))
        self._remember(seen.now_s, rss)
        return next((reason for reason in reasons if reason), None)

    def says(self) -> str:
        """How much it is now."""
        now = "not known yet" if self._now is None else f"{self._now}"
        limits = [] if self._options.above is None else [f"above {self._options.above}"]
        if self._options.growth is not None:
            limits.append(f"at {self._options.growth} more within {self._options.within}")
        return f"{now}; fires {' or '.join(limits)}"

    def _too_much(self, now_s: float, rss: ByteSize) -> str | None:
        limit = self._options.above
        if limit is None or not self._above.fires(now_s, holds=rss > limit):
            return None
        return f"resident memory {rss}, limit {limit}"

    def _grown(self, now_s: float, rss: ByteSize) -> str | None:
        limit, within_s = self._options.growth, self._options.within
        if limit is None or not self._rss or now_s - self._rss[0][0] < within_s:
            return None
        then_s, least = min(self._rss, key=lambda one: one[1])
        grown = Percent(rss / max(1, least) - 1)
        if not self._growth.fires(now_s, holds=grown > limit):
            return None
        ago = Seconds(round(now_s - then_s))
        return f"resident memory {rss}, {grown} more than the {ByteSize(least)} of {ago} ago, limit {limit}"

    def _remember(self, now_s: float, rss: int) -> None:
        """Keep one figure for each stretch of the while: its least."""
        if self._rss and now_s - self._rss[-1][0] < self._options.within / KEPT:
            at_s, before = self._rss[-1]
            self._rss[-1] = (at_s, min(before, rss))
            return
        self._rss.append((now_s, rss))
        while len(self._rss) > 1 and now_s - self._rss[1][0] >= self._options.within:
            self._rss.popleft()
