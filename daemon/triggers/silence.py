"""The trigger `silence`: the loop stopped. No iteration runs, and none begins."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from daemon.triggers.contract import Broken, Judge, Seen, TriggerOptions
from model.events import TriggerKind
from model.units import Seconds

if TYPE_CHECKING:
    from daemon.config.target import Target

PAUSED_S = 5.0  # between two looks: we ourselves did not run, and what was said meanwhile is on its way


class Silence(TriggerOptions, frozen=True, kw_only=True):
    """The loop stopped: nothing in flight, nothing heard, though its source is up and nobody said `idle`."""

    kind: ClassVar[TriggerKind] = TriggerKind.SILENCE
    once: ClassVar[bool] = True

    after: Annotated[
        Seconds, Meta(ge=1, description="No iteration for this long; longer than any healthy pause.")
    ]

    def judge(self) -> Judge:
        """Who listens."""
        return SilenceJudge(self.after)

    def broken(self, target: "Target") -> Iterator[Broken]:
        """Where only one end is told, the next iteration is always in flight, and silence is an overrun."""
        if all(part.options.loop_rules().mode != "start_end" for part in target.iterations):
            yield "silence", "needs a source in mode start_end; in the others silence is an overrun"


class SilenceJudge:
    """Fires once, until something is heard again."""

    def __init__(self, after: Seconds) -> None:
        self._after = after
        self._since_s = float("-inf")  # since then it is quiet
        self._looked_s: float | None = None
        self._told_of_s: float | None = None  # the last word before a silence that was told
        self._silent_s: float | None = None

    def look(self, seen: Seen) -> str | None:
        """Count from the last word, or from when silence began to mean something."""
        paused = self._looked_s is not None and seen.now_s - self._looked_s > PAUSED_S
        self._looked_s = seen.now_s
        if not seen.quiet or seen.heard_s is None or paused:
            self._since_s, self._silent_s = seen.now_s, None
            return None
        self._silent_s = seen.now_s - max(self._since_s, seen.heard_s)
        if self._silent_s < self._after or self._told_of_s == seen.heard_s:
            return None
        self._told_of_s = seen.heard_s
        return f"no iteration for {Seconds(round(self._silent_s))}, the loop stopped; limit {self._after}"

    def says(self) -> str:
        """For how long it is silent."""
        now = "not silent" if self._silent_s is None else f"silent for {Seconds(round(self._silent_s))}"
        return f"{now}; fires after {self._after}"
