"""metrics.diff.txt: what moved in the target's metrics between trigger and end."""

import math
from collections.abc import Iterator

from model.units import duration
from report.drawing import Drawing
from report.evidence.metrics import Change, Difference
from report.places import escaped
from report.times import clock

KINDS = {
    "counter": ("Counters", "by, a second, series"),
    "histogram": ("Histograms and summaries", "observations, a second, mean of these, series"),
    "gauge": ("Gauges", "before, after, series"),
}


def draw(drawing: Drawing) -> Iterator[bytes]:
    """One part for each address, with counters, histograms and gauges; those that moved most come first."""
    for number, found in enumerate(drawing.metrics):
        yield from (f"{line}\n".encode() for line in (*([""] if number else []), *_lines(drawing, found)))


def _lines(drawing: Drawing, found: Difference) -> Iterator[str]:
    from_s, until_s = found.from_us / 1_000_000, found.until_us / 1_000_000
    yield f"{escaped(found.url)} of {escaped(drawing.capture.target)}"
    yield f"from {clock(drawing.capture, from_s)}, for {duration(until_s - from_s)}"
    yield summary(found)
    for kind, (title, columns) in KINDS.items():
        changes = [change for change in found.changes if change.before.kind == kind]
        if changes:
            yield ""
            yield f"{title}: {columns}"
        for change in changes:
            *cells, series = row(found, change)
            yield "  " + "  ".join((*(f"{cell:>14}" for cell in cells), series))


def summary(found: Difference) -> str:
    """How many series moved."""
    left = found.moved - len(found.changes)
    shown = f", of which the {len(found.changes)} that moved most are shown" if left else ""
    return (
        f"{found.moved} series moved{shown}; {found.still} did not, "
        f"{found.appeared} appeared, {found.vanished} vanished"
    )


def row(found: Difference, change: Change) -> tuple[str, ...]:
    """The columns of a change; the series comes last."""
    before, after = change.before, change.after
    if before.kind == "gauge":
        return number(before.value), number(after.value), series(change)
    if change.by < 0:
        said = ("started anew", "") if before.kind == "counter" else ("started anew", "", "")
        return *said, series(change)
    lasted_s = max(1e-6, (found.until_us - found.from_us) / 1_000_000)
    moved = f"+{number(change.by)}", f"{number(change.by / lasted_s)}/s"
    mean = (number((after.sum - before.sum) / change.by),) if before.kind == "histogram" else ()
    return *moved, *mean, series(change)


def number(value: float) -> str:
    """A number as people read it."""
    whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return str(int(value)) if whole else f"{value:.4g}"


def series(change: Change) -> str:
    """`name{label="value"}`."""
    name, labels = change.name
    said = ", ".join(f'{escaped(key)}="{escaped(value, also=chr(34))}"' for key, value in labels)
    return f"{escaped(name)}{{{said}}}" if said else escaped(name)
