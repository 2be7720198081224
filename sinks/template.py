"""Texts with fields such as `{target}/{cluster}/`, filled in for one report."""

import re
from collections.abc import Callable, Iterator, Mapping
from string import Formatter
from urllib.parse import quote

from model.capture import Capture
from model.errors import SinkError
from model.report import Report
from sinks.paths import parts

OWN_FIELDS = frozenset({"target", "id", "year", "month", "day", "host"})
_ODD = re.compile(r"[^A-Za-z0-9._=@+-]")
_LONGEST = 128


def fields(template: str) -> frozenset[str]:
    """The fields of a template; raises ValueError with the rule that it breaks."""
    found = set()
    for _, field, spec, conversion in Formatter().parse(template):
        if field == "" or spec or conversion:
            raise ValueError("a field is a name in braces, such as {target}")
        if field is not None:
            found.add(field)
    return frozenset(found)


def prefix_faults(prefix: str) -> Iterator[str]:
    """The rules that a template for the beginning of keys breaks."""
    try:
        fields(prefix)
    except ValueError as error:
        yield str(error)
    if prefix and (not prefix.endswith("/") or prefix.startswith("/")):
        yield "ends with a slash and does not begin with one"


def key(prefix: str, report: Report) -> str:
    """What the keys of a report's files begin with: the prefix, filled in, and the report's own path."""
    return f"{fill(prefix, values(report), as_name)}{'/'.join(parts(report.manifest.path))}/"


def values(report: Report) -> dict[str, str]:
    """What the fields of a template stand for: the capture's labels, and our own names above them."""
    return values_of(report.manifest.capture)


def values_of(capture: Capture) -> dict[str, str]:
    """The same, of a capture without a manifest yet."""
    own = {"target": capture.target, "id": capture.id, "host": capture.host}
    own |= {"year": capture.id[0:4], "month": capture.id[4:6], "day": capture.id[6:8]}
    return {**capture.labels, **own}


def fill(template: str, known: Mapping[str, str], spelt: Callable[[str], str]) -> str:
    """The template with `spelt(value)` for each field; raises SinkError for a field without a value."""
    text = ""
    for literal, field, _, _ in Formatter().parse(template):
        text += literal
        if field is None:
            continue
        if field not in known:
            raise SinkError(
                f"this report has no label {field!r}, which the sink's configuration refers to",
                retry=False,
                remedy=f"add {field} to `labels`, or take {{{field}}} out of the sink's options",
            )
        text += spelt(known[field])
    return text


def as_name(value: str) -> str:
    """A value as one harmless part of a path: no slashes, no dots alone, never empty."""
    name = _ODD.sub("_", value)[:_LONGEST]
    return name if name.strip(".") else "_" * max(1, len(name))


def as_segment(value: str) -> str:
    """A value as one part of a URL's path, also where a server decodes the URL before it splits it."""
    flat = value.replace("/", "_").replace("\\", "_")
    return quote(flat, safe="") if flat.strip(".") else as_name(flat)
