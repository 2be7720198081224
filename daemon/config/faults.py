"""Faults, each on one line whatever stands in the document: where, what was written, the rule, a hint."""

from model.errors import Fault

LONGEST_VALUE = 60
LONGEST = 300


def fault(path: str, value: str, rule: str, hint: str = "") -> Fault:
    """A fault on one line, shortened."""
    return Fault(line(path), line(value, LONGEST_VALUE), line(rule), line(hint))


def join(path: str, key: object) -> str:
    """The path of an option below another."""
    return f"{path}.{key}" if path else str(key)


def line(text: str, longest: int = LONGEST) -> str:
    """A text on one line, at most so long."""
    clean = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
