"""Stalls that reports show already, by their quick signatures: pure, and bounded."""

from collections.abc import Callable, Iterable

import msgspec

from daemon.instant import Instant

HOUR_S = 3600.0
MOST_KNOWN = 64  # of a target: those captured last


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One stall of a target, and its captures within the hour."""

    signature: str
    captures: tuple[Instant, ...]
    report: str  # the last that shows it
    process: str  # whose it was: a new process may run other code

    def within(self, now_s: float) -> int:
        """How many captures there were within the hour (boot clock)."""
        return sum(1 for at in self.captures if now_s - at.boot_s < HOUR_S)

    def next_s(self, most: int, now_s: float) -> float:
        """In how many seconds one more may be; 0 for now."""
        recent = [at.boot_s for at in self.captures if now_s - at.boot_s < HOUR_S]
        return 0.0 if len(recent) < most else max(0.0, recent[-most] + HOUR_S - now_s)

    def moved(self, move: Callable[[Instant], Instant]) -> "Known":
        """The same on another clock."""
        return msgspec.structs.replace(self, captures=tuple(map(move, self.captures)))


def used_up(known: Iterable[Known], signature: str, process: str, most: int, now_s: float) -> Known | None:
    """What is known of a stall that had its share of captures; None where one more may be.

    A process that never was captured in this stall has one more: it may run other code.
    """
    for one in known:
        if one.signature == signature:
            return one if one.within(now_s) >= most + (one.process != process) else None
    return None


def with_one(
    known: Iterable[Known], signature: str, report: str, process: str, at: Instant
) -> tuple[Known, ...]:
    """One capture more. What was last captured comes last; what is older than an hour is forgotten."""
    before = {one.signature: one for one in known if one.within(at.boot_s)}
    earlier = before.pop(signature, None)
    captures = tuple(one for one in earlier.captures if at.boot_s - one.boot_s < HOUR_S) if earlier else ()
    made = Known(signature=signature, captures=(*captures, at), report=report, process=process)
    return (*list(before.values())[-(MOST_KNOWN - 1) :], made)
