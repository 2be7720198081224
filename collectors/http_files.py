"""What a response's file is called, and of which media type it is told to be."""

import re

BYTES = "application/octet-stream"
TEXT = "text/plain"
# By the media type that a server says. A page is kept as the text that it is: nobody opens one by chance.
EXTENSIONS = {
    "text/plain": (".txt", TEXT),
    "text/html": (".txt", TEXT),
    "application/openmetrics-text": (".txt", TEXT),
    "application/json": (".json", "application/json"),
    "application/problem+json": (".json", "application/json"),
    "text/csv": (".csv", "text/csv"),
    "application/yaml": (".yaml", "application/yaml"),
    "application/x-yaml": (".yaml", "application/yaml"),
    "text/yaml": (".yaml", "application/yaml"),
    "application/gzip": (".gz", "application/gzip"),
    "application/zip": (".zip", "application/zip"),
}
MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


def described(content_type: str, encoding: str = "") -> tuple[str, str]:
    """The extension and the media type for a `Content-Type`; what is packed all the same stays so."""
    if encoding.strip().lower() not in ("", "identity"):
        return EXTENSIONS["application/gzip"] if "gzip" in encoding.lower() else (".bin", BYTES)
    named = content_type.partition(";")[0].strip().lower()
    if not MEDIA_TYPE.fullmatch(named):
        return ".bin", BYTES
    return EXTENSIONS.get(named) or ((".txt", TEXT) if named.startswith("text/") else (".bin", named))
