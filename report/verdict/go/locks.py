"""Who holds a lock, and who waits for whom, as far as goroutines' stacks tell."""

import re
from collections.abc import Iterator
from typing import Final

from model.samples import Frame
from model.units import counted
from model.verdict import Cause, Fact, FactKind
from report.evidence.goroutines import Goroutine
from report.places import Origin, frame_text, origin
from report.verdict import words
from report.verdict.finding import Finding
from report.verdict.go.features import GoFeatures
from report.verdict.go.patterns import Piece

_LOCKS: Final = re.compile(r"(?:internal/)?sync\.\(\*(?:RW)?Mutex\)\..*")
_ALL: Final = 0.95  # of the looks
_MOST: Final = 3


def waits_for_lock(one: Goroutine) -> bool:
    """Whether a goroutine waits for a mutex."""
    return any(_LOCKS.fullmatch(frame.function) for frame in one.frames[-4:]) and "sync" in (
        f"{one.reason} sync" if one.reason == "semacquire" else one.reason
    )


def holder(features: GoFeatures, piece: Piece) -> Iterator[Fact]:
    """Goroutines that may hold the lock: in own code of the same type, and not waiting for a lock."""
    frame = words.caller(piece.frames)
    owner = _owner(frame) if frame else ""
    found = [
        (one, inner)
        for one in features.others
        if not waits_for_lock(one) and (inner := _inner(one)) is not None and owner
        if _owner(inner) == owner
    ]
    found.sort(key=lambda each: (-each[0].minutes, each[0].number))
    for one, inner in found[:_MOST]:
        started = f", started by {one.creator}" if one.creator else ""
        yield Fact(
            kind=FactKind.STACK,
            text=f"Goroutine {one.number} may hold it: in {words.called(inner)} ({one.reason}){started}.",
            thread=f"goroutine {one.number}",
            frames=tuple(map(frame_text, one.frames)),
        )


def _inner(one: Goroutine) -> Frame | None:
    return next((f for f in reversed(one.frames) if origin(f.file) is Origin.OWN), None)


def _owner(frame: Frame) -> str:
    """The type or package of a function: `main.(*autoscaler)`."""
    return frame.function.split(").", 1)[0] if ")." in frame.function else frame.function.rpartition(".")[0]


def deadlock(features: GoFeatures) -> Finding | None:
    """Two goroutines that wait for different locks in all looks; that each holds the other's is likely."""
    waiting = [each.piece for each in features.claims if each.pattern.cause is Cause.LOCK_WAIT]
    share = sum(piece.share for piece in waiting)
    if share < _ALL or not features.still:
        return None
    piece = waiting[0]
    other = next(
        (
            one
            for one in features.others
            if waits_for_lock(one) and piece.lock and one.lock and one.lock != piece.lock and _inner(one)
        ),
        None,
    )
    if other is None:
        return None
    where, there = words.called(words.caller(piece.frames)), words.called(_inner(other))
    minutes = max(piece.minutes, other.minutes)
    lasting = f", for {counted(minutes, 'minute')} already" if minutes else ""
    facts = [
        Fact(
            kind=FactKind.STACK,
            text=f"Goroutine {number} waits for the lock {lock} in {place}.",
            thread=f"goroutine {number}",
            frames=tuple(map(frame_text, frames)),
        )
        for number, lock, place, frames in (
            (piece.goroutine, piece.lock, where, piece.frames),
            (other.number, other.lock, there, other.frames),
        )
    ]
    return Finding(
        cause=Cause.DEADLOCK,
        score=1.0,
        sentence=(
            f"Two goroutines wait for each other's locks{lasting}: {features.whose(piece)} in {where}, "
            f"goroutine {other.number} in {there}."
        ),
        facts=tuple(facts),
        frames=piece.frames,
        remedy="Look at the order in which both take the two locks: it has to be the same everywhere.",
        certain=True,
        covers=frozenset((Cause.LOCK_WAIT,)),
        doubt="" if minutes else "they may only have met for a moment",
    )
