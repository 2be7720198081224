"""What the answers of net/http/pprof mean, and what to do about them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from collectors.fetching import Fetched
from model.capture import Outcome
from model.errors import CollectorError

BUSY = "another profiler is at work there; goroutine dumps must do"
SINCE_START = "all since the target's start, not of the window alone"
_COUNTED = re.compile(rb"<td>(\d+)(?:</td>)?\s*<td><a href=['\"]?goroutine\?")
_OPTIONAL = frozenset({"heap", "allocs", "mutex", "block"})  # of which a program may well serve some only
_FLAGS = {
    "cluster-autoscaler": "start cluster-autoscaler with --profiling=true",
    "karpenter": "start karpenter with --enable-profiling, or ENABLE_PROFILING=true",
    "keda": "start it with --profiling-bind-address=:8082, and set `port: 8082`",
    "cluster-api": "start it with --profiler-address=localhost:6060 and set `port: 6060`; or use its "
    "diagnostics, port 8443, with `http: {tls: true, token_file: ...}` of the target",
    "controller-runtime": "set PprofBindAddress of its manager, such as to :8082, and `port: 8082`",
}
_GENERAL = "serve net/http/pprof there, or set `path` and `port` to where it is"
_PERMIT = (
    "set `http: {token_file: ...}` of the target, and let that account `get` the nonResourceURLs "
    "/debug/pprof/*"
)


def goroutines(index: bytes) -> int:
    """How many there are, as the list of profiles has it; 0 where it does not say."""
    found = _COUNTED.search(index)
    return int(found[1]) if found else 0


def crowded(count: int, most: int) -> str:
    """Why there is no dump."""
    return f"no goroutine dump of {count} goroutines, more than most_goroutines ({most})"


def is_busy(taken: Fetched) -> bool:
    """Whether another profiler keeps this one from beginning."""
    told = "x-go-pprof" in taken.headers or "already in use" in taken.said
    return taken.fetch.status == HTTPStatus.INTERNAL_SERVER_ERROR and told


def is_too_long(taken: Fetched) -> bool:
    """Whether the server refuses so many seconds: more than its own WriteTimeout."""
    return taken.fetch.status == HTTPStatus.BAD_REQUEST and "WriteTimeout" in taken.said


def remedy(taken: Fetched, presets: Iterable[str]) -> str:
    """What to do about a failure."""
    if is_too_long(taken):
        return "raise the WriteTimeout of its server"
    return _remedy(taken.fetch.status, presets, nobody=taken.broken) or taken.fetch.remedy


def absent(status: int, why: str, presets: Iterable[str], helps: str = "") -> CollectorError:
    """Why nothing could be taken there now; `status` is 0 where nobody answered; `helps`, if known."""
    remedy = helps or _remedy(status, presets, nobody=status == 0)
    return CollectorError(_outcome([status]), why, remedy=remedy)


def _remedy(status: int, presets: Iterable[str], *, nobody: bool) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _PERMIT
    helps = next((_FLAGS[preset] for preset in presets if preset in _FLAGS), _GENERAL)
    if nobody:
        return f"is it running, and reached? If so, {helps}"
    return helps if status == HTTPStatus.NOT_FOUND else ""


def judged(
    failed: Mapping[str, Fetched], came: Sequence[str], *, gone: bool, presets: Iterable[str]
) -> CollectorError | None:
    """How the whole of it ended, where that was not well. `failed`: the last failure of what failed."""
    told = {what: one for what, one in failed.items() if not (came and _passable(one, what in came))}
    alike: dict[str, list[str]] = {}
    for what, one in told.items():
        alike.setdefault(one.fetch.detail, []).append(what)
    detail = "; ".join(f"{', '.join(whats)}: {why}" for why, whats in alike.items())
    if gone:
        return CollectorError(Outcome.TARGET_EXITED, detail or "it went away")
    if not told:
        return None
    first = next(iter(told.values()))
    outcome = Outcome.PARTIAL if came else _outcome([one.fetch.status for one in told.values()])
    return CollectorError(outcome, detail, remedy=remedy(first, presets))


def not_served(failed: Mapping[str, Fetched]) -> str:
    """What is to be said of profiles that are missing without fault."""
    absent = [what for what, one in failed.items() if one.fetch.status == HTTPStatus.NOT_FOUND]
    return f"not served: {', '.join(absent)}" if absent else ""


def _passable(taken: Fetched, came_before: bool) -> bool:
    """Whether nothing is wrong: a profile that it does not serve, or one that the window's end cut off."""
    absent = taken.wanted.what in _OPTIONAL and taken.fetch.status == HTTPStatus.NOT_FOUND
    return absent or (taken.closed and came_before)


def _outcome(statuses: Sequence[int]) -> Outcome:
    if HTTPStatus.UNAUTHORIZED in statuses or HTTPStatus.FORBIDDEN in statuses:
        return Outcome.NOT_PERMITTED
    return Outcome.UNSUPPORTED if HTTPStatus.NOT_FOUND in statuses else Outcome.FAILED
