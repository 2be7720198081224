"""One line of an exposition, in Prometheus' text format or OpenMetrics."""

import re
from collections.abc import Iterator

from daemon.sources.metrics.contract import Sample

MOST_LABELS = 200
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_NAME = rb"[a-zA-Z_:][a-zA-Z0-9_:]*"
_VALUE = rb"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[Ii]nf(?:inity)?|[Nn]a[Nn])"
_LINE = re.compile(
    rb"(" + _NAME + rb")[ \t]*(?:\{((?:[^\"}]|" + _TEXT + rb")*)\})?[ \t]*"  # the name and its labels
    rb"(?<=[ \t}])(" + _VALUE + rb")(?:[ \t]+" + _VALUE + rb")?[ \t]*"  # the value, and its time
    rb"(?:#[ \t]*\{.*)?",  # an exemplar
    re.DOTALL,
)
_LABEL = re.compile(
    rb"[ \t]*([a-zA-Z_][a-zA-Z0-9_]*|" + _TEXT + rb")[ \t]*=[ \t]*(" + _TEXT + rb")[ \t]*(?:,|\Z)", re.DOTALL
)
_NOTHING_MORE = re.compile(rb"[ \t]*\Z")
_ESCAPED = re.compile(r'\\([\\"n])')


def parsed(line: bytes) -> Sample | None:
    """The sample that a line holds; None where it is none."""
    found = _LINE.fullmatch(line.strip())
    if found is None:
        return None
    labels: dict[str, str] = {}
    for label in _labels(found[2] or b""):
        if label is None or label[0] in labels or len(labels) == MOST_LABELS:
            return None
        labels[label[0]] = label[1]
    return Sample(name=found[1].decode(), labels=labels, value=float(found[3]))


def _labels(text: bytes) -> Iterator[tuple[str, str] | None]:
    """Names and values; None at last where they are not written as they should be."""
    at = 0
    while not _NOTHING_MORE.match(text, at):
        found = _LABEL.match(text, at)
        if found is None:
            yield None
            return
        name = found[1]
        yield _read(name) if name.startswith(b'"') else name.decode(), _read(found[2])
        at = found.end()


def _read(quoted: bytes) -> str:
    """A quoted text; bytes that are no UTF-8 are replaced."""
    text = quoted[1:-1].decode(errors="replace")
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], text)
