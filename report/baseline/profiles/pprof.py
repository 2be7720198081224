"""profile.proto: ours, Go's, and what else writes it."""

from pathlib import Path

from model.samples import STATES, State
from report.baseline.calls import Calls, Function, Where
from report.baseline.profiles.threads import ALL, thread_group
from report.evidence import profiles

_TIMES = {"nanoseconds": 1e9, "microseconds": 1e6, "milliseconds": 1e3, "seconds": 1.0}


def read(path: Path) -> tuple[Calls, str]:
    """The stacks with the values that are shown by themselves; raises OSError or ValueError."""
    found = profiles.read(path)
    per_unit = _TIMES.get(found.units[found.shown].unit, 1.0)
    calls = Calls()
    for (frames, values), labels in zip(found.stacks, found.labels, strict=True):
        stack = calls.stack(Function(frame.function, frame.file) for frame in frames)
        group = thread_group(labels["thread"]) if "thread" in labels else ALL
        calls.seconds[Where(group, stack, _state(labels.get("state", "")))] += values[found.shown] / per_unit
    unit = found.units[found.shown]
    return calls, "s" if unit.unit in _TIMES else unit.kind


def _state(text: str) -> State:
    return State(text) if text in STATES else State.UNKNOWN
