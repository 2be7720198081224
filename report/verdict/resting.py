"""A process that is well and has nothing to do: captured by hand, while no iteration is known to run."""

import re
from collections.abc import Iterator
from typing import Final

from model.comparison import Doing
from model.verdict import Cause
from report.verdict import culprit, words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.kernel import Wait

_MOSTLY: Final = 0.8
_SERVES: Final = re.compile(r"(?:.*\.)?(?:accept|serve_forever|select)")
_SERVERS: Final = re.compile(r"/(?:socket|socketserver|selectors)\.py$")
_CALLS: Final = re.compile(r".*\.(?:accept|select|sigwait\w*)|signal\.pause")


def at_rest(features: Features) -> str:
    """What to say of a process that only waits for work; empty where it does anything else."""
    loop = features.culprit.loop
    if features.capture.iteration is not None or loop is None or features.culprit.followed:
        return ""
    resting = sorted(_resting(features), key=lambda piece: -piece.us)
    share = features.share(resting)
    others = (each for each in features.conducts if each is not loop)
    if share < _MOSTLY or not all(_rests(each) for each in others):
        return ""
    return (
        f"No iteration is known to run, and the process looks idle: {loop.name} {_what(resting[0])} "
        f"for {words.took(share, features.seen_s)}."
    )


def _resting(features: Features) -> Iterator[Piece]:
    """What the loop's thread did that is a wait for a time, a word, a job or a client."""
    yield from (claim.piece for claim in features.claims.of(Cause.SLEEP))
    yield from (claim.piece for claim in features.claims.of(Cause.NETWORK_WAIT) if _serves(claim.piece))
    yield from (piece for piece in features.claims.rest if _waits_for_work(piece))


def _waits_for_work(piece: Piece) -> bool:
    return culprit.waits_for_thread(piece) or _serves(piece)


def _serves(piece: Piece) -> bool:
    """Whether a thread waits for clients, events or signals."""
    if piece.doing is Doing.ON_CPU:
        return False
    if any(_CALLS.fullmatch(name) for name in piece.calls or ()):
        return True
    return any(
        culprit.EVENT_LOOPS.search(frame.file)
        or (_SERVERS.search(frame.file) and _SERVES.fullmatch(frame.function))
        for frame in piece.frames[-2:]
    )


def _rests(conduct: Conduct) -> bool:
    return culprit.rests(conduct) or conduct.share(_waits_for_work) >= _MOSTLY


def _what(piece: Piece) -> str:
    """`waits in Event.wait, called by run (loop.py:12)`."""
    own = words.caller(piece.frames)
    if piece.wait is Wait.SLEEP:
        return f"sleeps in {words.called(own or piece.leaf)}"
    inner = next((frame for frame in piece.frames if own and frame == own), None)
    at = piece.frames.index(inner) + 1 if inner else 0
    first = piece.frames[at] if at < len(piece.frames) else None
    if first is None or own is None:
        return f"waits in {words.called(own or piece.leaf)}"
    return f"waits in {first.function}, called by {words.called(own)}"
