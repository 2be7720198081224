"""Threads that wait for each other for ever."""

from typing import Final

from model.verdict import Cause
from report.verdict import culprit, words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.rules import facts
from report.verdict.rules.taking import held, is_lock, is_one, others, takes

_LEAST: Final = 0.3
_STANDS: Final = 0.6  # of its time that a thread waits in one stack, to be part of a deadlock
_UNSEEN: Final = 0.9  # for a circle that is plausible, and not seen


def _look(features: Features) -> Finding | None:
    loop = features.culprit.threads[0]
    wanting = _blocked(features, loop)
    if wanting is None or (share := features.share([wanting])) < _LEAST:
        return None
    lock, mine = takes(features, wanting), held(features, wanting.frames)
    if lock and lock in mine:
        again = f"{loop.name} holds {lock} already, and takes it again"
        return _finding(features, wanting, share, again, doubt=_doubt(is_one(lock, wanting)))
    blocked = [(each, at) for each in others(features, loop) if (at := _blocked(features, each)) is not None]
    for each, theirs in blocked:
        other = takes(features, theirs)
        if lock and lock in held(features, theirs.frames) and other in mine:
            circle = f"{loop.name} holds {other} and wants {lock}; {each.name} holds {lock} and wants {other}"
            same = is_one(lock, wanting, theirs) and is_one(other, wanting, theirs)
            return _finding(features, wanting, share, circle, theirs, doubt=_doubt(same))
    if not blocked or _moves_anything(features, loop, blocked[0][0]):
        return None
    each, theirs = blocked[0]
    how = f"{loop.name} and {each.name} both wait for a lock, and no thread is to be seen that moves"
    return _finding(features, wanting, share * _UNSEEN, how, theirs, doubt="who holds the locks is not seen")


def _doubt(same: bool) -> str:
    return "" if same else "locks of that name may be several"


def _blocked(features: Features, conduct: Conduct) -> Piece | None:
    """The one stack in which a thread waited for a lock nearly all the time, and for no event or result."""
    if not conduct.pieces:
        return None
    piece = conduct.pieces[0]
    waits = piece.wait is Wait.LOCK and not culprit.idle(piece) and is_lock(features, piece)
    stands = conduct.share(lambda each: each.frames == piece.frames) > _STANDS
    told = any(
        frame.function.endswith(("wait", "join", "result")) and "/threading.py" in frame.file
        for frame in piece.frames[-3:]
    )
    return piece if waits and stands and not told else None


def _moves_anything(features: Features, *but: Conduct) -> bool:
    """Whether any other thread works, and so may hold the lock and let it go."""
    return any(
        each.share(lambda piece: not culprit.idle(piece) and piece.wait is not Wait.LOCK) > _LEAST
        for each in features.conducts
        if each not in but and not culprit.rests(each)
    )


def _finding(
    features: Features, piece: Piece, share: float, how: str, theirs: Piece | None = None, doubt: str = ""
) -> Finding:
    loop = features.culprit.threads[0]
    frame = words.caller(piece.frames) or piece.leaf
    took = words.took(share, features.seen_s)
    told = [facts.stack(f"{took} in {words.called(frame)}.", share, loop, piece)]
    if theirs is not None:
        at = words.called(words.caller(theirs.frames) or theirs.leaf)
        told.append(facts.stack(f"The other stands in {at}.", share, loop, theirs))
    return Finding(
        cause=Cause.DEADLOCK,
        score=min(1.0, share * 1.02),
        sentence=f"Deadlock in {words.called(frame)}, {took}: {how}{f'; {doubt}' if doubt else ''}.",
        facts=tuple(told),
        frames=piece.frames[: piece.frames.index(frame) + 1],
        remedy="Take locks in one order everywhere, or with a timeout; restart the process to get it going.",
        certain=not doubt,
        doubt=doubt,
        covers=frozenset((Cause.LOCK_WAIT,)),
    )


RULES: Final = {
    "deadlock": Rule(
        Cause.DEADLOCK,
        "The thread waits for a lock nearly all the time in one stack, and another one does too, each "
        "inside the `with` of the lock that the other wants; or it takes a lock that it holds. Less sure: "
        "two wait and no thread works.",
        _look,
    ),
}
