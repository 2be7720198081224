"""Goroutines in groups of equal stacks, as people talk of them: 412 goroutines in net/http.roundTrip."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from model.samples import Frame, State
from model.units import counted
from report.evidence.goroutines import Goroutine
from report.evidence.loop import Dump, Loop, observes
from report.places import outside

# What a goroutine waits with, below the function that people know
_INNER = re.compile(r"(?:runtime|internal/.*|sync|sync/atomic|internal/sync|syscall)\.|time\.Sleep$|\(")


class Group(NamedTuple):
    """Goroutines with the same stack, root first."""

    frames: tuple[Frame, ...]
    goroutines: tuple[Goroutine, ...]
    loop: bool  # runs the loop
    ours: bool  # is there for our sake only

    @property
    def minutes(self) -> int:
        """How long the one waits that waits longest."""
        return max(each.minutes for each in self.goroutines)


def groups(dump: Dump, loop: Loop) -> list[Group]:
    """All groups of a dump: the loop's first, those that run, those in code of others than Go, large ones."""
    found: dict[tuple[tuple[Frame, ...], bool], list[Goroutine]] = defaultdict(list)
    for goroutine in dump.goroutines:
        found[goroutine.frames, goroutine.number in loop.numbers].append(goroutine)
    observers = {each.number for each in dump.goroutines if observes(each)}
    made = [
        Group(frames, tuple(members), runs_loop, observers >= {_serves(each, observers) for each in members})
        for (frames, runs_loop), members in found.items()
    ]
    return sorted(made, key=_interest)


def _serves(goroutine: Goroutine, observers: set[int]) -> int:
    """The goroutine that one was started by for our sake, or itself."""
    return goroutine.creator_number if goroutine.creator_number in observers else goroutine.number


def _interest(group: Group) -> tuple[bool, bool, bool, bool, int, int, int]:
    foreign = bool(outside(group.frames))
    runs = foreign and any(each.state is State.RUNNING for each in group.goroutines)
    first = group.goroutines[0].number
    return group.ours, not group.loop, not runs, not foreign, -len(group.goroutines), -group.minutes, first


def name(frames: Sequence[Frame]) -> str:
    """The innermost function that is not a mere way to wait, or the innermost of all."""
    known = (frame.function for frame in reversed(frames) if not _INNER.match(frame.function))
    return next(known, frames[-1].function if frames else "(no stack)")


def place(frames: Sequence[Frame], reason: str, waited: str = "") -> str:
    """Where a goroutine is: `net/http.(*persistConn).roundTrip (select), called by main.fetchPrices`."""
    inner, outer = name(frames), outside(frames)
    called = f", called by {outer}" if outer and outer != inner else ""
    return f"{inner}{waited} ({reason}){called}"


def title(group: Group) -> str:
    """A group in one line."""
    count = len(group.goroutines)
    who = f"goroutine {group.goroutines[0].number}" if count == 1 else f"{count} goroutines"
    reasons = Counter(each.reason for each in group.goroutines).most_common(3)
    reason = ", ".join(known if len(reasons) == 1 else f"{times} {known}" for known, times in reasons)
    longest = f"{' for' if count == 1 else ', longest'} {counted(group.minutes, 'minute')}"
    return f"{who} in {place(group.frames, reason, longest if group.minutes else '')}"
