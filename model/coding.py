"""JSON for the nouns: one place that knows how units, paths and secrets are spelt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from model.secrets import Secret
from model.units import ByteSize, Seconds

T = TypeVar("T")


def _to_plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Seconds):
        return float(value)
    if isinstance(value, ByteSize):
        return int(value)
    raise NotImplementedError(f"no JSON for {type(value).__name__}")


def _from_plain(kind: type, value: Any) -> Any:
    if kind in (Secret, Seconds, ByteSize) or issubclass(kind, Path):
        return kind(value)
    raise NotImplementedError(f"no {kind.__name__} from JSON")


def encode(value: Any, *, indent: int = 0) -> bytes:
    """JSON of a noun. Secrets are revealed: send it to a child of ours, never to a log."""
    data = msgspec.json.encode(value, enc_hook=_to_plain)
    return msgspec.json.format(data, indent=indent) + b"\n" if indent else data


def decode(data: bytes | str, kind: type[T]) -> T:
    """A noun from its JSON; raises msgspec.ValidationError or msgspec.DecodeError."""
    try:
        return msgspec.json.decode(data, type=kind, dec_hook=_from_plain)
    except (UnicodeDecodeError, RecursionError) as error:  # of damaged data, as msgspec lets them out
        raise msgspec.DecodeError(str(error)) from error


def plain(value: Any, reveal: Callable[[Secret], str] = Secret.reveal) -> Any:
    """A noun as dicts, lists and numbers. Secrets are revealed, by `reveal`."""

    def to_plain(one: Any) -> Any:
        return reveal(one) if isinstance(one, Secret) else _to_plain(one)

    return msgspec.to_builtins(value, enc_hook=to_plain)


def convert(value: Any, kind: type[T]) -> T:
    """A noun from what `plain` gave; raises msgspec.ValidationError."""
    return msgspec.convert(value, type=kind, dec_hook=_from_plain)
