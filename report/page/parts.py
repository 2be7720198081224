"""The sections of report.html about stacks: plain HTML that needs no script."""

from model.manifest import TopStack
from model.samples import Frame, Thread, ThreadKind
from model.units import counted, duration
from report import words
from report.drawing import Drawing
from report.page.markup import Markup, cut, section, tag
from report.places import frame_text, is_main, thread_text
from report.tree import ROOT
from report.views.stacks import doing, ordered

SHOWN_THREADS = 6  # more are folded away
MOST_THREADS = 150  # of these; more are in other files only
MOST_FRAMES = 100  # of a stack, from its innermost


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


def _name(thread: Thread) -> str:
    return cut(thread_text(thread))


def _folded(items: list[Markup]) -> Markup:
    """All but the first, folded away; of very many, only some."""
    if not items:
        return Markup("")
    rest = len(items) - MOST_THREADS
    left_out = tag("p", f"{rest} more are in stacks.txt.", class_="hint") if rest > 0 else ""
    return tag(
        "details", tag("summary", f"{counted(len(items), 'more thread')}"), *items[:MOST_THREADS], left_out
    )


def _top(drawing: Drawing, number: int, top: TopStack) -> Markup:
    tree = drawing.trees[number]
    frames = [tag("li", cut(frame)) for frame in reversed(top.frames[-MOST_FRAMES:])]
    time = f"{duration(tree.total_us[ROOT] / 1e6)} {_seen(drawing, number)}"
    summary = tag(
        "summary",
        f"{top.share:.0%} of ",
        tag("b", _name(drawing.table.threads[number])),
        " ",
        tag("span", f"{time}: {words.mix(tree)}", class_="doing"),
    )
    return tag("details", summary, tag("ol", *frames, class_="stack"), open=drawing.is_main(number))


def _frame(drawing: Drawing, frame: Frame) -> Markup:
    """A frame, and what its line calls or enters, where that is known."""
    line = drawing.code.get((frame.file, frame.line))
    names = (*line.takes, *line.calls) if line else ()
    calls = tag("span", f" calls {', '.join(dict.fromkeys(names))}", class_="hint") if names else ""
    return tag("li", cut(frame_text(frame)), calls)


def _seen(drawing: Drawing, thread: int) -> str:
    """How the time of a thread is known."""
    kind = drawing.table.threads[thread].kind
    if kind is ThreadKind.CPU:
        return "of CPU time"
    looks = drawing.rendering.from_looks if kind is ThreadKind.OS else len(drawing.program.dumps)
    return f"from {counted(looks, 'look')}" if looks else "sampled"


def stacks(drawing: Drawing) -> Markup:
    """All threads at the trigger."""
    if drawing.look_at_trigger is None:
        if drawing.program.dumps:
            return Markup("")  # the goroutines are shown instead
        return section("stacks", "Stacks at the trigger", tag("p", "No look at all threads was taken."))
    look, pid = drawing.look_at_trigger, drawing.capture.pid
    items = []
    for seen in ordered(look, pid):
        summary = tag("summary", tag("b", _name(seen.thread)), " ", tag("span", doing(seen), class_="doing"))
        frames = [_frame(drawing, frame) for frame in reversed(seen.frames[-MOST_FRAMES:])]
        main = is_main(seen.thread, pid)
        items.append(tag("details", summary, tag("ol", *frames, class_="stack"), open=main))
    late_s = look.at_us / 1_000_000 - drawing.capture.trigger.at_s
    when = "after" if late_s >= 0 else "before"
    intro = f"Seen {duration(abs(late_s))} {when} the trigger, innermost frame first."
    more = _folded(items[SHOWN_THREADS:])
    return section(
        "stacks", "Stacks at the trigger", tag("p", intro, class_="hint"), *items[:SHOWN_THREADS], more
    )
