"""The rules for Python stacks, each in one place; patterns of frames and the rules over them."""

from collections.abc import Mapping
from typing import Final

from report.verdict.features import Features
from report.verdict.finding import Rule
from report.verdict.patterns import Pattern
from report.verdict.rules import computing, network, serialising, sleeping

PATTERNS: Final[tuple[Pattern, ...]] = (
    *serialising.PATTERNS,
    *sleeping.PATTERNS,
    *network.PATTERNS,
)

RULES: Final[Mapping[str, Rule[Features]]] = {
    **computing.RULES,
    **serialising.RULES,
    **sleeping.RULES,
    **network.RULES,
}
