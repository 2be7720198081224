"""The sections of report.html that tell the story: plain HTML that needs no script."""

from model.capture import Outcome
from model.manifest import TopStack
from model.samples import ThreadKind
from model.units import counted
from report import words
from report.drawing import Drawing
from report.page import timeline
from report.page.markup import Markup, section, tag
from report.places import frame_text, is_main, thread_text
from report.times import clock, seconds
from report.tree import ROOT
from report.views.stacks import doing, ordered

SHOWN_THREADS = 6  # more are folded away

_HELP = (
    "Width is time, callees are below. Click or Enter zooms, arrow keys move, Escape zooms out, / searches."
)


def head(drawing: Drawing) -> Markup:
    """Who, when, and how it ended."""
    capture = drawing.capture
    good = capture.outcome is Outcome.COMPLETE and not drawing.rendering.detail
    chips = [tag("li", f"{key} {value}") for key, value in sorted(capture.labels.items())]
    return tag(
        "header",
        tag(
            "p",
            tag("span", "loopcam", class_="brand"),
            tag("span", words.outcome(capture), class_="badge good" if good else "badge"),
            tag("span", clock(capture, capture.trigger.at_s), class_="when"),
            class_="top",
        ),
        tag("h1", words.headline(capture)),
        *(tag("p", said, class_="lead") for said in words.conclusions(drawing)),
        tag("ul", *chips, class_="chips") if chips else "",
    )


def story(drawing: Drawing) -> Markup:
    """What happened, and what is missing."""
    missing = list(words.missing(drawing))
    notice = tag(
        "aside",
        tag("h3", "What is missing"),
        tag("ul", *(tag("li", sentence) for sentence in missing)),
        class_="missing",
    )
    return section(
        "happened",
        "What happened",
        *(tag("p", said) for said in words.story(drawing)),
        notice if missing else "",
    )


def threads(drawing: Drawing) -> Markup:
    """Where each thread's time went."""
    if not drawing.top_stacks:
        return section("time", "Where the time went", tag("p", "Nothing was sampled."))
    strips = timeline.strips(drawing.table)
    numbers = {(each.os_id, each.name): number for number, each in enumerate(drawing.table.threads)}
    cards = []
    for top in drawing.top_stacks:
        number = numbers[top.os_thread_id, top.thread]
        cards.append(_card(drawing, number, top, strips[number]))
    more = cards[SHOWN_THREADS:]
    folded = tag("details", tag("summary", f"{len(more)} more threads"), *more) if more else ""
    return section(
        "time", "Where the time went", timeline.legend(drawing.table), *cards[:SHOWN_THREADS], folded
    )


def _card(drawing: Drawing, thread: int, top: TopStack, strip: Markup) -> Markup:
    tree, main = drawing.trees[thread], drawing.is_main(thread)
    said = f"The stack it was in most, {top.share:.0%} of its time, innermost first"
    where = tag("ol", *(tag("li", frame) for frame in reversed(top.frames)), class_="stack")
    culprit = tag("b", f"{top.function_share:.0%}"), " in ", tag("code", top.function)
    title = tag("h3", thread_text(drawing.table.threads[thread]))
    time = f"{seconds(tree.total_us[ROOT] / 1e6)} {_seen(drawing, thread)}"
    return tag(
        "article",
        tag("div", title, tag("p", *culprit, class_="culprit"), class_="row"),
        strip,
        tag("p", f"{time}: {words.mix(tree)}", class_="mix"),
        tag("details", tag("summary", said), where, open=main),
        class_="card main" if main else "card",
    )


def _seen(drawing: Drawing, thread: int) -> str:
    """How the time of a thread is known."""
    kind = drawing.table.threads[thread].kind
    if kind is ThreadKind.CPU:
        return "of CPU time"
    looks = drawing.rendering.from_looks if kind is ThreadKind.OS else len(drawing.program.dumps)
    return f"from {counted(looks, 'look')}" if looks else "sampled"


def graph(drawing: Drawing) -> Markup:
    """The frame in which the script draws."""
    if not drawing.table.segments:
        return Markup("")
    controls = tag(
        "div",
        tag("label", "Thread ", tag("select", id="thread")),
        tag("label", "Search ", tag("input", id="search", type="search", placeholder="function or file")),
        tag("button", "Reset zoom", id="reset", type="button"),
        tag("output", id="found"),
        class_="controls",
    )
    colours = tag(
        "p",
        *(
            tag("span", tag("i", class_=f"dot {kind}"), name, class_="key")
            for kind, name in (("own", "own code"), ("package", "packages"), ("standard", "standard library"))
        ),
        class_="legend",
    )
    return section(
        "graph",
        "Flame graph",
        controls,
        colours,
        tag("div", id="chart", tabindex="0", role="application", **{"aria-label": "Flame graph"}),
        tag("p", id="detail", class_="detail", **{"aria-live": "polite"}),
        tag("p", _HELP, class_="hint"),
        tag("noscript", tag("p", "This graph needs scripts; flamegraph.svg beside this page does not.")),
    )


def stacks(drawing: Drawing) -> Markup:
    """All threads at the trigger."""
    if not drawing.looks:
        if drawing.program.dumps:
            return Markup("")  # the goroutines are shown instead
        return section("stacks", "Stacks at the trigger", tag("p", "No look at all threads was taken."))
    look, pid = drawing.looks[0], drawing.capture.pid
    items = []
    for seen in ordered(look, pid):
        summary = tag("summary", thread_text(seen.thread), " ", tag("span", doing(seen), class_="doing"))
        frames = [tag("li", frame_text(frame)) for frame in reversed(seen.frames)]
        items.append(
            tag("details", summary, tag("ol", *frames, class_="stack"), open=is_main(seen.thread, pid))
        )
    late_s = look.at_us / 1_000_000 - drawing.capture.trigger.at_s
    intro = f"Seen {seconds(late_s)} after the trigger, innermost frame first."
    return section("stacks", "Stacks at the trigger", tag("p", intro, class_="hint"), *items)
