"""profile.speedscope.json: what each thread did when, at true times."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from model.samples import NO_STACK, Run, SampleTable
from report.drawing import Drawing
from report.places import thread_text

FORMAT_URL: Final = "https://www.speedscope.app/file-format-schema.json"


def draw(drawing: Drawing) -> Iterator[bytes]:
    """One evented profile a thread, in microseconds since the start of the window; gaps close all frames."""
    table, capture = drawing.table, drawing.capture
    by_thread: dict[int, list[Run]] = {}
    for run in table.runs():
        by_thread.setdefault(run.thread, []).append(run)
    frames = [
        {"name": function, "file": file, "line": line} if line > 0 else {"name": function, "file": file}
        for function, file, line in table.frames
    ]
    document = {
        "$schema": FORMAT_URL,
        "name": f"{capture.target} {capture.id}",
        "exporter": f"loopcam@{capture.loopcam_version}",
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
    }
    yield msgspec.json.encode(document)[:-1] + b',"profiles":['
    for number, thread in enumerate(drawing.threads()):
        profile = {
            "type": "evented",
            "name": thread_text(table.threads[thread]),
            "unit": "microseconds",
            "startValue": 0,
            "endValue": table.end_us - table.start_us,
        }
        yield (b"," if number else b"") + msgspec.json.encode(profile)[:-1] + b',"events":['
        for place, event in enumerate(_events(table, by_thread[thread])):
            yield b"," + event if place else event
        yield b"]}"
    yield b"]}\n"


def _events(table: SampleTable, runs: Iterable[Run]) -> Iterable[bytes]:
    """Frames that open and close, well nested. Made as text: there may be millions."""
    paths: dict[int, tuple[int, ...]] = {NO_STACK: ()}
    path: Sequence[int] = ()
    last_us = table.start_us
    for run in runs:
        if run.start_us > last_us:
            yield from _move(path, (), last_us - table.start_us)
            path = ()
        new = paths.get(run.stack) or paths.setdefault(run.stack, _path(table, run.stack))
        yield from _move(path, new, run.start_us - table.start_us)
        path, last_us = new, run.end_us
    yield from _move(path, (), last_us - table.start_us)


def _path(table: SampleTable, stack: int) -> tuple[int, ...]:
    found = []
    while stack != NO_STACK:
        found.append(table.tops[stack])
        stack = table.callers[stack]
    return tuple(reversed(found))


def _move(old: Sequence[int], new: Sequence[int], at_us: int) -> Iterable[bytes]:
    kept = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        kept += 1
    for frame in reversed(old[kept:]):
        yield b'{"type":"C","frame":%d,"at":%d}' % (frame, at_us)
    for frame in new[kept:]:
        yield b'{"type":"O","frame":%d,"at":%d}' % (frame, at_us)
