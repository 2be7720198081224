"""What sources say (events), why we act (triggers) and why we do not (refusals)."""

from enum import StrEnum

import msgspec

MAIN_LOOP = "main"


class EventKind(StrEnum):
    """What an event says of its iteration."""

    START = "start"
    END = "end"
    BEAT = "beat"  # ends an iteration and starts the next
    IDLE = "idle"  # on standby: nothing is due


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a source says of one loop of one target."""

    source: str
    target: str
    kind: EventKind
    at_s: float  # monotonic
    loop: str = MAIN_LOOP
    iteration: str | None = None
    duration_s: float | None = None  # of the iteration, where its end tells


class Certainty(StrEnum):
    """Whether an overrun was seen (start without end) or follows from silence."""

    CERTAIN = "certain"
    INFERRED = "inferred"


class TriggerKind(StrEnum):
    """Why a capture is wanted."""

    OVERRUN = "overrun"
    MANUAL = "manual"
    EARLY = "early"  # an iteration on its way to an overrun: a light capture
    CPU = "cpu"
    MEMORY = "memory"
    LINE = "line"  # of the target's log
    SILENCE = "silence"  # the loop stopped: no iteration, no word
    EXIT = "exit"  # the target's process ended


class PlanName(StrEnum):
    """How much a capture takes."""

    LIGHT = "light"  # a short window, and of the collectors only those that cost next to nothing
    FULL = "full"
    DRILL = "drill"  # all of it for a moment, to see it arrive: nothing overran

    def outranks(self, other: "PlanName") -> bool:
        """Whether a capture of this plan takes the place of one of the other that is in progress."""
        return _RANKS.index(self) > _RANKS.index(other)


_RANKS = (PlanName.DRILL, PlanName.LIGHT, PlanName.FULL)


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for a capture. Times are monotonic seconds of this boot."""

    target: str
    kind: TriggerKind
    reason: str
    at_s: float
    loop: str = MAIN_LOOP
    iteration: str | None = None
    plan: PlanName = PlanName.FULL
    level: int = 0  # 0 at the threshold, 1 at twice, 2 at four times ...
    fired: int = 1  # how many overruns this iteration has brought, with this one
    started_s: float | None = None
    threshold_s: float | None = None
    certainty: Certainty = Certainty.CERTAIN

    @property
    def age_s(self) -> float | None:
        """How old the iteration was at the trigger, in seconds."""
        return None if self.started_s is None else self.at_s - self.started_s

    def is_of(self, iteration: str | None) -> bool:
        """Whether it was in this iteration that it came, as far as names tell."""
        if self.started_s is None:
            return False
        return self.iteration is None or iteration in (None, self.iteration)


class Refusal(StrEnum):
    """Why a trigger led to no capture."""

    COOLDOWN = "cooldown"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    SPOOL_FULL = "spool_full"
    DISABLED = "disabled"
    NO_PROCESS = "no_process"
    NOT_PERMITTED = "not_permitted"
    UNSUPPORTED = "unsupported"
    KNOWN_STALL = "known_stall"  # reports show it already, and it had its share of captures
