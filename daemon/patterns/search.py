"""Whether a user's regular expression occurs in a text."""

from functools import lru_cache

from daemon.patterns.literals import literals
from daemon.patterns.regex import compiled


class Search:
    """A pattern to be found anywhere in a text; raises PatternError."""

    def __init__(self, pattern: str) -> None:
        self._literals = literals(pattern)
        self._regex = compiled(pattern)

    def occurs(self, text: bytes) -> bool:
        """Whether it occurs in the text."""
        for literal in self._literals or (b"",):
            if literal in text:
                return self._regex.search(text) is not None
        return False


@lru_cache(maxsize=2048)
def search(pattern: str) -> Search:
    """The search for a pattern, made once."""
    return Search(pattern)
