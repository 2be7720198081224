"""One file of a report, described."""

import msgspec


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a report: `path` is relative to the report's directory, with forward slashes."""

    path: str
    kind: str
    media_type: str
    size_bytes: int
    sha256: str
