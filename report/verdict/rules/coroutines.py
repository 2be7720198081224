"""An asyncio loop that a synchronous call keeps from going on."""

import re
from typing import Final

from model.comparison import Doing
from model.samples import Frame
from model.verdict import Cause, Fact, FactKind
from report.places import Origin, frame_text, origin
from report.verdict import words
from report.verdict.conduct import Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule

_LEAST: Final = 0.3
_LOOP: Final = re.compile(r"/(?:asyncio/base_events|uvloop/\w+|trio/_core/_run|tornado/ioloop)\.py|uvloop")
_STEP: Final = re.compile(r"(?:.*\.)?(?:_run_once|run_forever|_run|unrolled_run)")
_CALLBACK: Final = re.compile(r"/asyncio/(?:events|tasks|runners)\.py")
_ALIKE: Final = frozenset(
    cause
    for cause in Cause
    if cause not in (Cause.CPU_THROTTLED, Cause.CPU_STARVED, Cause.MEMORY_PRESSURE, Cause.STOPPED)
)


def _callback(piece: Piece) -> int | None:
    """The index of the first frame of what the loop called, when it is inside of a call."""
    frames = piece.frames
    steps = [
        index
        for index, frame in enumerate(frames)
        if _LOOP.search(frame.file) and _STEP.fullmatch(frame.function)
    ]
    if not steps:
        return None
    index = steps[-1] + 1
    while index < len(frames) and (_CALLBACK.search(frames[index].file) or _is_select(frames[index])):
        if _is_select(frames[index]):
            return None
        index += 1
    return index if index < len(frames) else None


def _is_select(frame: Frame) -> bool:
    return frame.file.endswith("selectors.py")


def _look(features: Features) -> Finding | None:
    inside = [(piece, at) for piece in features.pieces if (at := _callback(piece)) is not None]
    share = features.share(piece for piece, _ in inside)
    if share < _LEAST:
        return None
    piece, at = inside[0]
    coroutine = next(
        (f for f in piece.frames[at:] if origin(f.file) is not Origin.STANDARD), piece.frames[at]
    )
    inner = words.caller(piece.frames[at:]) or piece.leaf
    below = [claim for claim in features.claims.claimed if any(claim.piece is each for each, _ in inside)]
    doing = (
        below[0].pattern.what
        if below and features.share(c.piece for c in below) > share / 2
        else _plainly(inside)
    )
    text = (
        f"{words.took(share, features.seen_s)} the event loop could not go on: {words.called(coroutine)} "
        f"ran {doing} "
        f"in {words.called(inner)}"
    )
    return Finding(
        cause=Cause.EVENT_LOOP_BLOCKED,
        score=share,
        sentence=f"{text}.",
        facts=(
            Fact(
                kind=FactKind.STACK,
                text=f"{text}.",
                share=round(share, 4),
                thread=features.culprit.threads[0].name,
                frames=tuple(map(frame_text, piece.frames)),
            ),
        ),
        frames=piece.frames[at : piece.frames.index(inner) + 1],
        remedy="Await it: use an asynchronous client, asyncio.to_thread or a process pool for that call.",
        certain=len(inside) > 0 and share > 0.5,
        covers=_ALIKE,
        names_within=True,
    )


def _plainly(inside: list[tuple[Piece, int]]) -> str:
    working = sum(piece.us for piece, _ in inside if piece.doing is Doing.ON_CPU)
    return "computing" if working * 2 > sum(piece.us for piece, _ in inside) else "a blocking call"


RULES: Final = {
    "event_loop_blocked": Rule(
        Cause.EVENT_LOOP_BLOCKED,
        "Most of the stalled time inside one callback or coroutine of an asyncio loop that runs in this "
        "thread, not in "
        "the loop's own select. What blocks it is named.",
        _look,
    )
}
