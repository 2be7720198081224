"""Regular expressions that try too many ways."""

from typing import Final

from model.verdict import Cause
from report.verdict.features import Features
from report.verdict.finding import Finding, Rule
from report.verdict.patterns import WORKING, Pattern
from report.verdict.rules.activities import Activity, found

_C: Final = Cause.REGULAR_EXPRESSION
_METHODS: Final = r"(?:match|fullmatch|search|findall|finditer|subn?)"

PATTERNS: Final = (
    Pattern(
        _C,
        "matching a regular expression",
        rf"{_METHODS}|split",
        r"/re(?:/__init__)?\.py|/regex/\w+\.py",
        WORKING,
    ),
    Pattern(
        _C,
        "compiling a regular expression",
        r".+",
        r"/(?:re/_|sre_)(?:compiler|parser?|compile)\.py",
        WORKING,
    ),
    Pattern(_C, "matching a regular expression", r"_?sre_\w+|SRE_\w+|pattern_\w+", r"sre", WORKING),
    Pattern(_C, "matching a regular expression", call=rf".*\.{_METHODS}", doing=WORKING),
)

_ACTIVITY: Final = Activity(
    _C,
    remedy=(
        "Try that pattern on the input it was given: nested or overlapping repetition such as (a+)+ takes "
        "time that "
        "doubles with each character. Rewrite it, bound the input, or use an engine without backtracking."
    ),
)


def _look(features: Features) -> Finding | None:
    return found(features, _ACTIVITY, certain=features.computes)


RULES: Final = {
    "regular_expression": Rule(
        _C,
        "Most of the stalled time on a CPU in the functions of re, or at a line that calls match, search, "
        "sub or "
        "the like of a compiled pattern.",
        _look,
    )
}
