"""The trigger `cpu`: the target's process computes more than it should."""

from collections import deque
from typing import Annotated, ClassVar

from msgspec import Meta

from daemon.triggers.contract import Judge, Seen, TriggerOptions
from daemon.triggers.lasting import Lasting
from model.events import TriggerKind
from model.units import Percent, Seconds

EVERY_S = 5.0


class Cpu(TriggerOptions, frozen=True, kw_only=True):
    """The process takes more CPU time than it should, all its threads together."""

    kind: ClassVar[TriggerKind] = TriggerKind.CPU
    needs_process: ClassVar[bool] = True

    above: Annotated[
        Percent, Meta(ge=0.01, le=1024, description="More than this share of one core; 200% are two cores.")
    ]
    over: Annotated[Seconds, Meta(ge=1, le=3600, description="On average over this long.")] = Seconds(30)

    def judge(self) -> Judge:
        """Who adds it up."""
        return CpuJudge(self)

    def usage_every_s(self) -> float:
        """Every 5 s, or as often as it matters."""
        return min(EVERY_S, self.over)


class CpuJudge:
    """The CPU time of one process over the last while."""

    def __init__(self, options: Cpu) -> None:
        self._options = options
        self._used: deque[tuple[float, float]] = (
            deque()
        )  # when, and how much by then; the first is the oldest
        self._share: Percent | None = None
        self._lasting = Lasting(options.over)

    def look(self, seen: Seen) -> str | None:
        """Compare with what it had used `over` ago."""
        if seen.usage is None:
            return None
        self._used.append((seen.now_s, seen.usage.cpu_s))
        while len(self._used) > 2 and seen.now_s - self._used[1][0] >= self._options.over:
            self._used.popleft()
        (then_s, before_s), lasted_s = self._used[0], seen.now_s - self._used[0][0]
        if lasted_s < self._options.over:
            return None
        self._share = Percent((seen.usage.cpu_s - before_s) / (seen.now_s - then_s))
        if not self._lasting.fires(seen.now_s, holds=self._share > self._options.above):
            return None
        return (
            f"CPU share {self._share} of a core over {Seconds(round(lasted_s))}, limit {self._options.above}"
        )

    def says(self) -> str:
        """The share now."""
        now = "not known yet" if self._share is None else f"{self._share} of a core"
        return f"{now}; fires above {self._options.above} over {self._options.over}"
