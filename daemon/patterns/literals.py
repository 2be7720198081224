"""The text that every match of a pattern holds: finding it is a hundred times cheaper than matching."""

import re
import warnings
from collections.abc import Iterator, Sequence
from re import _constants, _parser  # type: ignore[attr-defined]  # the standard library's own reading
from typing import Any

MOST_ALTERNATIVES = 8

Alternatives = tuple[str, ...]  # every match holds one of these

_Node = tuple[Any, Any]


def literals(text: str) -> tuple[bytes, ...]:
    """Texts of which every match of the pattern holds at least one; none where that cannot be told.

    It reads the pattern as Python does. RE2 reads a few things otherwise; where they meet, none is told.
    """
    if "[:" in text:  # a class of characters to RE2, and to Python characters
        return ()
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = _parser.parse(text)
    except (re.error, OverflowError, RecursionError):
        return ()
    if tree.state.flags & re.IGNORECASE:
        return ()
    return tuple(one.encode() for one in _best(tree))


def _best(nodes: Sequence[_Node]) -> Alternatives:
    """The longest text; of alternatives the shortest counts."""
    found = [one for one in _needed(nodes) if all(one) and len(one) <= MOST_ALTERNATIVES]
    return max(found, key=lambda one: (min(map(len, one)), -len(one)), default=())


def _needed(nodes: Sequence[_Node]) -> Iterator[Alternatives]:
    """All that a match of these nodes, one after the other, must hold."""
    run = ""
    for kind, value in nodes:
        if kind is _constants.AT:  # a place between characters
            continue
        plain = _plain(kind, value)
        if plain is not None:
            run += plain
            continue
        yield (run,)
        run = ""
        yield from _inner(kind, value)
    yield (run,)


def _plain(kind: Any, value: Any) -> str | None:
    """The text of a node that matches nothing else."""
    if kind is _constants.LITERAL:
        return chr(value)
    if kind is not _constants.SUBPATTERN or value[1] & re.IGNORECASE:
        return None
    texts = [_plain(*node) for node in value[3]]
    return None if None in texts else "".join(text for text in texts if text is not None)


def _inner(kind: Any, value: Any) -> Iterator[Alternatives]:
    """All that a node with nodes in it needs."""
    if kind is _constants.SUBPATTERN and not value[1] & re.IGNORECASE:
        yield from _needed(value[3])
    elif kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and value[0] > 0:
        yield from _needed(value[2])
    elif kind is _constants.BRANCH:
        options = [_best(option) for option in value[1]]
        if all(options):
            yield tuple(dict.fromkeys(text for option in options for text in option))
