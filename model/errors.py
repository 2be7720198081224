"""One shallow tree of errors; each says what happened and, where there is one, the remedy."""

from collections.abc import Sequence

import msgspec


class LoopcamError(Exception):
    """Base of all errors that a user can act upon; `exit_code` is what the command line ends with."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(LoopcamError):
    """The command line was wrong."""

    exit_code = 64


class Fault(msgspec.Struct, frozen=True):
    """One wrong place in a configuration."""

    path: str
    value: str
    rule: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.value}: {self.rule}" + (f" ({self.hint})" if self.hint else "")


class CommandError(LoopcamError):
    """A command cannot be started; `exit_code` is what a shell would end with."""

    def __init__(self, message: str, *, exit_code: int, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.exit_code = exit_code


class ConfigError(LoopcamError):
    """A configuration that cannot be used, with all its faults."""

    exit_code = 78

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class TargetError(LoopcamError):
    """A target cannot be found or looked at."""


class SourceError(LoopcamError):
    """A source cannot hear its target now; it is tried again."""


class FetchError(LoopcamError):
    """A target's HTTP did not answer as it should; its text holds no query and no credential."""


class RefusedError(LoopcamError):
    """A capture is refused; `reason` is one of `model.events.Refusal`."""

    def __init__(self, reason: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


class CollectorError(LoopcamError):
    """Evidence could not be taken; `outcome` is one of `model.capture.Outcome`."""

    def __init__(self, outcome: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.outcome = outcome


class SinkError(LoopcamError):
    """A sink could not store a report. `retry` tells whether trying again later may succeed."""

    def __init__(
        self, message: str, *, retry: bool, retry_after_s: float | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retry = retry
        self.retry_after_s = retry_after_s


class RenderError(LoopcamError):
    """Evidence could not be drawn."""


class SpoolError(LoopcamError):
    """The spool cannot be used."""
