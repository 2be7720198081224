"""Compiles a user's regular expression with RE2, which never backtracks, or says why it cannot."""

import re
from functools import lru_cache
from typing import Protocol

import re2

MAX_STEPS = 1500  # of the compiled program: in the worst case each byte of a line costs as many

_REMEDIES = (
    (r"^\(\?<?[=!]", "look-around is not read: match more of the line, or write it without"),
    (r"^(\\[1-9]|\(\?P=$)", "back-references are not read: write the text out"),
    (r"^\(\?>", "atomic groups are not read, nor needed: write (?:"),
    (r"^[*+?}]\+", "possessive repetition is not read, nor needed: leave the second + out"),
    (r"^\\Z", r"the end of the line is written $ or \z"),
    (r"^\(\?x", "a pattern is written in one line, without comments"),
)


class PatternError(ValueError):
    """A regular expression is none, or one that is not read; says where and what to write instead."""


class Match(Protocol):
    """Where a pattern was found."""

    def group(self, group: int) -> bytes | None:
        """What a group holds."""


class Regex(Protocol):
    """A compiled pattern."""

    groupindex: dict[bytes, int]
    programsize: int

    def search(self, text: bytes) -> Match | None:
        """The first place where it matches."""


@lru_cache(maxsize=2048)
def compiled(text: str) -> Regex:
    """The pattern over bytes; also where they are no UTF-8, ASCII parts of it match. Raises PatternError."""
    options = re2.Options()
    options.log_errors = False
    if text.isascii() and not re.search(r"\\[pPx]", text):  # then any byte may stand for a character
        options.encoding = re2.Options.Encoding.LATIN1
    try:
        made: Regex = re2.compile(text.encode(), options)
    except re2.error as error:
        raise PatternError(_why(text, error.args[0].decode(errors="replace"))) from None
    if made.programsize > MAX_STEPS:
        raise PatternError("too large: counted repetitions multiply, write fewer or * and +")
    return made


def _why(text: str, reason: str) -> str:
    """What RE2 says, where that is, and what to write instead."""
    what, _, piece = reason.partition(": ")
    piece = "(?P=" if piece == "(?P" else piece  # RE2 tells no more of it
    at = text.find(piece) if piece and piece != text else -1
    place = f" `{piece}` at character {at + 1}" if at >= 0 else ""
    remedy = next((remedy for known, remedy in _REMEDIES if re.search(known, piece)), "")
    return f"a regular expression (RE2): {what}{place}" + (f"; {remedy}" if remedy else "")
