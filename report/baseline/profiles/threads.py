"""Groups of threads by what profiles call a thread."""

import re

from report.baseline.groups import group

_NUMBERED = re.compile(r"\s*\((?:0x[0-9a-fA-F]+|\d+)\)$")  # MainThread (4242)
_PY_SPY = re.compile(r"^thread \((?:0x[0-9a-fA-F]+|\d+)\)(?:: (?P<name>.*))?$")  # thread (4242): MainThread
_AUSTIN = re.compile(r"^(?:T|Thread )(?:\d+:)?(?P<number>0x[0-9a-fA-F]+|\d+)$")  # T0:4242
_SPEEDSCOPE = re.compile(r'^(?:Process \d+ )?Thread (?:0x[0-9a-fA-F]+|\d+) "(?P<name>.*)"$')
_PROCESS = re.compile(r"^(?:P(?P<number>\d+)$|Process \d+$|process \d+:)")
ALL = "all threads"  # of a profile that does not tell threads apart
OTHERS = "other threads"  # of one that does not name them
MAIN = "MainThread"


def is_thread(text: str) -> bool:
    """Whether the first part of a folded stack names a thread rather than a function."""
    return bool(_PY_SPY.match(text) or _AUSTIN.match(text) or _NUMBERED.search(text))


def is_process(text: str) -> bool:
    """Whether it names a process."""
    return _PROCESS.match(text) is not None


def thread_group(text: str, process: str = "") -> str:
    """The group of a thread, however a profile spells it, in a process if one is told."""
    if match := _PY_SPY.match(text):
        return group(match["name"] or "thread")
    if match := _SPEEDSCOPE.match(text):
        return group(match["name"])
    if match := _AUSTIN.match(text):
        owner = _PROCESS.match(process)
        return MAIN if owner and owner["number"] == match["number"] else OTHERS
    return group(_NUMBERED.sub("", text))
