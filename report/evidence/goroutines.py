"""Go's goroutine dumps, the text of `goroutine?debug=2`: all goroutines with stack and reason to wait.

Any text is read: what is no goroutine is passed over, and what is too much is cut off and told.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from model.samples import Frame, State

MOST = 100_000  # goroutines of one dump
MOST_FRAMES = 500  # of one goroutine; Go itself writes 100
LONGEST_LINE = 4096

_HEAD = re.compile(r"goroutine (\d{1,19})(?: gp=\S+)?(?: m=\S+)?(?: mp=\S+)? \[(.*)\](?: \{.*\})?:$")
_PLACE = re.compile(r"\t(.+?):(\d{1,9})(?: \+0x[0-9a-f]+)?(?: fp=.*)?$")
_CREATED = re.compile(r"created by (.+?)(?: in goroutine (\d{1,19}))?$")
_ELIDED = re.compile(r"\.\.\.(?:additional|\d+) frames elided\.\.\.$")
_MINUTES = re.compile(r"(\d{1,9}) minutes$")
_MUTEX = re.compile(r"(?:internal/)?sync\.\(\*(?:RW)?Mutex\)\.\w+\((0x[0-9a-f]{1,16})")
_LOCK_LINES = 8  # of a goroutine's text: its innermost frames
_RUNNING = {"running", "runnable", "preempted", "copystack", "GC assist marking", "GC worker (active)"}


class Goroutine(NamedTuple):
    """One goroutine of a dump; `frames` are root first."""

    number: int
    reason: str  # why it does not run, in Go's words: "chan receive"; or running, runnable, syscall
    minutes: int  # that it has waited, as Go tells them
    locked: bool  # to its thread
    frames: tuple[Frame, ...]
    creator: str = ""  # the function that started it
    creator_number: int = 0
    lock: str = ""  # the address of the mutex that it waits for, where Go tells

    @property
    def state(self) -> State:
        """Running or waiting, by its reason; one in a system call counts as waiting."""
        return State.RUNNING if self.reason in _RUNNING else State.WAITING


def read(file: BinaryIO, most: int = MOST) -> Iterator[Goroutine]:
    """The goroutines of a dump, as it is read; raises ValueError after `most` of them."""
    head: re.Match[str] | None = None
    body: list[str] = []
    found = 0
    for line in _lines(file):
        begins = _HEAD.match(line) if line.startswith("goroutine ") else None
        if begins is not None or not line:
            if head is not None:
                yield _goroutine(head, body)
                found += 1
            if begins is not None and found >= most:
                raise ValueError(f"more than {most} goroutines: the rest is left out")
            head, body = begins, []
        elif head is not None and len(body) <= 2 * MOST_FRAMES:
            body.append(line)
    if head is not None:
        yield _goroutine(head, body)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Lines of bounded length, without their ends; the rest of a longer one is passed over."""
    whole = True
    while piece := file.readline(LONGEST_LINE):
        if whole:
            yield piece.decode(errors="replace").rstrip("\r\n")
        whole = piece.endswith(b"\n")


def _goroutine(head: re.Match[str], body: Iterable[str]) -> Goroutine:
    reason, *said = head[2].partition(" labels:{")[0].split(", ")
    minutes = next((int(known[1]) for each in said if (known := _MINUTES.match(each))), 0)
    lines = list(body)
    frames, creator, number = _stack(lines)
    return Goroutine(
        number=int(head[1]),
        reason=reason.removesuffix(" (scan)"),
        minutes=minutes,
        locked="locked to thread" in said,
        frames=frames,
        creator=creator,
        creator_number=number,
        lock=next((found[1] for line in lines[:_LOCK_LINES] if (found := _MUTEX.match(line))), ""),
    )


def _stack(body: Iterable[str]) -> tuple[tuple[Frame, ...], str, int]:
    """The frames, root first, and who started the goroutine."""
    frames: list[Frame] = []
    function = ""
    for line in body:
        if line.startswith("\t"):
            if (place := _place(line)) is not None:  # else: "running on other thread; stack unavailable"
                frames.append(Frame(function or "(unknown)", *place))
                function = ""
        elif line.startswith("[originating from"):  # GODEBUG=tracebackancestors: not this one's stack
            break
        elif line.startswith("created by ") and (created := _CREATED.match(line)) is not None:
            return tuple(reversed(_with(frames, function))), name(created[1]), int(created[2] or 0)
        elif line.startswith("...") and _ELIDED.match(line):
            frames, function = [*_with(frames, function), Frame("(frames elided)", "", 0)], ""
        else:
            frames, function = _with(frames, function), name(_without_arguments(line))
    return tuple(reversed(_with(frames, function))), "", 0


@lru_cache(maxsize=65536)
def _place(line: str) -> tuple[str, int] | None:
    """File and line of a place, if it is one."""
    found = _PLACE.match(line)
    return (found[1], int(found[2])) if found is not None else None


def _with(frames: list[Frame], function: str) -> list[Frame]:
    """The frames with a function whose place was not told."""
    return [*frames, Frame(function, "", 0)] if function else frames


def _without_arguments(line: str) -> str:
    """A call without what stands in its last brackets: `net.(*conn).Read(0xc0, {...})`."""
    return line[: line.rfind("(")] if line.endswith(")") and "(" in line else line


def name(function: str) -> str:
    """A function as people write it: the linker writes dots in the last element of a path as %2e."""
    return function.replace("%2e", ".")
