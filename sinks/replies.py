"""What a server's answer means, and how much of it may be repeated."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from fetch.quoting import quote as quote

_LONGEST_WAIT_S = 3600.0
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


def may_pass(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status in _PASSING or (status >= 500 and status != HTTPStatus.NOT_IMPLEMENTED)


def retry_after_s(value: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, an hour at most; None when it says nothing."""
    if not value:
        return None
    try:
        wait_s = float(value) if value.strip().isdigit() else _until_s(value)
    except ValueError:
        return None
    return min(max(wait_s, 0.0), _LONGEST_WAIT_S)


def _until_s(date: str) -> float:
    moment = parsedate_to_datetime(date)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
