"""stacks.txt of a Go program: all goroutines at the trigger, in groups of equal stacks."""

from collections.abc import Iterator

from model.units import duration
from report.drawing import Drawing
from report.evidence.loop import Loop
from report.groups import Group, groups, title
from report.places import escaped, frame_text
from report.times import clock

NUMBERS = 12  # of goroutines that are named one by one


def lines(drawing: Drawing) -> Iterator[str]:
    """The first dump, innermost frame first: the loop's goroutine, then what is most likely of interest."""
    capture, program = drawing.capture, drawing.program
    dump = program.dumps[0]
    found = groups(dump, program.loop)
    late_s = dump.at_us / 1_000_000 - capture.trigger.at_s
    yield f"Goroutines of {escaped(capture.target)} ({capture.whereabouts}), innermost frame first"
    yield f"seen {clock(capture, dump.at_us / 1_000_000)}, {duration(late_s)} after the trigger"
    yield f"{len(dump.goroutines)} goroutines in {len(found)} groups of equal stacks"
    for group in found:
        yield ""
        yield escaped(headed(group, program.loop))
        yield from (f"    {escaped(frame_text(frame))}" for frame in reversed(group.frames))
        if not group.frames:
            yield "    (no stack)"
        yield from (f"    {escaped(line)}" for line in about(group))


def headed(group: Group, loop: Loop) -> str:
    """A group in one line, with the part that it has in the story."""
    part = "the loop's " if group.loop and loop.function else "(takes this dump) " if group.ours else ""
    return f"{part}{title(group)}"


def about(group: Group) -> Iterator[str]:
    """Who started the goroutines of a group, and their numbers."""
    creators = {
        f"{each.creator}, goroutine {each.creator_number}" if each.creator_number else each.creator
        for each in group.goroutines
        if each.creator
    }
    if len(creators) == 1:
        yield f"created by {creators.pop()}"
    elif creators:
        yield f"created by {sorted(creators)[0]} and {len(creators) - 1} others"
    if len(group.goroutines) > 1:
        numbers = [str(each.number) for each in group.goroutines]
        more = f" and {len(numbers) - NUMBERS} more" if len(numbers) > NUMBERS else ""
        yield f"goroutines {', '.join(numbers[:NUMBERS])}{more}"
    if locked := sum(each.locked for each in group.goroutines):
        yield f"{locked} locked to a thread"
