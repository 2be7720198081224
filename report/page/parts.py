"""The sections of report.html about stacks: plain HTML that needs no script."""

from model.manifest import TopStack
from model.samples import ThreadKind
from model.units import counted
from report import words
from report.drawing import Drawing
from report.page.markup import Markup, section, tag
from report.places import frame_text, is_main, thread_text
from report.times import seconds
from report.tree import ROOT
from report.views.stacks import doing, ordered

SHOWN_THREADS = 6  # more are folded away


def most(drawing: Drawing) -> Markup:
    """The stack that each thread was in most, over the window."""
    if not drawing.top_stacks:
        return Markup("")
    numbers = {(each.os_id, each.name): number for number, each in enumerate(drawing.table.threads)}
    items = [_top(drawing, numbers[top.os_thread_id, top.thread], top) for top in drawing.top_stacks]
    return section(
        "most",
        "The stack each thread was in most",
        tag("p", "Over the window, innermost frame first.", class_="hint"),
        *items[:SHOWN_THREADS],
        _folded(items[SHOWN_THREADS:]),
    )


def _folded(items: list[Markup]) -> Markup:
    return tag("details", tag("summary", f"{len(items)} more threads"), *items) if items else Markup("")


def _top(drawing: Drawing, number: int, top: TopStack) -> Markup:
    tree = drawing.trees[number]
    frames = [tag("li", frame) for frame in reversed(top.frames)]
    time = f"{seconds(tree.total_us[ROOT] / 1e6)} {_seen(drawing, number)}"
    summary = tag(
        "summary",
        f"{top.share:.0%} of ",
        tag("b", thread_text(drawing.table.threads[number])),
        " ",
        tag("span", f"{time}: {words.mix(tree)}", class_="doing"),
    )
    return tag("details", summary, tag("ol", *frames, class_="stack"), open=drawing.is_main(number))


def _seen(drawing: Drawing, thread: int) -> str:
    """How the time of a thread is known."""
    kind = drawing.table.threads[thread].kind
    if kind is ThreadKind.CPU:
        return "of CPU time"
    looks = drawing.rendering.from_looks if kind is ThreadKind.OS else len(drawing.program.dumps)
    return f"from {counted(looks, 'look')}" if looks else "sampled"


def stacks(drawing: Drawing) -> Markup:
    """All threads at the trigger."""
    if not drawing.looks:
        if drawing.program.dumps:
            return Markup("")  # the goroutines are shown instead
        return section("stacks", "Stacks at the trigger", tag("p", "No look at all threads was taken."))
    look, pid = drawing.looks[0], drawing.capture.pid
    items = []
    for seen in ordered(look, pid):
        summary = tag(
            "summary", tag("b", thread_text(seen.thread)), " ", tag("span", doing(seen), class_="doing")
        )
        frames = [tag("li", frame_text(frame)) for frame in reversed(seen.frames)]
        main = is_main(seen.thread, pid)
        items.append(tag("details", summary, tag("ol", *frames, class_="stack"), open=main))
    late_s = look.at_us / 1_000_000 - drawing.capture.trigger.at_s
    intro = f"Seen {seconds(late_s)} after the trigger, innermost frame first."
    more = _folded(items[SHOWN_THREADS:])
    return section(
        "stacks", "Stacks at the trigger", tag("p", intro, class_="hint"), *items[:SHOWN_THREADS], more
    )
