"""Asleep: before a retry, or on purpose."""

import re
from typing import Final

from model.comparison import Doing
from model.verdict import Cause, Fact, FactKind
from report.places import Origin, origin
from report.verdict import culprit, words
from report.verdict.conduct import Conduct, Piece
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.kernel import Wait
from report.verdict.patterns import NOT_WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_B: Final = Cause.BACKOFF
_SLEEPS: Final = (Wait.SLEEP, Wait.LOCK, Wait.POLL)
_RETRY: Final = r"(?i).*(?:retry|retries|retrier|back_?off|throttl|rate_?limit|cool_?down).*"

PATTERNS: Final = (
    Pattern(
        _B,
        "waiting before a retry",
        r"_?sleep\w*|_sleep_backoff|sleep_for_retry|nap|__call__|_retry|iter",
        r"/(?:tenacity|backoff|retrying|retry)(?:/|\.py)|urllib3/util/retry",
        NOT_WORKING,
        _SLEEPS,
    ),
    Pattern(
        _B,
        "waiting before a retry of the AWS client",
        r".*",
        r"/botocore/(?:endpoint|retryhandler|httpsession|retries/)",
        NOT_WORKING,
        (Wait.SLEEP,),
    ),
    Pattern(
        _B,
        "waiting before a retry of the cloud client",
        r".*retry.*|_?sleep\w*|exponential_sleep_generator",
        r"/google/(?:api_core|auth)/|/azure/core/|/kubernetes/|/openstack/|/keystoneauth1/",
        NOT_WORKING,
        (Wait.SLEEP, Wait.LOCK),
    ),
    Pattern(
        _B,
        "waiting before a retry",
        _RETRY,
        r"",
        NOT_WORKING,
        (Wait.SLEEP, Wait.LOCK),
        reach=3,
        through=True,
        certain_wait=True,
    ),
    Pattern(
        Cause.SLEEP, "sleeping", r".+", r"", NOT_WORKING, (Wait.SLEEP,), reach=1, certain_wait=True, weak=True
    ),
    Pattern(Cause.SLEEP, "sleeping", r"(?:\w*_)?sleep(?:_\w*)?", r"", NOT_WORKING, (Wait.SLEEP,), reach=2),
)

_MOSTLY: Final = 0.5
_SHALLOW: Final = 1  # own functions of a main thread that only keeps the process alive
_LIMITED: Final = re.compile(
    r"(?i)\b429\b|throttl|rate.?(?:limit|exceeded)|too many requests|slow ?down|RequestLimitExceeded|retry"
    r"|backing off|back-?off"
)

_DATABASE: Final = re.compile(r".*\.(?:execute|executemany|executescript|commit|fetch\w+)")

_BACKOFF: Final = Activity(
    _B,
    remedy=(
        "Look at why the calls fail: API quotas and 429s of this account, the server's health; bound the "
        "retries by a "
        "total time below the iteration's limit."
    ),
)
_SLEEP: Final = Activity(
    Cause.SLEEP,
    remedy="Look at what that function waits for; wait for an event with a timeout instead.",
    weight=0.97,
    went="was spent",
)


def _look_for_backoff(features: Features) -> Finding | None:
    lines = features.said(_LIMITED)
    facts = (
        [
            Fact(
                kind=FactKind.LOG,
                text=f"{len(lines)} log lines speak of limits or retries, the last: {lines[-1][:200]}",
            )
        ]
        if lines
        else []
    )
    asleep = features.share(c.piece for c in features.claims.of(_B) if c.piece.wait is Wait.SLEEP)
    return found(features, _BACKOFF, certain=bool(lines) or asleep > 0.3, facts=facts)


def _look_for_sleep(features: Features) -> Finding | None:
    busy = next((each for each in features.conducts if _computes(features, each)), None)
    if busy is not None:
        at = words.called(words.caller(busy.pieces[0].frames))
        doubt = f"it may wait for {busy.name}, which computed meanwhile in {at}"
        return found(features, _SLEEP, extra=f"; {doubt}", doubt=doubt)
    if unsaid := [claim.piece for claim in features.claims.of(Cause.SLEEP) if not _says_so(claim.piece)]:
        calls = unsaid[0].calls or ()
        doubt = f"the sleep is within {', '.join(calls)}, in C: it may ask for something again and again"
        if any(_DATABASE.fullmatch(name) for name in calls):
            doubt += ", as SQLite does while another connection has the database locked"
        return found(features, _SLEEP, extra=f"; {doubt}", doubt=doubt)
    other = next((each for each in features.conducts if _at_work(features, each)), None)
    if other is None:
        return found(features, _SLEEP, certain=True)
    at = words.called(words.caller(other.pieces[0].frames))
    doubt = f"the loop may run in {other.name}, which was in {at}"
    return found(features, _SLEEP, extra=f"; {doubt}", doubt=doubt)


def _says_so(piece: Piece) -> bool:
    """Whether the innermost line calls something named sleep, or no call is to be seen."""
    return not piece.calls or any("sleep" in name.lower() for name in piece.calls)


def _at_work(features: Features, conduct: Conduct) -> bool:
    """Whether another thread stands deeper in the target's code than the sleeper, and waits for no work."""
    if conduct in features.culprit.threads or not conduct.pieces or culprit.rests(conduct):
        return False
    loop = features.culprit.threads[0]
    return _own(conduct.pieces[0]) > 0 and _own(loop.pieces[0]) <= _SHALLOW


def _own(piece: Piece) -> int:
    """How many frames of the target's own a stack has, those of a module's body not counted."""
    return sum(
        origin(frame.file) is Origin.OWN and not frame.function.startswith("<module")
        for frame in piece.frames
    )


def _computes(features: Features, conduct: Conduct) -> bool:
    """Whether another thread computed for most of the time."""
    cpu = conduct.cpu if conduct.cpu is not None else conduct.doing(Doing.ON_CPU)
    queued = conduct.run_queue or 0.0
    return conduct not in features.culprit.threads and cpu + queued > _MOSTLY


RULES: Final = {
    "backoff": Rule(
        _B,
        "Most of the stalled time asleep in, or at most three calls below, a function of a retry library "
        "(botocore, urllib3, "
        "tenacity, backoff, google.api_core, kubernetes) or one named after retries, back-off, throttling "
        "or rate limits. "
        "Log lines with 429, throttling or retries make it certain.",
        _look_for_backoff,
    ),
    "sleep": Rule(
        Cause.SLEEP,
        "Most of the stalled time asleep (nanosleep) with no retry on the stack.",
        _look_for_sleep,
    ),
}
