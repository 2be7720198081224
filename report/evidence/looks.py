"""A look: all threads at one instant, with what each was doing."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from model.samples import Frame, State, Thread

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
