"""profile.pb.gz: for `go tool pprof` and everything else that reads its format."""

import gzip
from collections.abc import Iterator
from typing import TYPE_CHECKING

from model.samples import SampleTable
from report.drawing import Drawing
from report.places import thread_text

if TYPE_CHECKING:
    from report.pprof_pb2 import Profile


def draw(drawing: Drawing) -> Iterator[bytes]:
    """Samples and wall nanoseconds by stack, labelled with thread, thread_id and state."""
    from report.pprof_pb2 import Profile

    table, capture = drawing.table, drawing.capture
    profile, text = Profile(), _Texts()
    for kind, unit in (("samples", "count"), ("wall", "nanoseconds")):
        profile.sample_type.add(type=text[kind], unit=text[unit])
    profile.default_sample_type = text["wall"]
    profile.period_type.type, profile.period_type.unit = text["wall"], text["nanoseconds"]
    profile.period = 1_000_000_000 // max((span.rate_hz for span in table.segments), default=1)
    profile.time_nanos = table.start_us * 1000 + round(capture.wall_minus_monotonic_s * 1_000_000_000)
    profile.duration_nanos = (table.end_us - table.start_us) * 1000
    profile.comment.append(text[f"loopcam {capture.id}"])
    _add_places(profile, table, text)
    _add_samples(profile, drawing, text)
    profile.string_table.extend(text)
    yield gzip.compress(profile.SerializeToString(), mtime=0)


class _Texts(dict[str, int]):
    """The numbers of texts; the empty one is 0, as the format wants it."""

    def __init__(self) -> None:
        super().__init__({"": 0})

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


def _add_places(profile: "Profile", table: SampleTable, text: _Texts) -> None:
    functions: dict[tuple[str, str], int] = {}
    for number, frame in enumerate(table.frames, start=1):
        key = frame.function, frame.file
        if key not in functions:
            functions[key] = len(functions) + 1
            # No system name: with one, pprof "demangles" <module> to nothing.
            profile.function.add(
                id=functions[key],
                name=text[frame.function],
                filename=text[frame.file],
            )
        location = profile.location.add(id=number)
        location.line.add(function_id=functions[key], line=frame.line)


def _add_samples(profile: "Profile", drawing: Drawing, text: _Texts) -> None:
    table = drawing.table
    for key, weight in drawing.weights.items():
        thread = table.threads[key.thread]
        sample = profile.sample.add(value=(max(1, round(weight.samples)), weight.us * 1000))
        sample.location_id.extend(_locations(table, key.stack))
        sample.label.add(key=text["thread"], str=text[thread_text(thread)])
        if thread.os_id:
            sample.label.add(key=text["thread_id"], num=thread.os_id)
        sample.label.add(key=text["state"], str=text[key.state])


def _locations(table: SampleTable, stack: int) -> Iterator[int]:
    """The frames of a stack, innermost first, as location ids."""
    while stack:
        yield table.tops[stack] + 1
        stack = table.callers[stack]
