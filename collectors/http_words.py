"""What the answers of a target's HTTP mean, and what to do about them."""

from collections.abc import Sequence

from collectors.fetching import Fetched
from model.capture import Outcome
from model.errors import CollectorError

_SNAPSHOT = "/snapshotz"  # of Cluster Autoscaler
_SNAPSHOTS = {
    404: ("it serves no snapshots", "start it with --debugging-snapshot-enabled=true"),
    429: ("it takes another snapshot already", "let nobody else ask for snapshots meanwhile"),
    500: ("its next loop had nothing to show: it ended early", "look at its log"),
    503: ("it gave the snapshot up, as when it stops", ""),
    0: (
        "a snapshot is taken in the whole of the next loop, which did not come to its end",
        "raise `deadline` and the target's collection_time; while a loop hangs there is none",
    ),
}
_TOKEN = "set `http: {token_file: ...}` of the target, or the header that it asks for"  # noqa: S105
_REMEDIES = {
    401: _TOKEN,
    403: "let that account `get` this nonResourceURL",
    404: "correct `path` or `port`, or switch on what serves it",
    405: "set `method`",
    429: "ask less often, or raise its limit",
}
_OUTCOMES = {
    401: Outcome.NOT_PERMITTED,
    403: Outcome.NOT_PERMITTED,
    404: Outcome.UNSUPPORTED,
    405: Outcome.UNSUPPORTED,
}


def explained(path: str, taken: Fetched) -> tuple[str, str]:
    """What is to be said beyond the answer's own words, and the remedy; both may be empty."""
    status = taken.fetch.status
    if path.partition("?")[0].rstrip("/").endswith(_SNAPSHOT) and (status or not taken.broken):
        about = _SNAPSHOTS.get(status)
        if about is not None:
            return about
    return "", taken.fetch.remedy or _REMEDIES.get(status, "")


def judged(taken: Sequence[Fetched], failed: Sequence[Fetched], *, alive: bool) -> CollectorError | None:
    """How the whole of it ended, where that was not well."""
    if not failed:
        return None
    detail = "; ".join(one.fetch.detail for one in failed)
    came = any(one.fetch.path for one in taken)
    gone = not alive or (came and any(one.broken for one in failed))
    outcome = Outcome.PARTIAL if came else _OUTCOMES.get(failed[0].fetch.status, Outcome.FAILED)
    remedy = next((one.fetch.remedy for one in failed if one.fetch.remedy), "")
    return CollectorError(Outcome.TARGET_EXITED if gone else outcome, detail, remedy="" if gone else remedy)
