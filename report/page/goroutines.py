"""The section of report.html that shows all goroutines at the trigger, in groups."""

from model.units import duration
from report.drawing import Drawing
from report.evidence.loop import Loop
from report.groups import Group, groups
from report.page.markup import Markup, section, tag
from report.places import frame_text
from report.views.goroutines import about, headed

SHOWN = 12  # more are folded away
MOST = 200  # more are in stacks.txt only


def goroutines(drawing: Drawing) -> Markup:
    """Groups of equal stacks, the loop's first."""
    program = drawing.program
    if not program.dumps:
        return Markup("")
    dump = program.dumps[0]
    found = groups(dump, program.loop)
    items = [_group(group, program.loop) for group in found[:MOST]]
    more = items[SHOWN:]
    folded = tag("details", tag("summary", f"{len(found) - SHOWN} more groups"), *more, _rest(len(found)))
    late_s = dump.at_us / 1_000_000 - drawing.capture.trigger.at_s
    when = "after" if late_s >= 0 else "before"
    intro = (
        f"{len(dump.goroutines)} goroutines in {len(found)} groups of equal stacks, "
        f"seen {duration(abs(late_s))} {when} the trigger, innermost frame first."
    )
    hint = tag("p", intro, class_="hint")
    return section("goroutines", "Goroutines at the trigger", hint, *items[:SHOWN], folded if more else "")


def _rest(count: int) -> Markup:
    return tag("p", f"{count - MOST} more are in stacks.txt.", class_="hint") if count > MOST else Markup("")


def _group(group: Group, loop: Loop) -> Markup:
    frames = [tag("li", frame_text(frame)) for frame in reversed(group.frames)]
    said = [tag("p", line, class_="hint") for line in about(group)]
    return tag(
        "details",
        tag("summary", headed(group, loop)),
        tag("ol", *frames, class_="stack"),
        *said,
        open=group.loop,
    )
