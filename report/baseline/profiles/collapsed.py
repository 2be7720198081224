"""Collapsed stacks: ours, austin's, py-spy's raw ones, and those that flamegraph.pl reads."""

import re
from collections.abc import Iterator, Sequence

from model.samples import NO_STACK, State
from report.baseline.calls import Calls, Function, Where
from report.baseline.profiles.threads import ALL, is_process, is_thread, thread_group

_OURS = re.compile(r"^(?P<name>.*) \((?P<file>[^()]*?)(?::\d+)?\)$")  # function (file.py:12)
_AUSTIN = re.compile(r"^(?P<file>[^;]+?):(?P<name>[^:;]+):\d+$")  # file.py:function:12
_VALUE = re.compile(rb"^(?P<stack>.*\S)\s+(?P<value>\d+(?:\.\d+)?)$")
_US, _SAMPLES = ("s", 1_000_000.0), ("samples", 1.0)


def read(data: bytes) -> tuple[Calls, str]:
    """The stacks with their weights, and in what these are; raises ValueError."""
    calls, ours, austin = Calls(), False, b"# austin:" in data[:4096]
    found: list[tuple[str, int, float]] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip() or line.startswith(b"#"):
            continue
        match = _VALUE.match(line)
        if match is None:
            raise ValueError(f"line {number} is no `stack;of;functions WEIGHT`")
        parts = match["stack"].decode(errors="replace").split(";")
        thread, frames = _split(parts)
        ours = ours or (thread != "" and thread.endswith(")") and not thread.startswith("thread ("))
        austin = austin or (parts[0].startswith("P") and is_process(parts[0]))
        group = thread_group(thread, parts[0]) if thread else ALL
        found.append((group, _stack(calls, frames), float(match["value"])))
    unit, per_unit = _US if ours or austin else _SAMPLES
    for group, stack, value in found:
        calls.seconds[Where(group, stack, State.UNKNOWN)] += value / per_unit
    return calls, unit


def _split(parts: Sequence[str]) -> tuple[str, list[str]]:
    """The thread, if one is named, and the frames; processes are left out."""
    rest = list(parts)
    while rest and is_process(rest[0]):
        del rest[0]
    if rest and is_thread(rest[0]) and not _is_frame(rest[0]):
        return rest[0], rest[1:]
    return "", rest


def _is_frame(part: str) -> bool:
    """Whether the text in brackets is a file rather than a thread's number."""
    match = _OURS.match(part)
    return match is not None and not match["file"].replace("0x", "").isalnum()


def _stack(calls: Calls, frames: Sequence[str]) -> int:
    stack = NO_STACK
    for function in _functions(frames):
        stack = calls.call(stack, function)
    return stack


def _functions(frames: Sequence[str]) -> Iterator[Function]:
    for frame in frames:
        match = _OURS.match(frame) or _AUSTIN.match(frame)
        yield Function(match["name"], match["file"]) if match else Function(frame, "")
