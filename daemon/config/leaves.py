"""From one scalar of a document to one value of an option, or the rule that it breaks."""

import math
import operator
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal, get_origin

from daemon.config import hints
from daemon.config.fields import Shape
from daemon.config.references import resolve
from model.errors import LoopcamError
from model.secrets import Secret
from model.units import ByteSize, Percent, Seconds

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")


class Wrong(Exception):  # noqa: N818 - it never leaves the walker
    """A value breaks `rule`; `hint` says what to write instead, where that is known."""

    def __init__(self, rule: str, hint: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.hint = hint


def read(raw: object, shape: Shape) -> object:
    """The value of an option that is neither group, list nor mapping; raises Wrong."""
    if get_origin(shape.kind) is Literal:
        return _choice(raw, shape.arguments)
    value = _READERS[shape.kind](raw)
    _bounds(value, shape)
    if isinstance(value, str):
        _length_and_pattern(value, shape)
    return value


def _choice(raw: object, choices: tuple[object, ...]) -> object:
    if isinstance(raw, str) and raw in choices:
        return str(raw)
    names = [str(choice) for choice in choices]
    raise Wrong(f"one of {', '.join(names)}", hints.choice(str(raw), names))


def _boolean(raw: object) -> bool:
    if raw is True or raw is False:
        return raw
    if raw in ("true", "false"):  # from the environment
        return raw == "true"
    raise Wrong("true or false", hints.boolean(str(raw)))


def _whole(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and _WHOLE.fullmatch(raw):
        return int(raw)
    raise Wrong("a whole number")


def _decimal(raw: object) -> float:
    if isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        return float(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return float(raw)
    raise Wrong("a number")


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return str(raw)
    raise Wrong("a text", "put it in quotes" if isinstance(raw, int | float) else "")


def _path(raw: object) -> Path:
    text = _text(raw)
    if not text or "\0" in text:
        raise Wrong("a path")
    return Path(text)


def _measured(raw: object, kind: type[Seconds] | type[ByteSize] | type[Percent]) -> object:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise Wrong(kind.RULE)
    try:
        return kind.parse(str(raw))
    except ValueError:
        raise Wrong(kind.RULE, hints.unit(str(raw), kind)) from None


def _secret(raw: object) -> Secret:
    secret = Secret(_text(raw))
    if not secret.reveal():
        raise Wrong("a secret, or file:PATH")
    try:
        resolve(secret)
    except LoopcamError as error:
        raise Wrong(str(error), error.remedy) from None
    return secret


_READERS: dict[object, Callable[[object], object]] = {
    bool: _boolean,
    int: _whole,
    float: _decimal,
    str: _text,
    Path: _path,
    Seconds: partial(_measured, kind=Seconds),
    ByteSize: partial(_measured, kind=ByteSize),
    Percent: partial(_measured, kind=Percent),
    Secret: _secret,
}


_COMPARED: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "ge": ("at least", operator.ge),
    "gt": ("more than", operator.gt),
    "le": ("at most", operator.le),
    "lt": ("less than", operator.lt),
}


def _bounds(value: object, shape: Shape) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    for name, (words, holds) in _COMPARED.items():
        bound = shape.bound(name)
        if bound is not None and not holds(value, bound):
            raise Wrong(f"{words} {shape.kind(bound)}")


def _length_and_pattern(value: str, shape: Shape) -> None:
    shortest, longest, pattern = (shape.bound(name) for name in ("min_length", "max_length", "pattern"))
    if shortest is not None and len(value) < shortest:
        raise Wrong(f"at least {shortest} characters" if shortest > 1 else "a text that is not empty")
    if longest is not None and len(value) > longest:
        raise Wrong(f"at most {longest} characters")
    # `$` would let a newline at the end pass
    if pattern is not None and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        hint = shape.note("hint")
        rule = shape.note("rule") or f"a text that matches {pattern}"
        raise Wrong(rule, hint(value) if callable(hint) else "")
