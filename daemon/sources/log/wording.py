"""How a log words what it says of a loop: the patterns, and what they can tell."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from daemon.sources.contract import LoopRules, Mode
from model.events import EventKind

Patterns = tuple[str, ...]

# A line says one thing: the first of these whose patterns match it.
KINDS: tuple[EventKind, ...] = (EventKind.START, EventKind.END, EventKind.BEAT, EventKind.IDLE)
OF_MODE: dict[Mode, tuple[EventKind, ...]] = {
    "start_end": (EventKind.START, EventKind.END, EventKind.IDLE),
    "start": (EventKind.START, EventKind.END, EventKind.IDLE),
    "end": (EventKind.END, EventKind.IDLE),
    "beat": (EventKind.BEAT, EventKind.IDLE),
}
NEEDED: dict[Mode, tuple[EventKind, ...]] = {
    "start_end": (EventKind.START, EventKind.END),
    "start": (EventKind.START,),
    "end": (EventKind.END,),
    "beat": (EventKind.BEAT,),
}


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns by what their lines say, and the rules that follow."""

    mode: Mode
    start: Patterns = ()
    end: Patterns = ()
    beat: Patterns = ()
    idle: Patterns = ()
    idle_allowance_s: float | None = None
    concurrent: bool = False
    max_loop_time_s: float | None = None
    killed_after_s: float | None = None

    def of(self, kind: EventKind) -> Patterns:
        """The patterns of one kind."""
        found: Patterns = getattr(self, kind.value)
        return found

    def patterns(self) -> Iterator[tuple[EventKind, str]]:
        """Every pattern that counts in this mode, in the order of precedence."""
        kinds = (kind for kind in KINDS if kind in OF_MODE[self.mode])
        return chain.from_iterable(((kind, text) for text in self.of(kind)) for kind in kinds)

    def loop_rules(self) -> LoopRules:
        """What it can tell of a loop."""
        return LoopRules(
            mode=self.mode,
            idle_allowance_s=self.idle_allowance_s or 0.0,
            concurrent=self.concurrent,
            max_loop_time_s=self.max_loop_time_s,
            killed_after_s=self.killed_after_s,
        )


def mode_of(given: frozenset[str]) -> Mode:
    """The mode that the kinds of patterns given make."""
    if {"start", "end"} <= given:
        return "start_end"
    return "start" if "start" in given else "end" if "end" in given else "beat"
