"""How values stand in faults: on one line, shortened, secrets never."""

from daemon.config.faults import LONGEST_VALUE, line
from daemon.config.fields import Shape
from daemon.config.references import Expanded
from model.secrets import Secret

HIDDEN = "***"


def value(raw: object, shape: Shape) -> str:
    """What was written, as far as it may be shown."""
    if raw is not None and (shape.kind is Secret or shape.note("hidden")):
        return HIDDEN
    if isinstance(raw, dict | list):
        return kind(raw)
    return scalar(raw)


def scalar(raw: object) -> str:
    """A scalar as the document spells it, before references were put in."""
    if isinstance(raw, Expanded):
        return line(raw.written, LONGEST_VALUE)
    if raw is None or raw == "":
        return "empty"
    return str(raw).lower() if isinstance(raw, bool) else line(str(raw), LONGEST_VALUE)


def kind(raw: object) -> str:
    """What a value is, for where it is the wrong kind of thing altogether."""
    if isinstance(raw, dict):
        return "a mapping"
    if isinstance(raw, list):
        return "a list"
    return "empty" if raw is None else "a text" if isinstance(raw, str) else "a single value"
