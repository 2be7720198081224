"""A text that must not appear in logs, errors or reports."""

from typing import Final


class Secret:
    """Holds a secret; only `reveal()` shows it. A configuration may hold `file:PATH` instead of the text."""

    __slots__ = ("_text",)

    _text: Final[str]

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
