"""speedscope's JSON: evented or sampled, ours and that of others."""

from collections.abc import Sequence
from typing import Final

import msgspec

from model import coding
from model.samples import NO_STACK, State
from report.baseline.calls import Calls, Function, Where
from report.baseline.profiles.threads import is_thread, thread_group

_UNITS: Final = {"nanoseconds": 1e9, "microseconds": 1e6, "milliseconds": 1e3, "seconds": 1.0}


class _Frame(msgspec.Struct, frozen=True):
    name: str
    file: str = ""


class _Shared(msgspec.Struct, frozen=True):
    frames: tuple[_Frame, ...]


class _Event(msgspec.Struct, frozen=True):
    type: str
    at: float
    frame: int


class _Profile(msgspec.Struct, frozen=True):
    type: str
    name: str
    unit: str = "none"
    events: tuple[_Event, ...] = ()
    samples: tuple[tuple[int, ...], ...] = ()
    weights: tuple[float, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    shared: _Shared
    profiles: tuple[_Profile, ...]


def read(data: bytes) -> tuple[Calls, str]:
    """Each profile's stacks, a profile being a thread; raises ValueError or msgspec.DecodeError."""
    document = coding.decode(data, _Document)
    functions = tuple(Function(frame.name, frame.file) for frame in document.shared.frames)
    calls = Calls()
    for profile in document.profiles:
        group, per_unit = thread_group(profile.name), _UNITS.get(profile.unit, 1.0)
        for stack, value in _weighed(profile, functions, calls):
            calls.seconds[Where(group, stack, State.UNKNOWN)] += value / per_unit
    timed = all(profile.unit in _UNITS for profile in document.profiles)
    return calls, "s" if timed else "samples"


def _weighed(profile: _Profile, functions: Sequence[Function], calls: Calls) -> list[tuple[int, float]]:
    if profile.type == "sampled":
        if len(profile.samples) != len(profile.weights):
            raise ValueError("samples and weights differ in number")
        return [
            (calls.stack(_named(functions, sample)), weight)
            for sample, weight in zip(profile.samples, profile.weights, strict=True)
        ]
    if profile.type != "evented":
        raise ValueError(f"it has a profile of the unknown type {profile.type!r}")
    return _evented(profile, functions, calls)


def _named(functions: Sequence[Function], sample: Sequence[int]) -> list[Function]:
    """The functions of a sample; py-spy may write the thread above them, which the profile names already."""
    found = [_function(functions, frame) for frame in sample]
    return found[1:] if found and is_thread(found[0].name) and not found[0].file else found


def _evented(profile: _Profile, functions: Sequence[Function], calls: Calls) -> list[tuple[int, float]]:
    found, stack, last = list[tuple[int, float]](), NO_STACK, 0.0
    for event in profile.events:
        if stack != NO_STACK and event.at > last:
            found.append((stack, event.at - last))
        last = event.at
        if event.type == "O":
            stack = calls.call(stack, _function(functions, event.frame))
        elif stack == NO_STACK:
            raise ValueError("a frame closes that never opened")
        else:
            stack = calls.callers[stack]
    return found


def _function(functions: Sequence[Function], number: int) -> Function:
    if not 0 <= number < len(functions):
        raise ValueError(f"it has no frame {number}")
    return functions[number]
