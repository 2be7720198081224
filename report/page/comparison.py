"""The stalled iteration against healthy ones, function by function, in both directions."""

from collections.abc import Sequence

from model.comparison import Comparison, Doing, Moved
from report.drawing import Drawing
from report.page.markup import Markup, section, tag
from report.places import place
from report.times import seconds

SHOWN = 15  # in each direction; more are folded away

_DOING = {Doing.ON_CPU: "on CPU", Doing.WAITING: "waiting", Doing.UNKNOWN: ""}


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
        f"{healthy.iterations} healthy iterations, {seconds(healthy.sampled_s)} sampled "
        f"with {healthy.sampler}, between {healthy.since} and {healthy.until}"
    )
    said += f", of version {healthy.code_version}" if healthy.code_version else ""
    times = found.times_median
    return f"{said}. This one took {times:.3g} times their median." if times else f"{said}."


def _direction(title: str, moved: Sequence[Moved]) -> Markup:
    if not moved:
        return Markup("")
    names = ("stalled", "healthy", "stalled time", "healthy time", "thread", "doing", "function")
    heads = tag("tr", *(tag("th", name, scope="col") for name in names))
    rows = [_row(each) for each in moved]
    more = rows[SHOWN:]
    folded = tag("details", tag("summary", f"{len(more)} more"), tag("table", heads, *more, class_="amounts"))
    return tag(
        "div", tag("h3", title), tag("table", heads, *rows[:SHOWN], class_="amounts"), folded if more else ""
    )


def _row(each: Moved) -> Markup:
    numbers = (
        f"{each.stalled_share:.1%}" if each.stalled_share else "none",
        f"{each.healthy_share:.1%}" if each.healthy_share else "none",
        seconds(each.stalled_s),
        seconds(each.healthy_s),
    )
    where = tag("code", each.function), " ", tag("span", place(each.file, 0), class_="hint")
    return tag(
        "tr",
        *(tag("td", number, class_="number") for number in numbers),
        tag("td", each.thread),
        tag("td", _DOING[each.doing]),
        tag("td", *where),
    )
