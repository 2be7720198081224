"""The trigger `adaptive`: the threshold follows what iterations usually take."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from daemon.triggers.contract import Broken, TriggerOptions
from daemon.watch.iterations import Rules, Watch
from daemon.watch.recent import MEDIAN, AdaptiveRules
from model.events import TriggerKind
from model.units import Seconds

if TYPE_CHECKING:
    from daemon.config.target import Target

TIMES_MEDIAN = 3.0


class Adaptive(TriggerOptions, frozen=True, kw_only=True):
    """An iteration has overrun earlier than `max_loop_time` where it takes much longer than usual."""

    kind: ClassVar[TriggerKind] = TriggerKind.OVERRUN
    once: ClassVar[bool] = True

    times: Annotated[
        float | None,
        Meta(
            gt=0,
            le=1000,
            description="So many times the usual duration is allowed. Left out: 3 times the median, or the "
            "`percentile` itself.",
        ),
    ] = None
    percentile: Annotated[
        str | None,
        Meta(
            pattern=r"^p[0-9]{1,2}(\.[0-9]{1,2})?$",
            extra={"rule": "a percentile such as p99 or p99.9"},
            description="What is usual, such as `p99`. Left out: the median.",
        ),
    ] = None
    last: Annotated[int, Meta(ge=5, le=10000, description="So many of the last iterations count.")] = 100
    needs: Annotated[
        int,
        Meta(ge=1, le=10000, description="Until so many were seen, `max_loop_time` alone holds."),
    ] = 20
    floor: Annotated[Seconds, Meta(ge=0.01, description="The threshold is never lower than this.")] = Seconds(
        5
    )

    @property
    def rules(self) -> AdaptiveRules:
        """What the watch of the loop is told."""
        percent = MEDIAN if self.percentile is None else float(self.percentile.removeprefix("p"))
        times = self.times or (TIMES_MEDIAN if self.percentile is None else 1.0)
        return AdaptiveRules(
            percent=percent, times=times, floor_s=self.floor, last=self.last, needs=self.needs
        )

    def on_loop(self, rules: Rules) -> Rules:
        """The threshold follows."""
        return msgspec.structs.replace(rules, adaptive=self.rules)

    def says(self, watch: Watch) -> str:
        """What the next iteration is held to."""
        threshold = watch.next_threshold()
        if threshold.usual_s is None:
            return "not in effect: too few iterations seen, or their usual duration allows max_loop_time"
        return f"allowed are {threshold.says(self.rules)}"

    def broken(self, target: "Target") -> Iterator[Broken]:
        """It must be able to fire before the overrun that there is in any case."""
        if self.needs > self.last:
            yield f"needs: {self.needs}", f"at most `last` ({self.last})"
        if self.floor >= target.threshold_s > 0:
            yield f"floor: {self.floor}", f"less than max_loop_time ({Seconds(target.threshold_s)})"
