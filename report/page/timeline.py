"""The axis of time and a band per thread: pictures that need no script, which the script makes finer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from model.samples import STATES as SEEN
from model.samples import State, ThreadKind
from model.units import counted, duration
from report import words
from report.drawing import Drawing
from report.page import tracks
from report.page.axis import Axis, presets
from report.page.markup import Markup, join, section, tag
from report.page.runs import Runs, Stretch
from report.places import thread_text

COLUMNS = 360
HEIGHT = 20
SHOWN_THREADS = 12  # more are folded away
IDLE_SHARE = 0.98  # of its time in one waiting stack, from which on a thread is idle

_HELP = (
    "Drag over the axis or a band to select a range of time. On the handles, arrow keys move by a hundredth, "
    "with Shift by a tenth. Click a thread's name to see its flame graph."
)


def threads(drawing: Drawing, axis: Axis, runs: Runs) -> Markup:
    """Who was doing what when."""
    if not runs.threads:
        return section("time", "What each thread was doing", tag("p", "Nothing was sampled."))
    busy: list[Markup] = []
    idle: list[Markup] = []
    for number, found in runs.threads.items():
        row = _band(drawing, axis, number, found)
        (idle if _is_idle(found) and not drawing.is_main(number) else busy).append(row)
    bands = [
        *busy[:SHOWN_THREADS],
        _folded("more thread", busy[SHOWN_THREADS:]),
        _folded("idle thread", idle),
    ]
    lanes = any(thread.kind is ThreadKind.CPU for thread in drawing.whole.threads)
    hatched = "not sampled, or on no CPU" if lanes else "not sampled"
    rows = [tracks.ruler(axis), *tracks.lanes(drawing, axis), *bands]
    return section(
        "time",
        "What each thread was doing",
        tag("div", *rows, _handles(), class_="tracks", id="tracks"),
        tracks.legend(drawing),
        legend(runs, hatched),
        _paint_legend(hatched),
        *_remarks(runs),
        tag("p", _HELP, class_="hint scripted"),
    )


def controls(drawing: Drawing, axis: Axis, runs: Runs) -> Markup:
    """What selects a range of time: names, numbers and how bands are coloured."""
    if not runs.threads:
        return Markup("")
    buttons = [
        tag("button", each.name, type="button", data_preset=each.key, aria_pressed="false")
        for each in presets(drawing, axis)
    ]
    numbers = [
        tag("label", f"{name} ", tag("input", id=key, type="number", step="any", inputmode="decimal"))
        for key, name in (("from", "From"), ("to", "to"))
    ]
    paint = tag(
        "label",
        "Colour ",
        tag(
            "select",
            tag("option", "function", value="function"),
            tag("option", "state", value="state"),
            id="paint",
        ),
    )
    return tag(
        "div",
        tag("div", *buttons, class_="presets", role="group", aria_label="Selected time"),
        tag("div", *numbers, tag("span", "s from the trigger", class_="hint"), class_="range"),
        paint,
        tag("output", id="selected", aria_live="polite"),
        class_="controls sticky scripted",
        id="selection",
        role="region",
        aria_label="Selection of time",
    )


def _remarks(runs: Runs) -> Iterator[Markup]:
    if runs.left_out:
        said = (
            f"{counted(runs.left_out, 'more thread')} that only waited, or only in the lead-up, are not here."
        )
        yield tag("p", f"{said} The profiles beside this page hold them.", class_="hint")
    if runs.grid_us:
        said = (
            f"There are too many samples for a page: it holds one look every {duration(runs.grid_us / 1e6)}."
        )
        yield tag("p", f"{said} The evidence beside it holds all of them.", class_="hint")
    if runs.cut_us:
        said = f"Rare stacks, {duration(runs.cut_us / 1e6)} in all, are shown as their callers only."
        yield tag("p", said, class_="hint")


def _handles() -> Markup:
    """What is selected, and the two ends of it, for pointer and keyboard."""
    ends = (
        tag("div", id=key, class_="handle", role="slider", tabindex="0", aria_label=name)
        for key, name in (("handle-from", "Selection starts"), ("handle-to", "Selection ends"))
    )
    return tag("div", tag("div", *ends, class_="chosen"), class_="overlay scripted")


def _band(drawing: Drawing, axis: Axis, number: int, runs: Sequence[Stretch]) -> Markup:
    thread = drawing.whole.threads[number]
    tops = {(each.os_thread_id, each.thread): each for each in drawing.top_stacks}
    top = tops.get((thread.os_id, thread.name))
    said = f"{top.function_share:.0%} {top.function}" if top else "lead-up only"
    known = ", ".join(f"{us / 1e6:.3g}s {words.STATES[state]}" for state, us in _by_state(runs).items())
    label = join(tag("span", thread_text(thread), class_="who"), tag("span", said, class_="says", title=said))
    picture = _strip(axis, runs, f"{thread_text(thread)}: {known}")
    main = drawing.is_main(number)
    return tracks.track(
        label, picture, class_="band main" if main else "band", id=f"thread-{number}", data_thread=str(number)
    )


def _by_state(runs: Sequence[Stretch]) -> dict[State, int]:
    found: dict[State, int] = defaultdict(int)
    for start_us, end_us, _, state in runs:
        found[SEEN[state]] += end_us - start_us
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _is_idle(runs: Sequence[Stretch]) -> bool:
    """Whether a thread only waited, in one place."""
    by_stack: dict[int, int] = defaultdict(int)
    for run in runs:
        if SEEN[run.state] is State.WAITING:
            by_stack[run.stack] += run.end_us - run.start_us
    total_us = sum(run.end_us - run.start_us for run in runs)
    return max(by_stack.values(), default=0) >= IDLE_SHARE * total_us


def _folded(what: str, rows: Sequence[Markup]) -> Markup:
    if not rows:
        return Markup("")
    return tag("details", tag("summary", counted(len(rows), what)), *rows, class_="more unprinted")


def _strip(axis: Axis, runs: Sequence[Stretch], label: str) -> Markup:
    """A picture of states; where nothing was sampled it is empty."""
    step_us = max(1, -(-axis.length_us // COLUMNS))
    columns: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for start_us, end_us, _, state in runs:
        first_us, last_us = start_us - axis.start_us, end_us - axis.start_us
        for column in range(first_us // step_us, (last_us - 1) // step_us + 1):
            shared_us = min(last_us, (column + 1) * step_us) - max(first_us, column * step_us)
            columns[column][state] += shared_us
    paths: dict[int, list[str]] = defaultdict(list)
    at = 0
    while at < COLUMNS:
        found, begun = _heaviest(columns.get(at)), at
        while at < COLUMNS and _heaviest(columns.get(at)) == found:
            at += 1
        if found is not None:
            paths[found].append(f"M{begun} 0h{at - begun}v{HEIGHT}H{begun}z")
    parts = (tag("path", d="".join(d), class_=f"state-{SEEN[state]}") for state, d in paths.items())
    box = {"viewBox": f"0 0 {COLUMNS} {HEIGHT}", "preserveAspectRatio": "none"}
    return tag("svg", *parts, class_="strip", role="img", aria_label=label, **box)


def _heaviest(column: dict[int, int] | None) -> int | None:
    return max(column, key=column.__getitem__) if column else None


def _paint_legend(hatched: str) -> Markup:
    """What the colours mean that the script paints functions with."""
    kinds = {"own": "own code", "package": "packages", "standard": "standard library"}
    return tracks.keys(kinds | {"pale": "pale: waiting", "hatched": hatched}, "paints", scripted=True)


def legend(runs: Runs, hatched: str) -> Markup:
    """What the colours mean that occur."""
    seen = {SEEN[run.state] for found in runs.threads.values() for run in found}
    kinds = {f"state-{state}": said for state, said in words.STATES.items() if state in seen}
    kinds["hatched"] = hatched
    return tracks.keys(kinds, "states")
