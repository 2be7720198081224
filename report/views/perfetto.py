"""profile.perfetto.json.gz: lead-up and window on one axis of time, for ui.perfetto.dev and chrome://tracing.

The Trace Event Format: every event complete, in whole microseconds since the first thing that is shown.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from model.samples import STATES, Run, SampleTable, ThreadKind
from report import words
from report.drawing import Drawing
from report.places import place, rank, thread_text
from report.views.nested import blocks, calls, shortest_us
from report.views.perfetto_marks import MARKS_PID, Mark, marks
from report.views.perfetto_signals import counters

MOST_SLICES = 300_000
_LEAST_FREE_TID = MARKS_PID + 1000  # Linux numbers threads up to 4,194,304
_PIECE_BYTES = 1 << 18


def draw(drawing: Drawing) -> Iterator[bytes]:
    """The events, packed piece by piece."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    pending = bytearray()
    for text in _texts(drawing):
        pending += text
        if len(pending) >= _PIECE_BYTES:
            yield packer.compress(bytes(pending))
            pending.clear()
    yield packer.compress(bytes(pending)) + packer.flush()


def _texts(drawing: Drawing) -> Iterator[bytes]:
    table, capture = drawing.whole, drawing.capture
    found = marks(drawing)
    origin_us = min([table.start_us, *(mark.at_us for mark in found)])
    by_thread = _by_thread(table)
    nested = {thread: list(blocks(table, runs, states=True)) for thread, runs in by_thread.items()}
    least_us = shortest_us(nested.values(), MOST_SLICES)
    about = {
        "report": capture.id,
        "target": capture.target,
        "exporter": f"loopcam@{capture.loopcam_version}",
        "unix_time_of_zero_s": origin_us / 1e6 + capture.wall_minus_monotonic_s,
        "left_out": f"slices shorter than {least_us} us" if least_us else "nothing",
    }
    yield b'{"displayTimeUnit":"ms","otherData":' + msgspec.json.encode(about) + b',"traceEvents":['
    yield msgspec.json.encode(_named("process_name", MARKS_PID, MARKS_PID, name="the iteration"))
    for event in (*_process(drawing), *_marks(found, origin_us), *counters(drawing, origin_us)):
        yield b",\n" + msgspec.json.encode(event)
    said, ids = _Words(table), _ids(drawing)
    for order, thread in enumerate(_order(drawing, by_thread)):
        pid, tid = ids[thread]
        for event in _thread(table, thread, pid, tid, order):
            yield b",\n" + msgspec.json.encode(event)
        where = b',"pid":%d,"tid":%d}' % (pid, tid)
        for one in calls(table, nested.pop(thread), least_us):
            head = b',\n{"ph":"X","ts":%d,"dur":%d,' % (one.start_us - origin_us, one.length_us)
            yield head + said.of(one.frame) + where
    yield b"]}\n"


def _by_thread(table: SampleTable) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = {}
    for run in table.runs():
        found.setdefault(run.thread, []).append(run)
    for runs in found.values():
        runs.sort(key=lambda run: run.start_us)
    return found


def _order(drawing: Drawing, by_thread: dict[int, list[Run]]) -> list[int]:
    """The threads: the main one first, then those seen longest."""
    seen_us = {each: sum(run.end_us - run.start_us for run in runs) for each, runs in by_thread.items()}
    threads, pid = drawing.whole.threads, drawing.capture.pid
    return sorted(seen_us, key=lambda each: (rank(threads[each], pid), -seen_us[each], each))


class _Words:
    """What slices are called, each as the inside of a JSON object that is made once."""

    def __init__(self, table: SampleTable) -> None:
        self._table = table
        self._known: dict[int, bytes] = {}

    def of(self, frame: int) -> bytes:
        """Of a frame, or of a state."""
        found = self._known.get(frame)
        if found is None:
            found = self._known[frame] = msgspec.json.encode(self._said(frame))[1:-1]
        return found

    def _said(self, frame: int) -> dict[str, object]:
        if frame < 0:
            return {"name": words.STATES[STATES[-1 - frame]], "cat": "state"}
        function, file, line = self._table.frames[frame]
        return {"name": function or "?", "cat": "stack", "args": {"at": place(file, line), "file": file}}


def _ids(drawing: Drawing) -> list[tuple[int, int]]:
    """Process and thread numbers; where the kernel knows none, or by two names, it is one of ours."""
    threads = drawing.whole.threads
    names = Counter((each.pid, each.os_id) for each in threads)
    found = []
    for number, one in enumerate(threads):
        known = one.kind is ThreadKind.OS and one.os_id > 0 and names[one.pid, one.os_id] == 1
        tid = one.os_id if known else _LEAST_FREE_TID + number
        found.append((one.pid or drawing.capture.pid or MARKS_PID, tid))
    return found


def _named(what: str, pid: int, tid: int, **args: object) -> dict[str, object]:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": args}


def _process(drawing: Drawing) -> Iterator[dict[str, object]]:
    yield _named("process_sort_index", MARKS_PID, MARKS_PID, sort_index=-1)
    for pid in sorted({pid for pid, _ in _ids(drawing)} - {MARKS_PID}):
        which = "" if pid == drawing.capture.pid else ", a child process"
        yield _named("process_name", pid, pid, name=f"{drawing.capture.target}{which}")


def _thread(table: SampleTable, thread: int, pid: int, tid: int, order: int) -> Iterator[dict[str, object]]:
    yield _named("thread_name", pid, tid, name=thread_text(table.threads[thread]))
    yield _named("thread_sort_index", pid, tid, sort_index=order)


def _marks(found: Iterable[Mark], origin_us: int) -> Iterator[dict[str, object]]:
    """Stretches in tracks of their own, moments as lines over all of them."""
    for tid, mark in enumerate(found, MARKS_PID):
        at = {"name": mark.name, "cat": "loopcam", "ts": mark.at_us - origin_us, "pid": MARKS_PID, "tid": tid}
        if mark.until_us is None:
            yield {"ph": "i", "s": "g", **at, "tid": MARKS_PID}
        else:
            yield _named("thread_name", MARKS_PID, tid, name=mark.name)
            yield {"ph": "X", **at, "dur": mark.until_us - mark.at_us}
