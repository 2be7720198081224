"""stacks.txt: all threads at the trigger, as plain text."""

from collections.abc import Iterator

from model.capture import Outcome
from model.samples import State
from model.units import counted, duration
from report.drawing import Drawing
from report.evidence.looks import Look, Sighting
from report.places import Origin, escaped, frame_text, is_main, origin, thread_text
from report.times import clock
from report.verdict.words import lines as verdict_lines
from report.views import goroutines
from report.words import STATES

_STOPS = ("signal_stop", "ptrace_stop")  # of the kernel's functions


def draw(drawing: Drawing) -> Iterator[bytes]:
    """The first look, innermost frame first, the main thread or the loop's goroutine before all others."""
    yield from (f"{line}\n".encode() for line in _lines(drawing))


def _lines(drawing: Drawing) -> Iterator[str]:
    if drawing.verdict is not None:
        yield from (escaped(line) for line in verdict_lines(drawing.verdict))
        yield ""
    if (look := drawing.look_at_trigger) is not None:
        yield from _look(drawing, look)
    if drawing.program.dumps:
        yield from ("",) if drawing.looks else ()
        yield from goroutines.lines(drawing)
    if not drawing.looks and not drawing.program.dumps:
        yield from _nothing(drawing)


def ordered(look: Look, pid: int) -> list[Sighting]:
    """The threads of a look: the main thread, the owner of the GIL, then by number."""
    return sorted(
        look.sightings, key=lambda seen: (not is_main(seen.thread, pid), not seen.owns_gil, seen.thread.os_id)
    )


def doing(seen: Sighting) -> str:
    """What a thread was doing, in words."""
    if any(stop in seen.wchan for stop in _STOPS):
        return "stopped, by a signal or a tracer"
    if seen.state is not State.WAITING or seen.wchan in ("", "0"):
        return STATES[seen.state]
    own = bool(seen.frames) and origin(seen.frames[-1].file) is not Origin.STANDARD
    lock = " for a lock or the GIL" if own and "futex" in seen.wchan else ""
    return f"{STATES[seen.state]}{lock} in {seen.wchan}"


def _look(drawing: Drawing, look: Look) -> Iterator[str]:
    capture = drawing.capture
    late_s = look.at_us / 1_000_000 - capture.trigger.at_s
    yield f"Threads of {escaped(capture.target)} ({capture.whereabouts}), innermost frame first"
    when = "after" if late_s >= 0 else "before"
    yield f"seen {clock(capture, look.at_us / 1_000_000)}, {duration(abs(late_s))} {when} the trigger"
    if capture.slowness:
        yield f"the iteration: {capture.slowness}"
    owners = [escaped(thread_text(seen.thread)) for seen in look.sightings if seen.owns_gil]
    yield f"{counted(len(look.sightings), 'thread')}; the GIL: {', '.join(owners) or 'nobody holds it'}"
    for seen in ordered(look, capture.pid):
        yield ""
        child = "" if seen.thread.pid == capture.pid else f", child process {seen.thread.pid}"
        yield f"{escaped(thread_text(seen.thread))}{child}: {escaped(doing(seen))}"
        yield from (f"    {escaped(frame_text(frame))}" for frame in reversed(seen.frames))
        if not seen.frames:
            yield "    (no Python frames)"


def _nothing(drawing: Drawing) -> Iterator[str]:
    yield f"No look at the threads of {escaped(drawing.capture.target)} was taken."
    for part in drawing.capture.parts:
        if part.outcome is not Outcome.COMPLETE:
            yield escaped(f"{part.name}: {part.outcome} {part.detail}".rstrip())
