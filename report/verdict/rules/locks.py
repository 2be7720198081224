"""Waiting for a lock, or for another thread's work."""

from typing import Final

from model.comparison import Doing
from model.verdict import Cause, Fact, FactKind
from report.verdict import culprit, words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.rules import facts
from report.verdict.rules.taking import held, is_lock, is_one, others, synchronises, takes

_LEAST: Final = 0.3
_HANDED: Final = 0.6  # for waiting for a thread of which no single cause can be told


def _look(features: Features) -> Finding | None:
    if features.culprit.followed and features.culprit.loop is not None:
        return _handed_over(features, features.culprit.loop)
    loop = features.culprit.threads[0]
    waiting = [piece for piece in features.claims.rest if piece.wait is Wait.LOCK and not culprit.idle(piece)]
    share = features.share(waiting)
    if share < _LEAST:
        return None
    piece = waiting[0]
    frame = words.caller(piece.frames) or piece.leaf
    signalled = piece.leaf.function.endswith(("wait", "wait_for"))  # which has let its lock go
    lock = "" if signalled else takes(features, piece)
    holder = "" if signalled else _holder(features, piece, lock)
    what = f"the lock {lock}" if lock else "a word from another thread" if signalled else "a lock"
    text = f"{words.took(share, features.seen_s)} went into waiting for {what} in {words.called(frame)}"
    return Finding(
        cause=Cause.LOCK_WAIT,
        score=share * 0.97,
        sentence=f"{text}. {holder}".strip(),
        facts=(facts.stack(f"{text}.", share, loop, piece), *_told(holder)),
        frames=piece.frames[: piece.frames.index(frame) + 1],
        remedy="Look at what the holder does meanwhile; hold the lock for less, or take it with a timeout.",
        certain=bool(lock) or (synchronises(piece.leaf.file) and not signalled),
        doubt="" if is_lock(features, piece) else "it may be the GIL",
    )


def _told(holder: str) -> tuple[Fact, ...]:
    return (Fact(kind=FactKind.STACK, text=holder),) if holder else ()


def _handed_over(features: Features, loop: Conduct) -> Finding | None:
    """The loop waits for threads whose work has no single cause: then the waiting is what can be told."""
    worker = features.culprit.threads[0]
    share = loop.share(lambda piece: piece.doing is not Doing.ON_CPU)
    if share < _LEAST:
        return None
    at = words.called(words.caller(worker.pieces[0].frames) or worker.pieces[0].leaf)
    on_cpu, waiting = (words.percent(worker.doing(each)) for each in (Doing.ON_CPU, Doing.WAITING))
    text = f"{features.culprit.followed} ({on_cpu} on a CPU, {waiting} waiting), which was mostly in {at}"
    piece = loop.pieces[0]
    return Finding(
        cause=Cause.LOCK_WAIT,
        score=share * _HANDED,
        sentence=f"{words.took(share, features.seen_s)}: {text}.",
        facts=(facts.stack(f"{text}.", share, loop, piece),),
        frames=piece.frames,
        remedy="Look at that thread's work; the loop itself only waits.",
        last=True,
    )


def _holder(features: Features, wanting: Piece, lock: str) -> str:
    """Who holds a lock, as far as the stacks tell."""
    loop = features.culprit.threads[0]
    for each in others(features, loop):
        inside = next((piece for piece in each.pieces if lock and lock in held(features, piece.frames)), None)
        if inside is not None:
            frame = words.caller(inside.frames)
            how = "holds it, inside" if is_one(lock, wanting, inside) else "may hold it: it is inside"
            return f"{each.name} {how} `with {lock}`, and was in {words.called(frame)}."
    for each in others(features, loop):
        if any(not culprit.idle(piece) and features.shares_code(loop, piece) for piece in each.pieces[:3]):
            frame = words.caller(each.pieces[0].frames) or each.pieces[0].leaf
            return f"{each.name} may hold it: it was in {words.called(frame)}."
    return "No thread is to be seen that holds it."


RULES: Final = {
    "lock_wait": Rule(
        Cause.LOCK_WAIT,
        "Most of the stalled time in a futex, in threading's functions or at a line with `with` or "
        "acquire. The holder is told from the `with` blocks around other threads' lines. Or waiting for a "
        "thread of mixed work.",
        _look,
    ),
}
