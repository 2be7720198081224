"""The commands of all processes, and which matches a pattern: at each look only what is new costs much."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from daemon.targets import procfs

if TYPE_CHECKING:
    from daemon.patterns.search import Search

MATCHED_BYTES = 4096  # a stranger's endless arguments must not cost us much
YOUNG_S = 3.0  # soon after its start a process becomes another program
READ_SHARE = 0.0005  # of a core: so often are all read again, since any may become another program
READ_MOST_S = 10.0  # but no less often


class Command(msgspec.Struct, frozen=True):
    """A running process as a selector sees it."""

    pid: int
    parent: int
    start_ticks: int
    executable: bytes
    line: bytes  # empty of what is never a match


class Commands:
    """Remembers what it read, and what it answered, until something changes."""

    def __init__(self) -> None:
        self._known: dict[int, Command] = {}
        self._answers: dict[str, int | None] = {}
        self._read_s, self._cost_s = float("-inf"), 0.0  # all of them

    def oldest(self, patterns: Iterable[str]) -> dict[str, int]:
        """The pid of the oldest process that matches each pattern; wrappers of another match do not count."""
        from daemon.patterns.search import search  # here, and not above: it loads RE2

        before, self._known = self._known, self._read()
        changed = [one for pid, one in self._known.items() if one.line and before.get(pid) != one]
        answers: dict[str, int | None] = {}
        for pattern in patterns:
            wanted, answer = search(pattern), self._answers.get(pattern)
            stale = pattern not in self._answers or (answer is not None and answer not in self._known)
            if stale or any(_fits(one, wanted) for one in changed):
                answer = self._oldest(wanted)
            answers[pattern] = answer
        self._answers = answers
        return {pattern: pid for pattern, pid in answers.items() if pid is not None and self._still(pid)}

    def _oldest(self, wanted: "Search") -> int | None:
        matches = [one for one in self._known.values() if one.line and _fits(one, wanted)]
        wrappers = {pid for one in matches for pid in _wrappers(one, self._known)}
        chosen = [one for one in matches if one.pid not in wrappers]
        return min(chosen, key=lambda one: (one.start_ticks, one.pid)).pid if chosen else None

    def _still(self, pid: int) -> bool:
        """Whether the number still means what was read of it; else all is read anew at the next look."""
        try:
            same = _command(pid, procfs.ancestors(os.getpid())) == self._known[pid]
        except (OSError, IndexError):
            same = False
        if not same:
            self._answers, self._read_s = {}, float("-inf")
        return same

    def _read(self) -> dict[int, Command]:
        began_s, now_s = time.thread_time(), time.monotonic()
        every = now_s - self._read_s >= min(READ_MOST_S, self._cost_s / READ_SHARE)
        found = dict(_commands({} if every else self._known))
        if every:
            self._read_s, self._cost_s = now_s, time.thread_time() - began_s
        return found


def _fits(command: Command, wanted: "Search") -> bool:
    return wanted.occurs(command.line) or wanted.occurs(command.executable)


def _wrappers(inner: Command, commands: Mapping[int, Command]) -> set[int]:
    """The processes above this one that only run it, as `sh -c` and `timeout 9` do with `python x.py`."""
    above: list[Command] = []
    while (parent := commands.get((above or [inner])[-1].parent)) and parent not in above:
        above.append(parent)
    return {one.pid for one in above if _wraps(one, inner)}


def _wraps(one: Command, inner: Command) -> bool:
    """Whether the command line of `one` holds that of `inner`; a process that forked itself does not wrap."""
    arguments = inner.line.partition(b" ")[2]
    if one.line == inner.line:
        return False
    return (arguments or inner.line) in one.line and (bool(arguments) or one.executable != inner.executable)


def _commands(known: Mapping[int, Command]) -> Iterator[tuple[int, Command]]:
    """Every process; those that are known, and not young, as they are known."""
    ours: set[int] = set()
    old_ticks = (time.clock_gettime(time.CLOCK_BOOTTIME) - YOUNG_S) * procfs.TICKS_PER_S
    for name in filter(str.isdigit, os.listdir(procfs.PROC)):
        pid = int(name)
        one = known.get(pid)
        try:
            if one is None or one.start_ticks >= old_ticks:
                ours = ours or procfs.ancestors(os.getpid())
                one = _command(pid, ours)
            yield pid, one
        except (OSError, IndexError):  # ended meanwhile
            continue


def _command(pid: int, ours: set[int]) -> Command:
    """One process, as no match where it is ourselves, an ancestor or a child of ours, or of the kernel.

    Ours bear the selector's text among their own arguments (`sh -c "loopcam run --match X"`).
    """
    folder = f"{procfs.PROC}/{pid}"
    fields = _content(f"{folder}/stat").rpartition(b")")[2].split()
    parent, start_ticks = int(fields[1]), int(fields[19])
    line = b"" if pid in ours or parent == os.getpid() else _content(f"{folder}/cmdline")
    line = line[:MATCHED_BYTES].rstrip(b"\0").replace(b"\0", b" ")
    return Command(pid, parent, start_ticks, _executable(folder) if line else b"", line)


def _content(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, MATCHED_BYTES)
    finally:
        os.close(descriptor)


def _executable(folder: str) -> bytes:
    try:
        return bytes(Path(f"{folder}/exe").readlink())
    except PermissionError:  # another user's: its command line must do
        return b""
