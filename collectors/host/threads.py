"""What /proc/PID/task says of each thread: a bounded number a time, the main one always, others in turn."""

import os
from collections.abc import Iterator
from pathlib import Path

from collectors.host.files import Reading, reason, text
from collectors.host.process import PROCESSOR, SYSTEM, TICKS_PER_S, USER, stat, value
from model.host_rows import ThreadRow
from model.signals import Name

NS_PER_S = 1e9
RUN_QUEUE_SOURCE = "/proc/PID/task/TID/schedstat"
SWITCHES_SOURCE = "/proc/PID/task/TID/status"
WCHAN, SYSCALL = "threads.wchan", "threads.syscall"
_ASLEEP = ("S", "D")
_RAN = "each thread ran again when it was asked where it waits"
_SWITCHES = (Name.VOLUNTARY_SWITCHES, Name.INVOLUNTARY_SWITCHES)


class Threads:
    """The threads of one process."""

    def __init__(self, pid: int, folder: str) -> None:
        self._main = pid
        self._folder = f"{folder}/task"
        self._readable: set[str] = set()  # of wait channel and syscall, what was told at least once
        self._after = 0  # the last one that was read: the next time begins behind it

    def read(self, most: int, into: Reading) -> list[ThreadRow]:
        """At most so many threads; why details are missing goes to `into`."""
        try:
            tids = self._chosen(sorted(map(int, os.listdir(self._folder))), most)
        except (OSError, ValueError) as error:
            why = reason(error, "/proc/PID/task")
            into.missing.update(dict.fromkeys((Name.RUN_QUEUE, *_SWITCHES, "threads"), why))
            return []
        rows = [row for tid in tids if (row := self._thread(tid, into)) is not None]
        for name, told in ((WCHAN, [row.wchan for row in rows]), (SYSCALL, [row.syscall for row in rows])):
            if any(one is not None and one != -1 for one in told):  # it is readable, if not of each just now
                self._readable.add(name)
                into.sources[name] = f"/proc/PID/task/TID/{name.partition('.')[2]}"
            if name in self._readable:
                into.missing.pop(name, None)
        return rows

    def _chosen(self, tids: list[int], most: int) -> list[int]:
        if len(tids) <= most:
            return tids
        others = [tid for tid in tids if tid != self._main]
        first = next((place for place, tid in enumerate(others) if tid > self._after), 0)
        turn = (others[first:] + others[:first])[: most - 1]
        self._after = turn[-1] if turn else 0
        return [self._main, *turn]

    def _thread(self, tid: int, into: Reading) -> ThreadRow | None:
        folder = f"{self._folder}/{tid}"
        try:
            fields = stat(f"{folder}/stat")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, or the thread has ended
            if Path(folder).exists():
                into.missing["threads"] = reason(error, "/proc/PID/task/TID/stat")
            return None
        told = _Told(folder, into)
        voluntary, involuntary = told.switches()
        return ThreadRow(
            tid=tid,
            state=fields[0],
            wchan=told.wchan(fields[0]),
            syscall=told.syscall() if fields[0] != "R" else -1,
            processor=int(fields[PROCESSOR]),
            cpu_s=(int(fields[USER]) + int(fields[SYSTEM])) / TICKS_PER_S,
            waited_s=told.waited_s(),
            voluntary=voluntary,
            involuntary=involuntary,
        )


class _Told:
    """The smaller files of one thread; one that is not there costs its own value only."""

    def __init__(self, folder: str, into: Reading) -> None:
        self._folder = folder
        self._into = into

    def wchan(self, state: str) -> str | None:
        said = self._text("wchan", WCHAN)
        if said in ("", "0") and state in _ASLEEP:
            self._into.missing[WCHAN] = self._untold()
        return None if said in (None, "", "0") else said

    def _untold(self) -> str:
        """Why the kernel says 0: to who may not trace the thread always, to others where it runs by now."""
        try:
            os.close(os.open(f"{self._folder}/maps", os.O_RDONLY | os.O_CLOEXEC))  # asks for the same right
        except PermissionError as error:
            return reason(error, "/proc/PID/task/TID/wchan")
        except OSError:  # whatever else it is, it is no lack of a right
            pass
        return _RAN

    def syscall(self) -> int | None:
        said = self._text("syscall", SYSCALL)
        first = said.split()[0] if said else ""
        if first == "running":
            return -1
        return int(first) if first.lstrip("-").isdigit() else None

    def waited_s(self) -> float | None:
        said = (self._text("schedstat", Name.RUN_QUEUE) or "").split()
        if len(said) < 2 or not said[1].isdigit():
            return None
        self._into.sources[Name.RUN_QUEUE] = RUN_QUEUE_SOURCE
        return int(said[1]) / NS_PER_S

    def switches(self) -> tuple[int | None, int | None]:
        told = self._text("status", *_SWITCHES) or ""
        found = tuple(value(told, f"{kind}_ctxt_switches") for kind in ("voluntary", "nonvoluntary"))
        if not all(one.isdigit() for one in found):
            return None, None
        self._into.sources.update(dict.fromkeys(_SWITCHES, SWITCHES_SOURCE))
        return int(found[0]), int(found[1])

    def _text(self, name: str, *missing: str) -> str | None:
        try:
            return text(f"{self._folder}/{name}")
        except OSError as error:
            if Path(self._folder).exists():  # else it has ended, which is no lack
                why = reason(error, f"/proc/PID/task/TID/{name}")
                self._into.missing.update(dict.fromkeys(missing, why))
            return None


def children(folder: str, most_threads: int) -> Iterator[int]:
    """The processes that its threads started and that are not waited for; raises OSError, ValueError."""
    tids = os.listdir(f"{folder}/task")
    for tid in tids[:most_threads]:
        try:
            yield from map(int, text(f"{folder}/task/{tid}/children").split())
        except FileNotFoundError:
            if Path(f"{folder}/task/{tid}").exists():
                raise
