"""One scrape: a request, its answer through the parser, and when that was, on our clock and the target's."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec

from daemon.sources.metrics.contract import Names
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.options import Metrics
from fetch.client import Client, Request, Response
from fetch.quoting import quote
from model.errors import SourceError

# The text format first: there the names are those that programs document.
_ACCEPT = "text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5, */*;q=0.1"
_OPENMETRICS = "application/openmetrics-text"
_REMEDIES = {
    401: "give a `token_file` or a client certificate in `http`",
    403: "let the token's account get the path (nonResourceURLs)",
    404: "give the `path` and `port` of the exposition; it may have to be enabled",
}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that can be used."""

    exposition: Exposition
    asked_s: float
    answered_s: float
    wall_s: float


async def scrape(client: Client, options: Metrics, names: Names, *, curious: bool) -> Answer:
    """Ask once; raises FetchError, or SourceError for an answer that cannot be used."""
    exposition = Exposition(names, curious=curious)
    asked_s = time.monotonic()
    answered_s, wall_s = asked_s, time.time()

    def begun(_status: int, headers: Mapping[str, str]) -> None:
        nonlocal answered_s, wall_s
        answered_s, ours_s = time.monotonic(), time.time()
        date_s = _date_s(headers.get("date", ""))
        wall_s = ours_s if date_s is None else date_s

    request = Request(
        path=options.path,
        deadline_s=options.deadline_s,
        max_bytes=int(options.max_bytes),
        port=options.port,
        headers={"Accept": _ACCEPT},
    )
    response = await client.fetch(request, exposition.take, begun)
    _must_be_whole(response, exposition, options)
    return Answer(exposition=exposition, asked_s=asked_s, answered_s=answered_s, wall_s=wall_s)


def _must_be_whole(response: Response, exposition: Exposition, options: Metrics) -> None:
    path = options.path.partition("?")[0]  # a query may hold a secret
    if not response.ok:
        said = quote(response.said.partition("\n")[0])[:100]
        raise SourceError(
            f"{path}: status {response.status}" + (f": {said}" if said else ""),
            remedy=_REMEDIES.get(response.status, ""),
        )
    packed = response.headers.get("content-encoding", "identity")[:40]
    if packed.lower() not in ("identity", ""):
        raise SourceError(
            f"{path}: the answer is packed ({packed}), which was not asked for",
            remedy="ask the program itself, or switch off the compression of the proxy before it",
        )
    if not response.whole:
        raise SourceError(
            f"{path}: more than max_bytes ({options.max_bytes})",
            remedy="raise it, or give a path with the loop's metrics alone",
        )
    if response.headers.get("content-type", "").startswith(_OPENMETRICS) and not exposition.ended:
        raise SourceError(f"{path}: the answer is cut off: it has no # EOF")


def _date_s(text: str) -> float | None:
    """The time that an answer's `Date` tells (Unix time); None where it tells none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
