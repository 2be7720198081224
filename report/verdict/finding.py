"""What a rule is and what it finds; rules of every runtime have this form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from model.samples import Frame
from model.verdict import Cause, Fact

Features = TypeVar("Features")


@dataclass(frozen=True)
class Finding:
    """A cause that explains a share of the stall, with what speaks for it."""

    cause: Cause
    score: float  # 0 to 1: the share of the stalled time that it explains, less what speaks against it
    sentence: str  # what, where, how long: for a reader who has nothing else
    facts: tuple[Fact, ...]
    frames: tuple[Frame, ...] = ()  # the blocking stack, root first, for the signature
    remedy: str = ""  # what to look at or try next
    covers: frozenset[Cause] = frozenset()  # causes that are the same time, seen less exactly
    certain: bool = False  # a second, independent piece of evidence agrees
    names_within: bool = False  # the likeliest of what it covers is an alternative that tells more
    last: bool = False  # told only where no other cause is: never an alternative
    doubt: str = ""  # why it cannot be told from something else, if so: then confidence is never high


@dataclass(frozen=True)
class Rule(Generic[Features]):
    """One way to recognise a cause. `needs` says in plain words what it has to see; docs are made of it."""

    cause: Cause
    needs: str
    look: Callable[[Features], Finding | None]
    by_signals: bool = False  # it needs no stacks
