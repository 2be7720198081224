"""Where a log is: the options that name a file, the journal, a container or standard input."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.sources.contract import Source

STANDARD_INPUT = "-"
IN_TARGET = "target:"

_UNIT = r"^[A-Za-z0-9:_.\\@][-A-Za-z0-9:_.\\@]*$"
_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_SUBDOMAIN = r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$"


class Kubernetes(msgspec.Struct, frozen=True, kw_only=True):
    """A container of a pod, read from the Kubernetes API with the service account of our own."""

    container: Annotated[
        str,
        Meta(
            pattern=_LABEL,
            max_length=63,
            extra={"rule": "the name of a container"},
            description="The container whose log it is.",
        ),
    ]
    pod: Annotated[
        str | None,
        Meta(
            pattern=_SUBDOMAIN,
            max_length=253,
            extra={"rule": "the name of a pod"},
            description="Its pod. Left out: our own, by `POD_NAME` in the environment or the host's name.",
        ),
    ] = None
    namespace: Annotated[
        str | None,
        Meta(
            pattern=_LABEL,
            max_length=63,
            extra={"rule": "the name of a namespace"},
            description="The pod's namespace. Left out: our own.",
        ),
    ] = None


class Where(Source, frozen=True, kw_only=True):
    """Where a log is: exactly one of these."""

    path: Annotated[
        str | None,
        Meta(
            min_length=1,
            description="The file; `target:/PATH` is one in the target's own root directory, and `-` is "
            "loopcam's standard input.",
        ),
    ] = None
    journal: Annotated[
        str | None,
        Meta(
            pattern=_UNIT,
            max_length=255,
            extra={"rule": "the name of a systemd unit"},
            description="The systemd unit whose lines in the journal are the log.",
        ),
    ] = None
    journal_directory: Annotated[
        Path | None,
        Meta(description="The journal's folder, such as a host's, mounted into our container."),
    ] = None
    kubernetes: Annotated[Kubernetes | None, Meta(description="The container of a pod whose log it is.")] = (
        None
    )

    def broken_places(self) -> Iterable[tuple[str, str, str]]:
        """One place, and one that can be meant."""
        given = [name for name in ("path", "journal", "kubernetes") if getattr(self, name) is not None]
        if len(given) != 1:
            yield "", ", ".join(given) or "no place", "give exactly one of path, journal, kubernetes"
        if self.journal_directory is not None and self.journal is None:
            yield "journal_directory", str(self.journal_directory), "has a meaning with `journal` only"
        path = self.path or ""
        if "\0" in path or (path.startswith(IN_TARGET) and not path.startswith(f"{IN_TARGET}/")):
            yield "path", path.replace("\0", "?"), f"a path; one of the target's begins with {IN_TARGET}/"
