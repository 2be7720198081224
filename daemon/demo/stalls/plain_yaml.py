"""A small writer of YAML in pure Python, named and built like those that one finds in libraries."""

from collections.abc import Iterator


def safe_dump(data: object) -> str:
    """The document's text."""
    return "\n".join(represent(data, 0))


def represent(data: object, depth: int) -> Iterator[str]:
    """The lines of a value."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from represent_pair(str(key), value, depth)
    elif isinstance(data, list):
        for item in data:
            yield from represent_pair("-", item, depth)
    else:
        yield "  " * depth + represent_scalar(data)


def represent_pair(key: str, value: object, depth: int) -> Iterator[str]:
    """A key, or an item's dash, and what belongs to it."""
    if isinstance(value, dict | list):
        yield "  " * depth + key
        yield from represent(value, depth + 1)
    else:
        yield "  " * depth + f"{key} {represent_scalar(value)}"


def represent_scalar(value: object) -> str:
    """A plain value, quoted where it must be."""
    text = str(value)
    return f"'{text}'" if any(sign in text for sign in ":{}[]#&*!|>%@`") else text
