"""What a heartbeat source can be told."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from daemon.sources.contract import LoopRules, Mode, Source
from model.units import Seconds


class Heartbeat(Source, frozen=True, kw_only=True):
    """The target tells when its iterations start and end."""

    mode: Annotated[
        Mode,
        Meta(
            description="What the target tells: both ends of an iteration, its start only, its end only, or "
            "one beat for each turn of the loop."
        ),
    ] = "start_end"
    idle_allowance: Annotated[
        Seconds | None,
        Meta(
            ge=0,
            description="The longest healthy pause between two iterations, which only `start_end` can tell "
            "from an overrun. Needed in the other modes.",
        ),
    ] = None
    max_per_s: Annotated[
        int, Meta(ge=1, le=100_000, description="Heartbeats a second of this target; more are refused (429).")
    ] = 1000

    def loop_rules(self) -> LoopRules:
        """As configured."""
        return LoopRules(mode=self.mode, idle_allowance_s=self.idle_allowance or 0.0)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """An idle allowance where silence counts, and only there."""
        if self.mode != "start_end" and self.idle_allowance is None:
            rule = f"needed in mode {self.mode}: the longest healthy pause between two iterations"
            yield "idle_allowance", "missing", rule
        if self.mode == "start_end" and self.idle_allowance is not None:
            rule = "has no meaning in mode start_end: leave it out"
            yield "idle_allowance", str(self.idle_allowance), rule
