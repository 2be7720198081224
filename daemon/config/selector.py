"""How a target's process is found."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta


class Selector(msgspec.Struct, frozen=True, kw_only=True):
    """Which process a target is: exactly one of these."""

    pid: Annotated[int | None, Meta(ge=1, description="Its process id. The end of the process is final.")] = (
        None
    )
    pidfile: Annotated[
        Path | None, Meta(description="A file that holds its process id; a restart is followed.")
    ] = None
    match: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="A regular expression (RE2), searched in the path of the executable and in the "
            "command line; the oldest match is the target, a restart is followed.",
        ),
    ] = None

    peer: Annotated[
        bool,
        Meta(
            description="The process that sends its first heartbeat over a socket of `unix`, and that one "
            "only while it lives; then the next."
        ),
    ] = False

    @property
    def given(self) -> tuple[str, ...]:
        """The ways that are configured."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) not in (None, False))

    def check(self) -> Iterable[tuple[str, str, str]]:
        """One way to find the process at most, and a regular expression that is one."""
        if len(self.given) > 1:
            yield "", ", ".join(self.given), "give exactly one of pid, pidfile, match, peer: true"
        if self.match is not None:
            yield from _broken_match(self.match)


def _broken_match(text: str) -> Iterable[tuple[str, str, str]]:
    from daemon.patterns.regex import PatternError, compiled  # here, and not above: it loads RE2

    try:
        compiled(text)
    except PatternError as error:
        yield "match", text, str(error)
