"""Headers that a configuration may add to a request."""

import re
from collections.abc import Iterable, Mapping

from model.secrets import Secret

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = {"content-length", "transfer-encoding", "connection", "host", "accept-encoding"}


def header_faults(headers: Mapping[str, Secret]) -> Iterable[tuple[str, str, str]]:
    """What cannot be sent: (option, value without secrets, rule)."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            yield "headers", name, "a header's name, and none that belongs to the connection"
        if not is_sendable(value):
            yield "headers", f"{name}: ***", "only printable Latin-1 characters"


def is_sendable(value: Secret) -> bool:
    """Whether it can be the value of a header."""
    text = value.reveal()
    return text.isprintable() and all(ord(letter) < 256 for letter in text)
