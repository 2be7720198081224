"""The trigger `early`: a light capture of an iteration that may yet overrun."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec
from msgspec import Meta

from collectors.contract import Collector
from daemon.triggers.contract import Broken, TriggerOptions
from daemon.watch.iterations import Rules, Watch
from model.events import TriggerKind
from model.units import Seconds

if TYPE_CHECKING:
    from daemon.config.target import Target


class Early(TriggerOptions, frozen=True, kw_only=True):
    """A light capture at a lower threshold; the full one follows when the iteration overruns."""

    kind: ClassVar[TriggerKind] = TriggerKind.EARLY
    once: ClassVar[bool] = True

    after: Annotated[
        Seconds,
        Meta(ge=0.01, description="An iteration that is still in flight after this long is looked at."),
    ]
    collection_time: Annotated[
        Seconds, Meta(ge=0.1, le=60, description="How long a light capture collects evidence.")
    ] = Seconds(2)

    def on_loop(self, rules: Rules) -> Rules:
        """Each iteration has an age at which a light capture is wanted."""
        return msgspec.structs.replace(rules, early_s=self.after)

    def says(self, watch: Watch) -> str:
        """When it fires."""
        return f"fires at an age of {self.after}"

    def broken(self, target: "Target") -> Iterator[Broken]:
        """It must be over before the overrun, and there must be something that it may take."""
        if target.threshold_s and self.after + self.collection_time > target.threshold_s:
            rule = f"with its collection_time ({self.collection_time}) at most max_loop_time"
            yield f"after: {self.after}", f"{rule} ({Seconds(target.threshold_s)})"
        collectors = [part.options for part in target.collectors]
        if all(isinstance(one, Collector) and not one.light for one in collectors):
            yield (
                "early",
                "needs a collector that a light capture may take: pyspy, austin or another cheap one",
            )
