"""The stalled iteration against healthy ones, function by function, in both directions."""

from collections.abc import Sequence

from model.comparison import Comparison, Doing, Healthy, Moved
from model.units import duration
from report.drawing import Drawing
from report.page.markup import Markup, join, section, tag
from report.page.tables import amounts, folded
from report.places import place
from report.times import times

SHOWN = 15  # in each direction; more are folded away

_LITTLE_S = 1.0  # of samples: shares are then of a few samples only
_HEADS = (
    "stalled",
    "healthy",
    "stalled time",
    "healthy time, mean",
    "thread",
    "doing",
    "function",
)
_NUMBERS = 4
_DOING = {Doing.ON_CPU: "on CPU", Doing.WAITING: "waiting", Doing.UNKNOWN: "not known"}


def comparison(drawing: Drawing) -> Markup:
    """What grew and what shrank or is gone."""
    found = drawing.comparison
    if found is None:
        return Markup("")
    more = [each for each in found.moved if each.stalled_share >= each.healthy_share]
    less = [each for each in found.moved if each.stalled_share < each.healthy_share]
    return section(
        "comparison",
        "Compared with healthy iterations",
        tag("p", _intro(found), class_="hint"),
        _direction("More than in healthy iterations", more),
        _direction("Less, or gone", less),
    )


def _intro(found: Comparison) -> str:
    healthy = found.healthy
    said = (
        f"{healthy.iterations} healthy iterations, {duration(healthy.sampled_s)} sampled "
        f"with {healthy.sampler}, {_between(healthy)}"
    )
    said += f", of version {healthy.code_version}" if healthy.code_version else ""
    said += f". This one took {times(found.times_median)} their median." if found.times_median else "."
    little = " So little was sampled of them that their shares are rough." if _little(healthy) else ""
    return f"{said}{little}"


def _between(healthy: Healthy) -> str:
    since, until = (at.replace("T", " ").replace("Z", " UTC") for at in (healthy.since, healthy.until))
    return f"at {since}" if since == until else f"between {since} and {until}"


def _little(healthy: Healthy) -> bool:
    return healthy.sampled_s < _LITTLE_S


def _direction(title: str, moved: Sequence[Moved]) -> Markup:
    if not moved:
        return Markup("")
    rows = [_cells(each) for each in moved]
    return tag(
        "div",
        tag("h3", title),
        amounts(_HEADS, rows[:SHOWN], _NUMBERS),
        folded(_HEADS, rows[SHOWN:], _NUMBERS),
    )


def _cells(each: Moved) -> tuple[str, ...]:
    return (
        f"{each.stalled_share:.1%}" if each.stalled_share else "none",
        f"{each.healthy_share:.1%}" if each.healthy_share else "none",
        duration(each.stalled_s),
        duration(each.healthy_s),
        each.thread,
        _DOING[each.doing],
        join(tag("code", each.function), " ", tag("span", place(each.file, 0), class_="hint")),
    )
