"""Why a heartbeat is not taken."""

from enum import StrEnum

from model.errors import LoopcamError


class Unheard(StrEnum):
    """The reasons, as they are counted."""

    MALFORMED = "malformed"
    UNKNOWN_TARGET = "unknown_target"
    NO_TARGET = "no_target"  # none is named, and there is not exactly one
    TOO_MANY = "too_many"
    FOREIGN = "foreign"  # of a user who is not heard
    INVISIBLE = "invisible"  # of a process in another PID namespace
    OTHER_PROCESS = "other_process"  # of another process than the target's
    UNWANTED = "unwanted"  # the target has no such source, or its mode no such event


class UnheardError(LoopcamError):
    """A heartbeat that is refused; `wait_s` says when to try again, where that helps."""

    def __init__(self, reason: Unheard, message: str, *, remedy: str = "", wait_s: int = 0) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.wait_s = wait_s


def reason(error: LoopcamError) -> Unheard:
    """The reason to count an error under."""
    return error.reason if isinstance(error, UnheardError) else Unheard.UNWANTED
