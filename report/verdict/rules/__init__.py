"""The rules for Python stacks, each in one place, and the patterns that share out the time."""

from collections.abc import Mapping
from typing import Final

from report.verdict.features import Features
from report.verdict.finding import Rule
from report.verdict.patterns import Pattern
from report.verdict.rules import (
    collecting,
    computing,
    contention,
    coroutines,
    deadlocks,
    files,
    handshakes,
    locks,
    machine,
    matching,
    network,
    processes,
    serialising,
    sleeping,
)

PATTERNS: Final[tuple[Pattern, ...]] = (  # of those that fit the same frame, the first wins
    *computing.PATTERNS,
    *collecting.PATTERNS,
    *matching.PATTERNS,
    *serialising.PATTERNS,
    *processes.PATTERNS,
    *files.PATTERNS,
    *handshakes.PATTERNS,
    *sleeping.PATTERNS,
    *network.PATTERNS,
)

RULES: Final[Mapping[str, Rule[Features]]] = {
    **computing.RULES,
    **contention.RULES,
    **locks.RULES,
    **deadlocks.RULES,
    **network.RULES,
    **sleeping.RULES,
    **handshakes.RULES,
    **files.RULES,
    **processes.RULES,
    **collecting.RULES,
    **machine.RULES,
    **coroutines.RULES,
    **serialising.RULES,
    **matching.RULES,
}

BY_SIGNALS: Final = {name: rule for name, rule in RULES.items() if rule.by_signals}
