"""Waiting for a child; or stopped altogether."""

from typing import Final

from model.capture import Outcome
from model.comparison import Doing
from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.verdict import words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.CHILD_PROCESS
_LEAST: Final = 0.3

PATTERNS: Final = (
    Pattern(
        _C,
        "waiting for a process of a pool",
        r".+",
        r"/(?:concurrent/futures/process|multiprocessing/(?:pool|connection|managers))\.py",
        NOT_WORKING,
        (Wait.POLL, Wait.PIPE_READ, Wait.SOCKET),
    ),
    Pattern(
        _C,
        "waiting for a child process",
        r".+",
        r"/(?:subprocess|pexpect\w*|sh)\.py|/multiprocessing/popen_\w+\.py|/(?:pexpect|plumbum|invoke)/",
        NOT_WORKING,
    ),
    Pattern(
        _C,
        "waiting for a child process",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.CHILD,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
    Pattern(
        _C, "waiting for a child process", call=r"os\.(?:wait\w*|system)|.*\.communicate", doing=NOT_WORKING
    ),
    Pattern(
        _C,
        "reading from a pipe",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.PIPE_READ,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
)

_CHILD: Final = Activity(
    _C,
    remedy="Look at what that command was doing; give it a timeout, and look at its own output and locks.",
)


def _look_for_child(features: Features) -> Finding | None:
    children = features.most(Name.CHILDREN)
    facts = []
    if children:
        plural = "process" if children == 1 else "processes"
        text = f"It had up to {children:g} child {plural}."
        facts.append(
            Fact(kind=FactKind.SIGNAL, text=text, value=children, unit="count", signal=Name.CHILDREN)
        )
    told = (Wait.CHILD, Wait.PIPE_READ, Wait.POLL)
    asleep = features.share(c.piece for c in features.claims.of(_C) if c.piece.wait in told)
    sure = features.share(
        c.piece for c in features.claims.of(_C) if not c.pattern.weak or c.piece.wait is Wait.CHILD
    )
    if children == 0 and sure <= _LEAST:
        return None  # a pipe of somebody else's
    doubt = "" if sure > _LEAST else "who writes into that pipe is not seen"
    return found(features, _CHILD, certain=bool(children) or asleep > _LEAST, facts=facts, doubt=doubt)


def _look_for_stop(features: Features) -> Finding | None:
    loop = features.culprit.loop
    found_so = features.capture.outcome is Outcome.TARGET_STOPPED
    stopped = _stood(loop, found_so) if loop else 0.0
    frozen = features.mean(Name.CGROUP_FROZEN) or 0.0
    share = max(stopped, frozen, _SAID * found_so)
    if share < _LEAST or loop is None:
        return None
    how = "frozen by its control group" if frozen else "stopped by a signal or a tracer"
    for_long = features.seen_s > _LEAST * features.age_s  # else the capture found it so, and could not look
    text = f"The process was {how}{f' for {words.took(share, features.seen_s)}' if for_long else ''}."
    kind = FactKind.SIGNAL if frozen >= stopped else FactKind.STACK
    stood = f" It stood in {words.called(words.caller(loop.pieces[0].frames))}." if features.sampled else ""
    return Finding(
        cause=Cause.STOPPED,
        score=min(1.0, share + _FIRST),
        sentence=f"{text}{stood}",
        facts=(Fact(kind=kind, text=text, share=round(share, 4), thread=loop.name),),
        frames=(),  # where it was stopped means nothing
        remedy=(
            "Look for who sent SIGSTOP or attached a debugger, or froze the container (docker pause, a "
            "snapshot)."
        ),
        certain=True,
        covers=frozenset(Cause),
    )


def _stood(loop: Conduct, found_so: bool) -> float:
    """The share of the time in which it was stopped; found so, it was wherever it stood and did nothing."""
    still = loop.pieces[0].leaf if loop.pieces else None

    def stopped(piece: Piece) -> bool:
        silent = piece.leaf == still and piece.doing is not Doing.ON_CPU and piece.wait is Wait.UNKNOWN
        return piece.wait is Wait.STOPPED or (found_so and silent)

    return loop.share(stopped)


_SAID: Final = 0.6  # of the time, where the capture found it stopped, and nothing says for how long
_FIRST: Final = 0.05  # a process that is stopped does nothing else

RULES: Final = {
    "child_process": Rule(
        _C,
        "Most of the stalled time in the kernel's wait for a child, or in subprocess and its like while not "
        "on a CPU, or reading a pipe while it has a child. Child processes are counted.",
        _look_for_child,
    ),
    "stopped": Rule(
        Cause.STOPPED,
        (
            "The main thread in state T or t, or in the kernel's stop, or its control group frozen, for "
            "most of the time."
        ),
        _look_for_stop,
        by_signals=True,
    ),
}
