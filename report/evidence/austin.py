"""austin's files: segments in its MOJO format, which a converter of its own process reads.

Their times count from its first look, which is the segment's start. Names of threads come from looks, and so
do their ids: austin knows the kernel's, but py-spy's looks at Pythons before 3.11 know the Python's own only.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from model.samples import GONE, NO_STACK, Frame, Row, Span, TableBuilder, Thread
from report.evidence.looks import NO_FRAME, Look

CONVERTER = Path(__file__).with_name("austin_converter.py")
DEADLINE_S = 25.0  # for a segment; a report must be drawn in a minute
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 4096
_MISSING = "austin-python is not installed"


class _Frame(msgspec.Struct, frozen=True, array_like=True, tag="frame"):
    function: str
    file: str
    line: int


class _Stacks(msgspec.Struct, frozen=True, array_like=True, tag="stacks", gc=False):
    caller: int
    frames: list[int]


class _Row(msgspec.Struct, frozen=True, array_like=True, tag="row", gc=False):
    time_us: int
    pid: int
    thread: int
    stack: int


class _End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    damage: str


_LINES = msgspec.json.Decoder(_Frame | _Stacks | _Row | _End)


class Found(NamedTuple):
    """The rows of a segment, and in words what could not be read of it."""

    rows: list[Row]
    damage: str = ""


def rows(file: Path, span: Span, builder: TableBuilder, looks: Sequence[Look]) -> Found:
    """The rows of a segment; threads are named as in looks. Raises ValueError when there are none."""
    table = _Table(builder)
    damage = "its converter ended early"
    try:
        with contextlib.closing(_converted(file)) as lines:
            for said in map(_LINES.decode, lines):
                if isinstance(said, _End):
                    damage = said.damage
                    break
                table.take(said)
    except (ValueError, LookupError) as error:  # what came until then is whole
        if not table.rows:
            raise ValueError(str(error)) from error
        damage = str(error)
    return Found(table.finished(span, looks), damage)


class _Table:
    """The converter's numbers, and those of the sample table."""

    def __init__(self, builder: TableBuilder) -> None:
        self.rows: list[_Row] = []
        self._builder = builder
        self._frames: list[Frame] = []
        self._numbers: dict[int, int] = {}  # of frames that are in a stack
        self._stacks = [NO_STACK]

    def take(self, said: _Frame | _Stacks | _Row) -> None:
        """One more of them; raises LookupError where it refers to what was not told."""
        if isinstance(said, _Row):
            if said.stack >= len(self._stacks):
                raise LookupError(f"stack {said.stack} was not told")
            self.rows.append(said)
        elif isinstance(said, _Frame):
            self._frames.append(Frame(said.function, said.file, said.line))
        else:
            stack, enter = self._stacks[said.caller], self._builder.enter
            for frame in said.frames:
                if (number := self._numbers.get(frame)) is None:
                    number = self._numbers[frame] = self._builder.frame(self._frames[frame])
                stack = enter(stack, number)
                self._stacks.append(stack)

    def finished(self, span: Span, looks: Sequence[Look]) -> list[Row]:
        """Rows of the sample table."""
        known = _threads(self.rows, span, looks)
        threads = {
            (row.pid, row.thread): self._builder.thread(*known.get(row.thread, _unknown(row)))
            for row in self.rows
        }
        return [
            Row(span.start_us + row.time_us, threads[row.pid, row.thread], self._stack(row.stack))
            for row in self.rows
        ]

    def _stack(self, number: int) -> int:
        if number == GONE:
            return GONE
        return self._stacks[number] or self._builder.call(NO_STACK, NO_FRAME)


def _unknown(row: _Row) -> Thread:
    return Thread(row.thread, "MainThread" if row.thread == row.pid else "", row.pid)


def _threads(rows: Sequence[_Row], span: Span, looks: Sequence[Look]) -> dict[int, Thread]:
    """The threads that looks know, by their kernel id.

    Where looks do not know it: austin and py-spy go through the threads in the same order, the Python's.
    """
    known = {each.thread.os_id: each.thread for look in looks for each in look.sightings}
    first = [row.thread for row in rows if row.time_us == rows[0].time_us]
    if not first or not known.keys().isdisjoint(first):
        return known
    alike = [look for look in looks if len(look.sightings) == len(first)]
    if alike:
        look = min(alike, key=lambda look: abs(look.at_us - span.start_us))
        return {os_id: each.thread for os_id, each in zip(first, look.sightings, strict=True)}
    return {thread.pid: thread for thread in known.values() if thread.name == "MainThread"}


def _converted(file: Path) -> Generator[bytes]:
    """What the converter prints, bounded in time and in bytes; raises ValueError when it fails."""
    argv = [sys.executable, "-I", str(CONVERTER), str(file)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        timer = threading.Timer(DEADLINE_S, process.kill)
        timer.start()
        try:
            yield from _bounded(process.stdout or ())
            said = process.stderr.read(MAX_ERROR_BYTES) if process.stderr else b""
            if code := process.wait():
                raise ValueError(_why(code, said.decode(errors="replace").strip()))
        finally:
            timer.cancel()
            process.kill()


def _bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
    left_bytes = MAX_OUTPUT_BYTES
    for line in lines:
        if (left_bytes := left_bytes - len(line)) < 0:
            raise ValueError(f"more than {MAX_OUTPUT_BYTES} bytes of stacks")
        yield line


def _why(code: int, said: str) -> str:
    """Why the converter failed."""
    if _MISSING in said:
        return f"{_MISSING}: install loopcam[austin] where reports are drawn"
    last = said.splitlines()[-1][:300] if said else ""
    return last or f"its converter ended by signal {-code}, at its limits of time or memory"
