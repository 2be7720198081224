"""austin's files: segments in its MOJO format, which a converter reads: one process for all of a report.

Their times count from its first look, which is the segment's start. Names of threads come from looks, and so
do their ids: austin knows the kernel's, but py-spy's looks at Pythons before 3.11 know the Python's own only.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
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


Rows = Callable[[Path, Span, TableBuilder, Sequence[Look]], Found]


@contextlib.contextmanager
def reading() -> Iterator[Rows]:
    """What gives the rows of each segment of one report; raises ValueError for one without any."""
    reader = _Reader()
    try:
        yield reader.rows
    finally:
        reader.close()


class _Reader:
    """Segments through one converter, which tells frames and stacks once for all."""

    def __init__(self) -> None:
        self._conversion: _Conversion | None = None
        self._table: _Table | None = None

    def rows(self, file: Path, span: Span, builder: TableBuilder, looks: Sequence[Look]) -> Found:
        """The rows of a segment; threads are named as in looks."""
        if self._conversion is None or self._table is None:
            self._conversion, self._table = _Conversion(), _Table(builder)
        table, damage = self._table, ""
        table.rows = []
        try:
            for said in map(_LINES.decode, self._conversion.lines(file)):
                if isinstance(said, _End):
                    damage = said.damage
                    break
                table.take(said)
            else:
                damage = "its converter ended early"
                self.close()
        except (ValueError, LookupError) as error:  # what came until then is whole
            self.close()
            if not table.rows:
                raise ValueError(str(error)) from error
            damage = str(error)
        return Found(table.finished(span, looks), damage)

    def close(self) -> None:
        """End the converter; what one of them told means nothing of the next one's."""
        if self._conversion is not None:
            self._conversion.close()
        self._conversion = self._table = None


class _Table:
    """The converter's numbers, and those of the sample table."""

    def __init__(self, builder: TableBuilder) -> None:
        self.rows: list[_Row] = []  # of the segment that is read
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
            numbers = list(map(self._number, said.frames))
            self._stacks += self._builder.descend(self._stacks[said.caller], numbers)

    def _number(self, frame: int) -> int:
        if (number := self._numbers.get(frame)) is None:
            number = self._numbers[frame] = self._builder.frame(self._frames[frame])
        return number

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


class _Conversion:
    """The converter's process."""

    def __init__(self) -> None:
        argv, pipe = [sys.executable, "-I", str(CONVERTER)], subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)

    def lines(self, file: Path) -> Iterator[bytes]:
        """What it prints of a file, bounded in time and in bytes; raises ValueError when it fails."""
        timer = threading.Timer(DEADLINE_S, self._process.kill)
        timer.start()
        try:
            self._ask(file)
            yield from _bounded(self._process.stdout or ())
            raise ValueError(self._why())
        finally:
            timer.cancel()

    def close(self) -> None:
        """End it; it has nothing to finish."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, file: Path) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it says why
                self._process.stdin.write(msgspec.json.encode(str(file)) + b"\n")
                self._process.stdin.flush()

    def _why(self) -> str:
        said = self._process.stderr.read(MAX_ERROR_BYTES) if self._process.stderr else b""
        return _why(self._process.wait(), said.decode(errors="replace").strip())


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
