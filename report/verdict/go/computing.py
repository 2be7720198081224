"""The loop's goroutine has a CPU: its own code, or the garbage that it makes."""

import re
from typing import Final

from model.samples import Frame
from model.verdict import Cause, Fact, FactKind
from report.places import Origin, origin
from report.verdict import words
from report.verdict.finding import Finding
from report.verdict.go.features import GoFeatures
from report.verdict.go.patterns import Piece
from report.verdict.go.spoken import IDLE_CORES, LEAST, by, in_looks, stack

_COLLECTS: Final = re.compile(r"runtime\.(?:gc|bgsweep|bgscavenge|sweepone)\w*")
_ALLOCATES: Final = re.compile(r"runtime\.(?:mallocgc|newobject|makeslice|growslice|newarray|rawstring)\w*")
_COLLECTING_LEAST: Final = 0.1  # of the CPU time, for the collector to be what it is about
_BOTH_LEAST: Final = 0.4  # with allocating: programs that are well have less
_HALF: Final = 0.5


def own_code(features: GoFeatures) -> Finding | None:
    """The loop's goroutine runs, and nothing says in what but its own functions."""
    running = [piece for piece in features.rest if piece.running]
    share = sum(piece.share for piece in running)
    if share < LEAST:
        return None
    places: dict[Frame, float] = {}
    for piece in running:
        frame = words.caller(piece.frames) or piece.leaf
        key = Frame(frame.function, frame.file, 0)
        places[key] = places.get(key, 0.0) + piece.share
    best = max(places, key=lambda each: places[each])
    piece = max((one for one in running if _is_of(one, best)), key=lambda one: one.share, default=running[0])
    frame = words.caller(piece.frames) or piece.leaf
    whose = "package code" if origin(frame.file) is Origin.PACKAGE else "own code"
    on = in_looks(features, share) if features.looks else f"For {words.percent(share)} of the CPU time"
    facts = [stack(f"{words.percent(places[best])} in {words.called(frame)}.", piece, places[best])]
    if features.cores is not None:
        facts.append(_cores(features.cores))
    return Finding(
        cause=Cause.OWN_CODE,
        score=share * 0.95,
        sentence=f"Computing: {on[0].lower()}{on[1:]} it ran {whose}, most of it {words.called(frame)}.",
        facts=tuple(facts),
        frames=piece.frames[: piece.frames.index(frame) + 1] if frame in piece.frames else piece.frames,
        remedy="Look at what that function was given: input that grew, a loop over all pairs.",
        certain=features.cores is not None and features.cores >= IDLE_CORES,
    )


def _is_of(piece: Piece, best: Frame) -> bool:
    frame = words.caller(piece.frames) or piece.leaf
    return (frame.function, frame.file) == (best.function, best.file)


def _cores(cores: float) -> Fact:
    text = f"The program kept {cores:.2g} cores busy, as its CPU profiles say."
    return Fact(kind=FactKind.STACK, text=text, value=round(cores, 3), unit="cores")


def collection(features: GoFeatures) -> Finding | None:
    """The collector takes CPU in goroutines of its own, and makes the loop's assist; allocating comes too."""
    collecting, allocating = _cpu_share(features, _COLLECTS), _cpu_share(features, _ALLOCATES)
    assists = sum(piece.share for piece in features.pieces if "GC" in piece.reason)
    collecting, both = max(collecting, assists), collecting + allocating
    makers = [piece for piece in features.pieces if piece.running or "GC" in piece.reason]
    busy = (features.cores or 0.0) >= IDLE_CORES or sum(one.share for one in makers) >= _HALF
    if not busy or collecting < _COLLECTING_LEAST or max(both, assists) < _BOTH_LEAST:
        return None
    frames = max(makers, key=lambda one: one.share).frames if makers else ()
    parts = words.percent(collecting), words.percent(allocating)
    text = f"{parts[0]} of the CPU time is the collector's, {parts[1]} goes into allocating."
    facts = [Fact(kind=FactKind.STACK, text=text, share=round(both, 4)), _cores(features.cores or 0.0)]
    if assists:
        said = f"In {words.percent(assists)} of the looks the loop's goroutine worked for the collector."
        facts.append(Fact(kind=FactKind.STACK, text=said, share=round(assists, 4)))
    return Finding(
        cause=Cause.GARBAGE_COLLECTION,
        score=min(1.0, 0.5 + max(both, assists) / 2),  # what runs beside it is what makes the garbage
        sentence=(
            f"Making garbage and collecting it took {words.percent(both)} of the CPU time; "
            f"it was made{by(frames)}."
        ),
        facts=tuple(facts),
        frames=_own(frames),
        remedy="Look at what allocates so much (the heap profile), and at GOGC and GOMEMLIMIT.",
        certain=both >= _HALF,
    )


def _cpu_share(features: GoFeatures, functions: re.Pattern[str]) -> float:
    """The share of the CPU time in these functions, or below; what collects is not counted as allocating."""
    return sum(
        share
        for frames, share in features.cpu.items()
        if any(functions.match(f.function) for f in frames)
        and (functions is _COLLECTS or not any(_COLLECTS.match(f.function) for f in frames))
    )


def _own(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    frame = words.caller(frames)
    return frames[: frames.index(frame) + 1] if frame else ()
