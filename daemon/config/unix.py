"""The Unix sockets that can be configured."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

PATH_BYTES = 107  # the kernel's limit for a socket's path


class Unix(msgspec.Struct, frozen=True, kw_only=True):
    """Sockets in the file system, whose other end the kernel names."""

    http: Annotated[
        Path | None,
        Meta(description="A socket with the same HTTP as `listen`, such as /run/loopcam/http.sock."),
    ] = None
    datagram: Annotated[
        Path | None, Meta(description="A socket for heartbeats as datagrams, such as /run/loopcam/beat.sock.")
    ] = None
    mode: Annotated[
        str,
        Meta(
            pattern=r"^0?[0-7]{3}$",
            extra={"rule": 'octal digits in quotes, such as "0600"'},
            description='Who may open the sockets, octal and in quotes: `"0600"` the same user, `"0660"` '
            'also `group`, `"0666"` everybody who can enter the folder.',
        ),
    ] = "0600"
    group: Annotated[
        str | None,
        Meta(min_length=1, description="The group of the sockets: its name, or its number in quotes."),
    ] = None
    uids: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=2**32 - 2)], ...],
        Meta(
            description="Numbers of further users whose heartbeats are heard, besides our own, root and the "
            "target's."
        ),
    ] = ()

    def check(self) -> Iterable[tuple[str, str, str]]:
        """A socket at least, and paths that the kernel takes."""
        paths = dict(self._paths())
        if not paths:
            yield "", "nothing", "give http, datagram or both"
        if len(set(paths.values())) < len(paths):
            yield "datagram", str(self.datagram), "the path of `http` already: choose another"
        for option, path in paths.items():
            if not path.is_absolute() or len(os.fsencode(path)) > PATH_BYTES:
                yield option, str(path), f"an absolute path of at most {PATH_BYTES} bytes"

    def _paths(self) -> Iterator[tuple[str, Path]]:
        if self.http is not None:
            yield "http", self.http
        if self.datagram is not None:
            yield "datagram", self.datagram
