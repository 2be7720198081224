"""Whether a user's regular expression occurs in a text."""

from functools import lru_cache

from daemon.patterns.literals import literals
from daemon.patterns.regex import compiled


class Search:
    """A pattern to be found anywhere in a text; raises PatternError."""

    def __init__(self, pattern: str) -> None:
        self._literals = literals(pattern)
        self._regex = compiled(pattern)

    def occurs(self, text: str) -> bool:
        """Whether it occurs in the text."""
        data = text.encode(errors="surrogateescape")
        if self._literals and not any(literal in data for literal in self._literals):
            return False
        return self._regex.search(data) is not None


@lru_cache(maxsize=2048)
def search(pattern: str) -> Search:
    """The search for a pattern, made once."""
    return Search(pattern)
