"""A pattern of a log at work: what lines it marks, and what that has cost."""

import re
from collections.abc import Iterable

from daemon.patterns.literals import literals
from daemon.patterns.regex import Match, compiled
from daemon.sources.log.contract import MARK_BYTES, Mark
from daemon.sources.log.durations import seconds
from model.events import EventKind

MAX_NAME = 128
SEARCH_STEPS = 100  # what a search costs beside the line's length, in steps of the same kind

ITERATION = re.compile(r"iteration(_[2-9])?")
DURATIONS = {"duration": 1.0, "duration_ms": 1e-3}


class Pattern:
    """One pattern, compiled; raises PatternError."""

    def __init__(self, kind: EventKind, text: str, *, watched: bool = False) -> None:
        """`watched`: it tells of no iteration, but is the pattern of a trigger."""
        self.kind = kind
        self.text = text
        self.watched = watched
        self.literals = literals(text)
        self.steps = 0  # of work since they were last set to nothing
        self._regex = compiled(text)
        self._size = self._regex.programsize
        groups = {name.decode(): place for name, place in self._regex.groupindex.items()}
        self._names = [groups[name] for name in sorted(groups) if ITERATION.fullmatch(name)]
        self._durations = [(groups[name], unit_s) for name, unit_s in DURATIONS.items() if name in groups]

    def mark(self, line: bytes, raw: bytes) -> Mark | None:
        """What the line says, if the pattern matches it."""
        if self.literals and not any(text in line for text in self.literals):
            return None
        self.steps += (len(line) + SEARCH_STEPS) * self._size
        found = self._regex.search(line)
        if found is None:
            return None
        if self.watched:
            return Mark(kind=self.kind, watched=self.text)
        return Mark(
            kind=self.kind,
            iteration=self._iteration(found) if self._names else None,
            duration_s=self._duration_s(found) if self._durations else None,
            line=raw[:MARK_BYTES],
        )

    def _iteration(self, found: Match) -> str | None:
        parts = [part for place in self._names if (part := found.group(place))]
        text = b" ".join(parts).decode(errors="replace")[:MAX_NAME]
        return (text if text.isprintable() else text.encode("unicode_escape").decode()[:MAX_NAME]) or None

    def _duration_s(self, found: Match) -> float | None:
        for place, unit_s in self._durations:
            if (text := found.group(place)) is not None:
                return seconds(text.decode(errors="replace"), unit_s=unit_s)
        return None


def sought(patterns: Iterable[Pattern]) -> tuple[bytes, ...]:
    """Texts that find every line which any of the patterns may match; none when one may match any line."""
    wanted = [pattern.literals for pattern in patterns]
    found = [text for texts in wanted for text in texts] if all(wanted) else []
    return tuple(text for text in dict.fromkeys(found) if not any(_covers(one, text) for one in found))


def _covers(one: bytes, other: bytes) -> bool:
    """Whether a line with the other text has this one, too."""
    return one != other and one in other
