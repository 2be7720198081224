"""Disks, and pipes that nobody reads."""

from typing import Final

from model.signals import Name
from model.verdict import Cause, Fact, FactKind
from report.verdict import words
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_D: Final = Cause.DISK
_L: Final = Cause.LOG_PIPE
_PIPE: Final = (Wait.PIPE_WRITE,)
_PRESSED: Final = 0.1  # of the time, somebody waited for I/O
_TOLD: Final = 0.3

PATTERNS: Final = (
    Pattern(
        _L,
        "logging into a pipe that nobody reads",
        r"emit|flush|handle|write",
        r"/logging/",
        NOT_WORKING,
        _PIPE,
    ),
    Pattern(
        _L,
        "logging into a pipe that nobody reads",
        r".+",
        r"/(?:structlog|loguru|logbook)/",
        NOT_WORKING,
        _PIPE,
    ),
    Pattern(
        _L,
        "printing into a pipe that nobody reads",
        call=r"print|.*(?:stdout|stderr)\.(?:write|flush)",
        doing=NOT_WORKING,
        waits=_PIPE,
    ),
    Pattern(
        _L,
        "writing into a pipe that nobody reads",
        r".+",
        r"",
        NOT_WORKING,
        _PIPE,
        reach=1,
        certain_wait=True,
        weak=True,
    ),
    Pattern(
        _D,
        "waiting for the disk",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.DISK,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
    Pattern(
        _D,
        "waiting for the disk",
        call=r"os\.f(?:data)?sync",  # whose many short waits look like work
        waits=(Wait.DISK, Wait.OTHER, Wait.NONE, Wait.UNKNOWN),
    ),
    Pattern(
        _D,
        "waiting for a lock on a file",
        r".+",
        r"",
        NOT_WORKING,
        (Wait.FILE_LOCK,),
        reach=1,
        certain_wait=True,
        weak=True,
    ),
)

_DISK: Final = Activity(
    _D,
    remedy=(
        "Look at the disk's or the file server's latency and at who else uses it (iostat -x, PSI io); "
        "write less often, "
        "in another thread, or without fsync."
    ),
)
_PIPES: Final = Activity(
    _L,
    remedy=(
        "Look at who should read that pipe: a log shipper or a container runtime that is stuck or too "
        "slow. Log through a "
        "queue that drops, never blocks."
    ),
)


def _look_for_disk(features: Features) -> Finding | None:
    pressure = features.mean(Name.PRESSURE_IO)
    facts = []
    if pressure is not None:
        text = f"Somebody waited for I/O {words.percent(pressure)} of the time (PSI io)."
        facts.append(
            Fact(kind=FactKind.SIGNAL, text=text, value=pressure, unit="share", signal=Name.PRESSURE_IO)
        )
    asleep = features.share(c.piece for c in features.claims.of(_D) if c.piece.wait is Wait.DISK)
    return found(features, _DISK, certain=asleep > _TOLD or (pressure or 0.0) > _PRESSED, facts=facts)


def _look_for_pipe(features: Features) -> Finding | None:
    return found(features, _PIPES, certain=True)


RULES: Final = {
    "disk": Rule(
        _D,
        "Most of the stalled time in the kernel's disk waits (state D, or the wait channel of a page, a "
        "journal or a "
        "network file system) or for a lock on a file. PSI io is named.",
        _look_for_disk,
    ),
    "log_pipe": Rule(
        _L,
        "Most of the stalled time in the kernel's pipe_write: in logging's handlers, in print, or "
        "anywhere else but in "
        "subprocess.",
        _look_for_pipe,
    ),
}
