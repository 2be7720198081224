"""The frame in which the script draws the flame graph, and the functions that took most."""

from collections import defaultdict
from collections.abc import Mapping

from model.units import duration
from report.drawing import Drawing
from report.page.markup import Markup, cut, join, section, tag
from report.page.runs import Runs
from report.page.tables import amounts
from report.places import place
from report.tree import ROOT, Tree

SHOWN_FUNCTIONS = 25

_HELP = (
    "Width is time, callees are below. Click or Enter zooms, arrow keys move, Escape zooms out, / searches."
)
_FILTERS = {"all": "all time", "on_cpu": "on CPU", "waiting": "waiting"}
_ORDERS = {"callees": "callers first", "callers": "innermost first (reversed)"}
_SIDES = {
    "off": "where the time went",
    "stalled": "more or less than healthy",
    "healthy": "healthy, and what became of it",
}


def graph(drawing: Drawing, runs: Runs, healthy: Mapping[str, Tree]) -> Markup:
    """The flame graph of the selection."""
    if not runs.threads:
        return Markup("")
    choices = [
        tag("label", "Threads ", tag("select", id="thread")),
        _choice("Time ", "doing", _FILTERS),
        _choice("Order ", "order", _ORDERS),
        _choice("Show ", "side", _SIDES) if healthy else "",
        tag("label", "Search ", tag("input", id="search", type="search", placeholder="function or file")),
        tag("button", "Reset zoom", id="reset", type="button"),
        tag("output", id="found", aria_live="polite"),
    ]
    return section(
        "graph",
        "Flame graph of the selection",
        tag("p", id="scope", class_="hint scripted", aria_live="polite"),
        tag("div", *choices, class_="controls scripted"),
        tag("div", _origins(), _changes() if healthy else "", class_="scripted"),
        tag("div", id="chart", tabindex="0", role="application", aria_label="Flame graph", class_="scripted"),
        tag("p", id="detail", class_="detail scripted", aria_live="polite"),
        tag("p", _HELP, class_="hint scripted"),
        tag("noscript", tag("p", "This graph needs scripts; flamegraph.svg beside this page does not.")),
    )


def _choice(name: str, key: str, options: Mapping[str, str]) -> Markup:
    found = (tag("option", said, value=value) for value, said in options.items())
    return tag("label", name, tag("select", *found, id=key))


def _origins() -> Markup:
    kinds = {"own": "own code", "package": "packages", "standard": "standard library"}
    return _legend(kinds, "origins")


def _changes() -> Markup:
    kinds = {
        "more": "takes more than in healthy iterations",
        "less": "takes less",
        "gone": "not in the selection at all",
    }
    return _legend(kinds, "changes", hidden=True)


def _legend(kinds: Mapping[str, str], key: str, *, hidden: bool = False) -> Markup:
    items = (tag("span", tag("i", class_=f"dot {kind}"), said, class_="key") for kind, said in kinds.items())
    return tag("p", *items, class_="legend", id=key, hidden=hidden)


def functions(drawing: Drawing, healthy: Mapping[str, Tree]) -> Markup:
    """The functions with the most time: of the main thread in the window, until the script asks anew."""
    threads = drawing.threads()
    if not threads:
        return Markup("")
    tree = drawing.trees[threads[0]]
    own, total = _by_function(tree)
    whole_us = tree.total_us[ROOT]
    heads = (
        "self",
        "of the time",
        "with callees",
        "of the time",
        *(("healthy",) if healthy else ()),
        "function",
    )
    rows = []
    for function in sorted(total, key=lambda each: (-own[each], -total[each]))[:SHOWN_FUNCTIONS]:
        name, file = function
        shares = (own[function], total[function])
        cells = [
            text
            for us in shares
            for text in ((duration(us / 1e6), f"{us / whole_us:.1%}") if us else ("", ""))
        ]
        usual = ("",) if healthy else ()
        what = join(tag("code", cut(name)), " ", tag("span", cut(place(file, 0)), class_="hint"))
        rows.append((*cells, *usual, what))
    table = amounts(heads, rows, len(heads) - 1, key="top")
    scope = "Of the first thread, in the window."
    return section("functions", "Top functions", tag("p", scope, class_="hint", id="top-scope"), table)


def _by_function(
    tree: Tree,
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """Microseconds by function: of its own, and with callees, where recursion counts once."""
    own: dict[tuple[str, str], int] = defaultdict(int)
    total: dict[tuple[str, str], int] = defaultdict(int)
    above: list[frozenset[tuple[str, str]]] = [frozenset()]
    for node in range(1, len(tree)):
        function, callers = tree.functions[node], above[tree.parents[node]]
        own[function] += sum(tree.own_us.get(node, {}).values())
        if function not in callers:
            total[function] += tree.total_us[node]
        above.append(callers if function in callers else callers | {function})
    return own, total
