"""Who is told what goes wrong with a log."""

from typing import Protocol

from model.errors import SourceError


class Told(Protocol):
    """Whoever wants to know."""

    def trouble(self, error: SourceError | None) -> None:
        """The path cannot be read, or can again; told at every look."""

    def gap(self, what: str, *, expected: bool = False) -> None:
        """Something may have been missed; `expected` where the way a log is rotated makes that so."""
