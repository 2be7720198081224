"""What a recording hands to a replay, step by step, and what it knows of itself at the end."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from model.events import EventKind


class Said(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that is told of an iteration; without a time of its own, at that of its step."""

    kind: EventKind
    iteration: str | None = None
    duration_s: float | None = None
    at_s: float | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line, or a scrape."""

    at_s: float | None  # Unix time; None before the first that tells one
    said: tuple[Said, ...] = ()
    down: bool = False  # nothing could be heard


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was in a recording."""

    noun: str  # what it consists of
    count: int
    first_s: float | None
    last_s: float | None
    counts: dict[str, int]  # what was said, by kind
    matched: bool  # whether anything told of an iteration
    unmatched: dict[str, tuple[str, ...]]  # what is needed and was not found, with what was looked for
    question: str  # for whoever wonders why
    sample: str = ""


class Recording(Protocol):
    """A log, or a history of metrics."""

    @property
    def tells_late(self) -> bool:
        """Whether a step tells what happened before it: then that comes before what fell due meanwhile."""

    def steps(self, blocks: Iterable[bytes]) -> Iterator[Step]:
        """Its steps, in its own order; raises LoopcamError for what is none."""

    def found(self) -> Found:
        """What was in it, once all steps were taken."""
