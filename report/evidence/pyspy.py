"""py-spy's files: segments are Chrome traces, dumps are its JSON.

In a trace, frames of a thread end (E) and begin (B) whenever its stack changes. The outermost frames are
pseudo frames without a file: with `--subprocesses` one a process, whose name holds its arguments and is
therefore never kept, and then one a thread, with its name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from model.samples import GONE, NO_STACK, Frame, Row, Span, TableBuilder, Thread
from report.evidence.looks import NO_FRAME, Scheduled, Sighting, combine

_PROCESS = re.compile(r"process \d+:")
_THREAD = re.compile(r"thread \((\d+|0x[0-9A-Fa-f]+)\)(?:: (.*))?", re.DOTALL)
_NOBODY = -1

_Place = tuple[int, int]  # thread, stack


class _Args(msgspec.Struct, gc=False):
    filename: str
    line: int


class _Event(msgspec.Struct, gc=False):
    args: _Args
    name: str
    ph: Literal["B", "E"]
    pid: int
    tid: int
    ts: int


class _Frame(msgspec.Struct, gc=False):
    name: str
    filename: str
    line: int


class _Thread(msgspec.Struct):
    pid: int
    thread_id: int
    thread_name: str | None
    os_thread_id: int | None
    active: bool
    owns_gil: bool
    frames: list[_Frame]


def rows(data: bytes, span: Span, builder: TableBuilder) -> list[Row]:
    """The rows of a segment; raises msgspec.DecodeError or ValueError when it is damaged."""
    paths: dict[int, list[_Place]] = {}
    found: list[Row] = []
    seen: dict[int, int] = {}  # the thread that last was behind a pthread id
    now: tuple[int, int] | None = None
    for event in msgspec.json.decode(data, type=list[_Event]):
        if now is not None and now != (event.tid, event.ts):
            found += _change(span.start_us + now[1], now[0], paths[now[0]], seen, builder)
        now = event.tid, event.ts
        path = paths.setdefault(event.tid, [])
        if event.ph == "B":
            path.append(_enter(path[-1] if path else (_NOBODY, NO_STACK), event, builder))
        elif path:
            path.pop()
        else:
            raise ValueError(f"a frame ends that never began: {event.name[:60]!r}")
    if now is not None:
        found += _change(span.start_us + now[1], now[0], paths[now[0]], seen, builder)
    return found


def _enter(place: _Place, event: _Event, builder: TableBuilder) -> _Place:
    """Where a thread is once it has entered a frame."""
    thread, stack = place
    if thread != _NOBODY:
        return thread, builder.call(stack, Frame(event.name, event.args.filename, event.args.line))
    if not event.args.filename:
        if _PROCESS.match(event.name):
            return place
        if named := _THREAD.fullmatch(event.name):
            return builder.thread(*_known(int(named[1], 0), named[2], event.pid)), stack
    thread = builder.thread(event.tid, "", event.pid)
    return thread, builder.call(stack, Frame(event.name, event.args.filename, event.args.line))


def _known(os_id: int, name: str | None, pid: int) -> tuple[int, str, int]:
    """A thread's number, name and process. Without `threading` not even the main thread has a name."""
    return os_id, name or ("MainThread" if os_id == pid else ""), pid


def _change(
    time_us: int, tid: int, path: list[_Place], seen: dict[int, int], builder: TableBuilder
) -> Iterator[Row]:
    """What one instant's events did to the thread behind a pthread id."""
    thread, stack = path[-1] if path else (_NOBODY, NO_STACK)
    before = seen.get(tid, _NOBODY)
    if before not in (_NOBODY, thread):
        yield Row(time_us, before, GONE)
    if thread != _NOBODY:
        yield Row(time_us, thread, stack if stack != NO_STACK else builder.call(NO_STACK, NO_FRAME))
    seen[tid] = thread


def sightings(data: bytes, kernel: Mapping[int, Scheduled]) -> Iterable[Sighting]:
    """The threads of a dump; raises msgspec.DecodeError when it is damaged."""
    for seen in msgspec.json.decode(data, type=list[_Thread]):
        os_id = seen.os_thread_id if seen.os_thread_id is not None else seen.thread_id
        scheduled = kernel.get(_kernel_id(seen, os_id))
        yield Sighting(
            thread=Thread(*_known(os_id, seen.thread_name, seen.pid)),
            frames=tuple(Frame(frame.name, frame.filename, frame.line) for frame in reversed(seen.frames)),
            state=combine(_active(seen, scheduled), seen.owns_gil, scheduled),
            owns_gil=seen.owns_gil,
            wchan=scheduled.wchan if scheduled else "",
        )


def _kernel_id(seen: _Thread, os_id: int) -> int:
    """By what the kernel knows a thread. Of Pythons before 3.11 py-spy tells it in blocking mode only."""
    main = seen.os_thread_id is None and seen.thread_name == "MainThread"
    return seen.pid if main else os_id


def _active(seen: _Thread, scheduled: Scheduled | None) -> bool:
    """Whether it works or would; who is not known to the kernel by a number is called active in any case."""
    if seen.os_thread_id is None and scheduled is not None:
        return scheduled.state == "R"
    return seen.active
