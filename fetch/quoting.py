"""A server's words, as far as they may be repeated."""

import re
from collections.abc import Iterable

from model.secrets import Secret

_LONGEST_QUOTE = 200
_QUERY = re.compile(r"\?\S*")
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_%-]{40,}")  # signatures and tokens, whoever sent them


def quote(text: str, secrets: Iterable[Secret | None] = ()) -> str:
    """A server's words in one short line, without query strings, signatures or the given secrets."""
    for secret in secrets:
        if secret and secret.reveal():
            text = re.sub(re.escape(secret.reveal()), "***", text, flags=re.IGNORECASE)
    line = " ".join(_OPAQUE.sub("***", _QUERY.sub("?***", text)).split())
    return "".join(letter for letter in line if letter.isprintable())[:_LONGEST_QUOTE]
