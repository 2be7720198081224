"""How findings are said: shares, times, places; short enough for three in the morning."""

from collections.abc import Iterator, Sequence

from model.samples import Frame
from model.units import duration
from model.verdict import Verdict
from report.places import Origin, origin, place

_WAY = 4  # frames of a stack that are told


def percent(share: float) -> str:
    """A share: `93%`; never 100% of what is not all."""
    whole = round(share * 100)
    if whole == 100 and share < 0.9995:
        return "99.5%" if share >= 0.995 else "99%"
    return f"{whole}%" if share >= 0.01 or share == 0 else f"{share * 100:.1f}%"


def caller(frames: Sequence[Frame], at: int | None = None) -> Frame | None:
    """The innermost frame of the target's own code, at or outside of `at`; else of a package's.

    Code that a library made, and that has no file, only where there is no other of the target's own.
    """
    outer = frames if at is None else frames[: at + 1]
    own = [frame for frame in reversed(outer) if origin(frame.file) is Origin.OWN]
    written = next((frame for frame in own if not frame.file.startswith("<")), None)
    packaged = (frame for frame in reversed(outer) if origin(frame.file) is Origin.PACKAGE)
    return written or next(iter(own), None) or next(packaged, None)


def called(frame: Frame | None) -> str:
    """`run_once (loop.py:12)`."""
    if frame is None:
        return "code that is not seen"
    where = place(brief(frame.file), frame.line)
    return f"{frame.function} ({where})" if where else frame.function


def brief(file: str) -> str:
    """A file of the target's own by its last folder and name: a sentence is short, stacks have the whole."""
    return "/".join(file.rsplit("/", 2)[-2:]) if origin(file) is Origin.OWN else file


def several(names: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 2 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def inside(frames: Sequence[Frame], outer: int) -> str:
    """` in refresh (loop.py:12)`, or ` in JSONEncoder.encode, called by save (loop.py:12)`."""
    frame = frames[outer]
    if origin(frame.file) is Origin.OWN:
        around = caller(frames[:outer])
        return f" in {called(frame)}" + (f", called by {around.function}" if around else "")
    found = caller(frames, outer)
    return f" in {frame.function}" + (f", called by {called(found)}" if found else "")


def by_way(frames: Sequence[Frame], took: str) -> str:
    """`93% of 12.4 s by way of main, run_once, refresh (loop.py:12).`: what a sentence has no room for."""
    outside = [frame for frame in frames if origin(frame.file) is not Origin.STANDARD]
    way = [frame.function for frame in outside[-_WAY:-1] if not frame.function.startswith("<module")]
    return f"{took} by way of {', '.join((*way, called((outside or frames)[-1])))}."


def capital(text: str) -> str:
    """A sentence's beginning."""
    return text[:1].upper() + text[1:]


def took(share: float, total_s: float) -> str:
    """`93% of 12.4 s`."""
    return f"{percent(share)} of {duration(total_s)}"


def lines(verdict: Verdict) -> Iterator[str]:
    """A verdict as plain text: the answer, the evidence, what else it may be, what to do."""
    yield f"Verdict: {verdict.cause}, confidence {verdict.confidence} (signature {verdict.signature})"
    yield verdict.sentence
    yield from (f"  - {fact.text}" for fact in verdict.further)
    yield from (f"  or {each.cause}: {each.sentence}" for each in verdict.alternatives)
    if verdict.remedy:
        yield f"Next: {verdict.remedy}"
