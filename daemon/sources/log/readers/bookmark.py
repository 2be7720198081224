"""Where a reader was, as the service that it reads from names it."""

from typing import Protocol


class Bookmark(Protocol):
    """What outlives the daemon: a cursor of the journal, a time in a container's log."""

    @property
    def text(self) -> str:
        """The place; empty while there is none."""

    def write(self, text: str) -> None:
        """Remember another place."""
