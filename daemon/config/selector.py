"""How a target's process is found."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

_SERVICE = ".service"
_OTHERS = (
    ".automount",
    ".device",
    ".mount",
    ".path",
    ".scope",
    ".slice",
    ".socket",
    ".swap",
    ".target",
    ".timer",
)
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*")


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
    systemd: Annotated[
        str | None,
        Meta(
            min_length=1,
            max_length=255,
            description="A service of systemd, such as `cluster-autoscaler` or `worker@1.service`: its main "
            "process; a restart is followed.",
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
    def unit(self) -> str | None:
        """The whole name of the unit of systemd, which may be left short as for systemctl."""
        if self.systemd is None or self.systemd.endswith(_SERVICE):
            return self.systemd
        return f"{self.systemd}{_SERVICE}"

    @property
    def given(self) -> tuple[str, ...]:
        """The ways that are configured."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) not in (None, False))

    def check(self) -> Iterable[tuple[str, str, str]]:
        """One way to find the process at most, and a regular expression that is one."""
        if len(self.given) > 1:
            yield "", ", ".join(self.given), "give exactly one of pid, pidfile, match, systemd, peer: true"
        if self.match is not None:
            yield from _broken_match(self.match)
        if self.systemd is not None:
            yield from (("systemd", self.systemd, rule) for rule in _broken_unit(self.systemd))


def _broken_match(text: str) -> Iterable[tuple[str, str, str]]:
    from daemon.patterns.regex import PatternError, compiled  # here, and not above: it loads RE2

    try:
        compiled(text)
    except PatternError as error:
        yield "match", text, str(error)


def _broken_unit(name: str) -> Iterable[str]:
    if not _UNIT.fullmatch(name):
        yield "the name of one unit: letters, digits and : _ . \\ @ -, such as worker@1.service"
    elif name.endswith(_OTHERS):
        yield "only a service has a main process: name the service"
    elif name.removesuffix(_SERVICE).endswith("@"):
        yield "a template: name an instance of it, such as worker@1.service"
