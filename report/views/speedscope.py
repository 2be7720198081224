"""profile.speedscope.json: what each thread did when, at true times."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from model.samples import Run
from model.units import duration
from report.drawing import Drawing
from report.places import thread_text
from report.views.nested import Call, blocks, calls, shortest_us

MOST_CALLS = 200_000
_OPEN, _CLOSE = b'{"type":"O","frame":%d,"at":%d}', b'{"type":"C","frame":%d,"at":%d}'
FORMAT_URL: Final = "https://www.speedscope.app/file-format-schema.json"


def draw(drawing: Drawing) -> Iterator[bytes]:
    """One evented profile a thread, in microseconds since the start of the window; gaps close all frames.

    Of more than `MOST_CALLS` the shortest are left out, which its name tells.
    """
    table, capture = drawing.table, drawing.capture
    by_thread: dict[int, list[Run]] = {}
    for run in table.runs():
        by_thread.setdefault(run.thread, []).append(run)
    nested = {thread: list(blocks(table, runs)) for thread, runs in by_thread.items()}
    least_us = shortest_us(nested.values(), MOST_CALLS)
    left_out = f", without calls shorter than {duration(least_us / 1e6)}" if least_us else ""
    frames = [
        {"name": function, "file": file, "line": line} if line > 0 else {"name": function, "file": file}
        for function, file, line in table.frames
    ]
    document = {
        "$schema": FORMAT_URL,
        "name": f"{capture.target} {capture.id}{left_out}",
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
        for place, event in enumerate(_events(calls(table, nested.pop(thread), least_us), table.start_us)):
            yield b"," + event if place else event
        yield b"]}"
    yield b"]}\n"


def _events(found: Iterable[Call], zero_us: int) -> Iterator[bytes]:
    """Frames that open and close, well nested. Made as text: there may be very many."""
    still_open: list[tuple[int, int]] = []  # frame, end
    for start_us, _, length_us, frame in found:
        at_us = start_us - zero_us
        while still_open and still_open[-1][1] <= at_us:
            yield _CLOSE % still_open.pop()
        yield _OPEN % (frame, at_us)
        still_open.append((frame, at_us + length_us))
    while still_open:
        yield _CLOSE % still_open.pop()
