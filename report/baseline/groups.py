"""Threads by what they are for: `worker-1` and `worker-12` do the same work."""

import re
from functools import lru_cache

from model.samples import Thread, ThreadKind
from report.places import is_main

_NUMBERS = re.compile(
    r"""[\s\-_:.\#/]*                                         # what sets a number off
    (?: 0x[0-9a-fA-F]+
      | (?<![A-Za-z0-9])(?=[A-Za-z]*\d)[0-9a-fA-F]{6,}(?![A-Za-z])  # an id
      | \d+ )""",
    re.VERBOSE,
)
_MAIN = "MainThread"


@lru_cache(maxsize=4096)
def group(thread_name: str) -> str:
    """A thread's name without its numbers; `thread` where nothing else is left."""
    return _NUMBERS.sub("", thread_name).strip(" -_:.#/") or "thread"


def group_of(thread: Thread, pid: int) -> str:
    """The group of a thread of the target; threads of its child processes are groups of their own."""
    if is_main(thread, pid):
        return _MAIN if thread.kind is ThreadKind.OS else group(thread.name)
    child = thread.kind is ThreadKind.OS and thread.pid not in (pid, 0)
    return f"{group(thread.name)} of child processes" if child else group(thread.name)


def is_main_group(name: str) -> bool:
    """Whether it is the main thread's."""
    return name == _MAIN
