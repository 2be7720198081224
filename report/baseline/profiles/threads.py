"""Groups of threads by what profiles call a thread."""

import re

from report.baseline.groups import group

_NUMBERED = re.compile(r"\s*\((?:0x[0-9a-fA-F]+|\d+)\)$")  # MainThread (4242)
_PY_SPY = re.compile(r"^thread \((?:0x[0-9a-fA-F]+|\d+)\)(?:: (?P<name>.*))?$")  # thread (4242): MainThread
_AUSTIN = re.compile(r"^(?:T|Thread )(?:0x[0-9a-fA-F]+|\d+(?::\d+)?)$")
_PROCESS = re.compile(r"^(?:P\d+$|Process \d+$|process \d+:)")
ALL = "all threads"


def is_thread(text: str) -> bool:
    """Whether the first part of a folded stack names a thread rather than a function."""
    return bool(_PY_SPY.match(text) or _AUSTIN.match(text) or _NUMBERED.search(text))


def is_process(text: str) -> bool:
    """Whether it names a process."""
    return _PROCESS.match(text) is not None


def thread_group(text: str) -> str:
    """The group of a thread, however a profile spells it."""
    if match := _PY_SPY.match(text):
        return group(match["name"] or "thread")
    if _AUSTIN.match(text):
        return "thread"
    return group(_NUMBERED.sub("", text))
