"""Any two profiles side by side, as text and as data."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from model.comparison import Doing, Moved
from report.baseline.moved import Side, moved
from report.baseline.profiles.aligned import aligned
from report.baseline.profiles.read import Profile
from report.places import escaped, short

_DOING = {Doing.ON_CPU: "on CPU", Doing.WAITING: "waiting", Doing.UNKNOWN: ""}


class Group(NamedTuple):
    """One group of threads: its time on both sides."""

    thread: str
    before: float
    after: float


class Difference(NamedTuple):
    """What moved from one profile to the other; in `moved`, `stalled` is after and `healthy` before."""

    before: Profile
    after: Profile
    groups: tuple[Group, ...]
    moved: tuple[Moved, ...]


def difference(before: Profile, after: Profile, most: int) -> Difference:
    """Shares are of each group's time, so that profiles of different lengths can be compared."""
    one, other = aligned(before.calls, after.calls)
    before, after = before._replace(calls=one), after._replace(calls=other)
    left, right = before.calls.by_group(), after.calls.by_group()
    groups = sorted(
        (Group(name, left.get(name, 0.0), right.get(name, 0.0)) for name in left.keys() | right.keys()),
        key=lambda one: (-max(one.before, one.after), one.thread),
    )
    return Difference(before, after, tuple(groups), moved(Side(after.calls), Side(before.calls), most))


def plain(found: Difference) -> dict[str, object]:
    """For JSON: shares from 0 to 1, amounts in each profile's unit."""
    return {
        "a": {"name": found.before.name, "unit": found.before.unit},
        "b": {"name": found.after.name, "unit": found.after.unit},
        "threads": [
            {"thread": one.thread, "a": round(one.before, 6), "b": round(one.after, 6)}
            for one in found.groups
        ],
        "moved": [
            {
                "thread": one.thread,
                "doing": one.doing,
                "function": one.function,
                "file": one.file,
                "a_share": one.healthy_share,
                "b_share": one.stalled_share,
                "a": one.healthy_s,
                "b": one.stalled_s,
            }
            for one in found.moved
        ],
    }


def lines(found: Difference) -> Iterator[str]:
    """A table for a terminal."""
    for letter, one in (("A", found.before), ("B", found.after)):
        yield f"{letter}  {escaped(one.name)}" + (f": {escaped(one.note)}" if one.note else "")
    yield ""
    yield from _table(
        ("A", "B", "threads"),
        [
            (
                _amount(one.before, found.before.unit),
                _amount(one.after, found.after.unit),
                escaped(one.thread),
            )
            for one in found.groups
        ],
    )
    yield ""
    if not found.moved:
        yield "The same functions take the same shares of their threads' time."
        return
    rows = [
        (
            f"{one.stalled_share - one.healthy_share:+.1%}",
            _share(one.healthy_share),
            _share(one.stalled_share),
            escaped(f"{one.function} ({short(one.file)})" if one.file else one.function),
            escaped(one.thread),
            _DOING[one.doing],
        )
        for one in found.moved
    ]
    yield from _table(("moved", "A", "B", "function", "thread", ""), rows, right=3)


def _amount(value: float, unit: str) -> str:
    if not value:
        return "-"
    return f"{value:,.3g} s" if unit == "s" else f"{value:,.0f} {unit}"


def _share(share: float) -> str:
    return f"{share:.1%}" if share else "-"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: int = 2) -> Iterator[str]:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        cells = (
            cell.rjust(width) if column < right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
