"""Threads that wait for the GIL, as others have it."""

from collections.abc import Sequence
from typing import Final

from model.comparison import Doing
from model.samples import State
from model.signals import Name
from model.verdict import Cause, Fact
from report.verdict import words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.rules import facts
from report.verdict.rules.taking import is_lock, others

_LEAST: Final = 0.3
_AT_WORK: Final = 0.1  # cores, of a thread that takes part
_SURE: Final = 0.5  # cores, of all others together
_NAMED: Final = 3


def _works_in_python(conduct: Conduct) -> bool:
    with_gil = conduct.share(lambda piece: piece.state in (State.RUNNING_GIL, State.WANTING_GIL))
    on_cpu = conduct.doing(Doing.ON_CPU)
    return max(with_gil, on_cpu) > _LEAST or (conduct.cpu or 0.0) > _AT_WORK


def _wants_gil(features: Features, piece: Piece) -> bool:
    return piece.state is State.WANTING_GIL or (piece.wait is Wait.LOCK and not is_lock(features, piece))


def _look(features: Features) -> Finding | None:
    loop = features.culprit.threads[0]
    busy = [each for each in others(features, loop) if _works_in_python(each)]
    wanting = [piece for piece in features.pieces if _wants_gil(features, piece)]
    ran = [piece for piece in features.pieces if piece.doing is Doing.ON_CPU]
    share = _share(features, loop, wanting, ran)
    if share < _LEAST or not busy or not (wanting or ran):
        return None
    piece = (wanting or ran)[0]
    frame = words.caller(piece.frames) or piece.leaf
    more = f" and {len(busy) - _NAMED} more" if len(busy) > _NAMED else ""
    names = ", ".join(each.name for each in busy[:_NAMED]) + more
    text = f"{words.took(share, features.seen_s)} went into waiting for the GIL, which {names} used"
    cpu = sum(each.cpu or 0.0 for each in busy)
    switches = features.mean(Name.VOLUNTARY_SWITCHES) or 0.0
    return Finding(
        cause=Cause.GIL_CONTENTION,
        score=min(1.0, share * 1.05),
        sentence=f"{text}. {loop.name} wanted to run {words.called(frame)}.",
        facts=(facts.stack(f"{text}.", share, loop, piece), *_figures(features, cpu, switches)),
        frames=piece.frames[: piece.frames.index(frame) + 1],
        remedy="Move the work of the other threads into processes, or do less of it while the loop runs.",
        certain=cpu > _SURE and (features.wanters >= 1 or switches > 50),
        covers=frozenset((Cause.OWN_CODE, Cause.LOCK_WAIT, Cause.SLEEP, Cause.NATIVE_CODE)),
    )


def _share(features: Features, loop: Conduct, wanting: Sequence[Piece], ran: Sequence[Piece]) -> float:
    """The share of the time in waiting for the GIL: as seen, or what is left of the time ready to run."""
    seen = features.share(wanting)
    if loop.cpu is None or loop.run_queue is None:
        return seen
    return max(seen, min(1.0, features.share(ran) + seen) - loop.cpu - loop.run_queue)


def _figures(features: Features, cpu: float, switches: float) -> list[Fact]:
    told = []
    if features.wanters:
        said = f"{features.wanters:.1f} threads wanted the GIL on average of {features.looks} looks."
        told.append(facts.count(said, features.wanters, "count"))
    if cpu:
        told.append(facts.count(f"The other threads used {cpu:.2g} cores together.", cpu, "cores"))
    if switches:
        said = f"{switches:.0f} voluntary switches a second."
        told.append(facts.signal(Name.VOLUNTARY_SWITCHES, switches, "1/s", said))
    return told


RULES: Final = {
    "gil_contention": Rule(
        Cause.GIL_CONTENTION,
        "The thread in a futex at lines that take no lock, or ready to run without a CPU though none was "
        "short, for a third of the stalled time, while other threads run Python. Sure where they use half "
        "a core or more.",
        _look,
    ),
}
