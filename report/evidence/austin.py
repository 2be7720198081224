"""austin's files: segments in its MOJO format, which a converter of its own process reads.

Their times count from its first look, which is the segment's start. Thread ids are the kernel's; names come
from looks at the same threads.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from model.samples import GONE, NO_STACK, Frame, Row, Span, TableBuilder

CONVERTER = Path(__file__).with_name("austin_converter.py")
DEADLINE_S = 25.0  # for a segment; a report must be drawn in a minute
MAX_OUTPUT_BYTES = 64 * 1024 * 1024
MAX_ERROR_BYTES = 4096
_MISSING = "austin-python is not installed"
_NO_FRAME = Frame("(no Python frame)", "", 0)


class _Frame(msgspec.Struct, frozen=True, array_like=True, tag="frame"):
    function: str
    file: str
    line: int


class _Stack(msgspec.Struct, frozen=True, array_like=True, tag="stack"):
    caller: int
    frame: int


class _Row(msgspec.Struct, frozen=True, array_like=True, tag="row", gc=False):
    time_us: int
    pid: int
    thread: int
    stack: int


class _End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    damage: str


_LINES = msgspec.json.Decoder(_Frame | _Stack | _Row | _End)


class Found(NamedTuple):
    """The rows of a segment, and in words what could not be read of it."""

    rows: list[Row]
    damage: str = ""


def rows(file: Path, span: Span, builder: TableBuilder, names: Mapping[int, str]) -> Found:
    """The rows of a segment; `names` of threads by their id. Raises ValueError when there are none."""
    found: list[Row] = []
    table = _Table(span, builder, names)
    try:
        with contextlib.closing(_converted(file)) as lines:
            for said in map(_LINES.decode, lines):
                if isinstance(said, _Row):
                    found.append(table.row(said))
                elif isinstance(said, _End):
                    return Found(found, said.damage)
                else:
                    table.define(said)
    except (ValueError, LookupError) as error:  # what came until then is whole
        if not found:
            raise ValueError(str(error)) from error
        return Found(found, str(error))
    return Found(found, "its converter ended early")


class _Table:
    """The converter's numbers, and those of the sample table."""

    def __init__(self, span: Span, builder: TableBuilder, names: Mapping[int, str]) -> None:
        self._span = span
        self._builder = builder
        self._names = names
        self._frames: list[Frame] = []
        self._stacks = [NO_STACK]

    def define(self, said: _Frame | _Stack) -> None:
        """One more frame or stack."""
        if isinstance(said, _Frame):
            self._frames.append(Frame(said.function, said.file, said.line))
        else:
            self._stacks.append(self._builder.call(self._stacks[said.caller], self._frames[said.frame]))

    def row(self, said: _Row) -> Row:
        """A row of the sample table."""
        name = self._names.get(said.thread) or ("MainThread" if said.thread == said.pid else "")
        thread = self._builder.thread(said.thread, name, said.pid)
        if said.stack == GONE:
            return Row(self._span.start_us + said.time_us, thread, GONE)
        stack = self._stacks[said.stack] or self._builder.call(NO_STACK, _NO_FRAME)
        return Row(self._span.start_us + said.time_us, thread, stack)


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
