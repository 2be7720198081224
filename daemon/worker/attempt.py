"""An attempt of a plugin's at something that may fail, as a reply."""

import logging
from collections.abc import Callable

from daemon.worker.protocol import Reply
from model.errors import SinkError

_LONGEST_WORDS = 2000  # a reply is one line of bounded length, whatever a plugin has to say


def done(name: str, work: Callable[[], str]) -> Reply:
    """How it went: the location that it gave, or why it failed. `name` is for who gives something else."""
    try:
        location = work()
    except SinkError as error:
        return failed(str(error), error.remedy, retry=error.retry, retry_after_s=error.retry_after_s)
    except Exception as error:  # a plugin's own bug is told and tried again, not fatal
        logging.exception("%s failed", name)
        return failed(f"{type(error).__name__}: {error}")
    if not isinstance(location, str):
        return failed(f"{name} gave no location but {location!r}")
    return Reply(location=location[:_LONGEST_WORDS])


def failed(error: str, remedy: str = "", *, retry: bool = True, retry_after_s: float | None = None) -> Reply:
    """A reply that says why, in so many words."""
    return Reply(
        error=error[:_LONGEST_WORDS],
        remedy=remedy[:_LONGEST_WORDS],
        retry=retry,
        retry_after_s=retry_after_s,
    )
