"""A look: all threads at one instant, with what each was doing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from model.samples import GONE, NO_STACK, Frame, Row, SampleTable, Span, State, TableBuilder, Thread

NO_FRAME = Frame("(no Python frame)", "", 0)
RATE_HZ = 1  # looks are about so many a second
LEAST_US = 1000  # that a look holds which was taken after the window
_WAITS_FOR_LOCK = "futex"


class Scheduled(msgspec.Struct, frozen=True):
    """What the kernel says of a thread: /proc/PID/task/TID/stat's letter, and where it sleeps."""

    state: str
    wchan: str = ""


class Sighting(NamedTuple):
    """One thread in a look; `frames` are root first."""

    thread: Thread
    frames: tuple[Frame, ...]
    state: State
    owns_gil: bool
    wchan: str


class Look(NamedTuple):
    """All threads at one monotonic time."""

    at_us: int
    sightings: tuple[Sighting, ...]


def scheduled(data: bytes) -> Mapping[int, Scheduled]:
    """Scheduler states by os thread id; raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=dict[int, Scheduled])


def combine(active: bool, owns_gil: bool, kernel: Scheduled | None) -> State:
    """What a thread was doing, from the sampler's word (`active`, `owns_gil`) and the kernel's."""
    if owns_gil:
        return State.RUNNING_GIL if active else State.WAITING_GIL
    if kernel is None:
        return State.UNKNOWN if active else State.WAITING
    if kernel.state == "R":
        return State.RUNNING
    if active and kernel.state == "S" and _may_be_lock(kernel.wchan):
        return State.WANTING_GIL
    return State.WAITING if kernel.state in "SDTtI" else State.UNKNOWN


def _may_be_lock(wchan: str) -> bool:
    return wchan in ("", "0") or _WAITS_FOR_LOCK in wchan


def table(looks: Sequence[Look], start_us: int, end_us: int) -> SampleTable:
    """A sample table made of looks, one at least, in the order of time: each holds until the next."""
    builder = TableBuilder()
    rows: list[Row] = []
    present: set[int] = set()
    for look in looks:
        seen = list(_rows(look, builder))
        now = {row.thread for row in seen}
        rows += (Row(look.at_us, thread, GONE) for thread in present - now)
        rows += seen
        present = now
    end_us = max(end_us, looks[-1].at_us + LEAST_US)
    builder.add(Span(looks[0].at_us, end_us, RATE_HZ), rows)
    return builder.freeze(start_us, end_us)


def _rows(look: Look, builder: TableBuilder) -> Iterator[Row]:
    for seen in look.sightings:
        thread = builder.thread(*seen.thread)
        stack = builder.stack(seen.frames) or builder.call(NO_STACK, NO_FRAME)
        yield Row(look.at_us, thread, stack, seen.state)
