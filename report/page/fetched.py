"""The sections of report.html for what else was fetched: profiles, metrics, log lines."""

from collections import Counter
from collections.abc import Iterable

from model.units import ByteSize, counted, duration
from report.drawing import Drawing
from report.evidence.loop import ours
from report.evidence.metrics import Change, Difference
from report.evidence.profiles import Profile
from report.groups import name
from report.page.markup import Markup, join, section, tag, text
from report.page.tables import amounts, folded
from report.places import outside
from report.views.metrics import KINDS, row, summary

TOP = 10
SHOWN_CHANGES = 12  # of a kind; more are folded away
_KINDS = {  # Go's own names of what a profile counts
    "inuse_space": "memory in use (inuse_space)",
    "inuse_objects": "objects in use (inuse_objects)",
    "alloc_space": "memory allocated since the start (alloc_space)",
    "alloc_objects": "objects allocated since the start (alloc_objects)",
    "delay": "time waited (delay)",
    "contentions": "waits (contentions)",
}
_PROFILED = ("amount", "of all", "function")


def profiles(drawing: Drawing) -> Markup:
    """The functions that have most of what each profile counts."""
    shown = [
        _profile(what, profile)
        for what, profile in drawing.program.profiles
        if what != "goroutines" or not drawing.program.dumps  # dumps say the same and more
    ]
    return section("profiles", "Other profiles", *shown) if any(shown) else Markup("")


def _profile(what: str, profile: Profile) -> Markup:
    unit = profile.units[profile.shown]
    by_function: Counter[str] = Counter()
    own = 0
    for frames, values in profile.stacks:
        if ours(frames):
            own += values[profile.shown]
        else:
            by_function[outside(frames) or name(frames)] += values[profile.shown]
    total = by_function.total()
    rows = [
        (_amount(value, unit.unit), f"{value / total:.0%}", tag("code", function))
        for function, value in by_function.most_common(TOP)
        if value > 0 and total > 0
    ]
    title = tag("h3", f"{what}: {_KINDS.get(unit.kind, unit.kind)}, {_amount(total, unit.unit)} in all")
    table = amounts(_PROFILED, rows, 2) if rows else tag("p", "Nothing was counted.")
    left_out = f"Not counted: {_amount(own, unit.unit)} in loopcam's own requests for profiles."
    return join(title, table, tag("p", left_out, class_="hint") if own > 0 else "")


def _amount(value: int, unit: str) -> str:
    if unit == "bytes" and value >= 0:
        return str(ByteSize(value))
    return duration(value / 1e9) if unit == "nanoseconds" else str(value)


def metrics(drawing: Drawing) -> Markup:
    """What moved in the metrics, those that moved most first."""
    if not drawing.metrics:
        return Markup("")
    return section("metrics", "Metrics, before and after", *(_difference(each) for each in drawing.metrics))


def _difference(found: Difference) -> Markup:
    lasted_s = (found.until_us - found.from_us) / 1_000_000
    hint = tag("p", f"{found.url}, {duration(lasted_s)} apart: {summary(found)}.", class_="hint")
    parts = [
        _kind(kind, found, [change for change in found.changes if change.before.kind == kind])
        for kind in KINDS
    ]
    return join(hint, *parts)


def _kind(kind: str, found: Difference, changes: Iterable[Change]) -> Markup:
    title, columns = KINDS[kind]
    heads = columns.split(", ")
    rows = [
        (*numbers, tag("code", series)) for *numbers, series in (row(found, change) for change in changes)
    ]
    if not rows:
        return Markup("")
    count = len(heads) - 1
    return join(
        tag("h3", title),
        amounts(heads, rows[:SHOWN_CHANGES], count),
        folded(heads, rows[SHOWN_CHANGES:], count),
    )


def logs(drawing: Drawing) -> Markup:
    """The last log lines, folded."""
    if not drawing.logs:
        return Markup("")
    items = []
    for tail in drawing.logs:
        count = counted(len(tail.lines), "line") if tail.whole else f"the last {len(tail.lines)} lines"
        lines = Markup("\n".join(map(text, tail.lines)))
        items.append(tag("details", tag("summary", f"{tail.path}: {count}"), tag("pre", lines, class_="log")))
    return section("log", "Log lines", *items)
