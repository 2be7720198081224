"""A story as a table for people, and as JSON for programs."""

import json
from collections.abc import Callable, Iterator, Sequence

import msgspec

from daemon.exec.tally import percentile
from daemon.replay.story import Decision, Story, Turn
from model.units import Seconds

ENDS = 10  # so many of the first and of the last are shown; what overran is shown in any case

Show = Callable[[float], str]


def table(story: Story, show: Show, *, everything: bool) -> Iterator[str]:
    """The lines of the table, and the summary below it."""
    width = max((len(one.name or "-") for one in story.turns), default=0)
    width = min(40, max(width, len("iteration")))
    if story.turns:
        yield f"{'started':24}  {'ended':24}  {'took':>9}  {'iteration':{width}}  captures"
    skipped = 0
    for place, turn in enumerate(story.turns):
        near = min(place, len(story.turns) - 1 - place) < ENDS
        if not (everything or near or turn.overran or turn.decisions):
            skipped += 1
            continue
        if skipped:
            yield _skipped(skipped)
            skipped = 0
        yield from _row(turn, show, width)
    if skipped:
        yield _skipped(skipped)
    yield from summary(story, show)


def summary(story: Story, show: Show) -> Iterator[str]:
    """What it comes to."""
    yield _extent(story, show)
    yield _figures(story)
    made, light, refused = _captures(story)
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()))
    said = f"captures: {made}" + (f" and {light} light" if light else "")
    yield said + (f", refused: {reasons}" if refused else "")
    if story.strays:
        yield "did not fit: " + ", ".join(f"{count} {why}" for why, count in sorted(story.strays.items()))
    yield from _unmatched(story)
    for at_s in story.ahead:
        yield f"time leaps ahead to {show(at_s)}, more than a day: is that stamp, or the one before, right?"
    for at_s in story.back:
        yield f"time goes back to {show(at_s)}: from there on all is counted anew"


def _unmatched(story: Story) -> Iterator[str]:
    """What was looked for in vain."""
    found = story.found
    for kind, texts in found.unmatched.items():
        noun = "pattern" if found.sample else "series"
        yield f"0 {found.noun} matched `{kind}` of source {story.source}: {_plain(found.question)}"
        yield from (f"  {noun}: {text}" for text in texts)
    if found.unmatched and found.sample:
        yield f"  a line:  {_plain(found.sample)}"


def as_json(story: Story, show: Show) -> str:
    """The same as one JSON object; times as the log writes them."""
    made, light, refused = _captures(story)
    found = story.found
    data = {
        "target": story.target,
        "source": story.source,
        found.noun: found.count,
        "from": None if found.first_s is None else show(found.first_s),
        "to": None if found.last_s is None else show(found.last_s),
        "events": found.counts,
        "did_not_fit": story.strays,
        "matched": found.matched,
        "unmatched": found.unmatched,
        "sample": found.sample,
        "time_went_back": [show(at_s) for at_s in story.back],
        "time_leapt_ahead": [show(at_s) for at_s in story.ahead],
        "overruns": sum(one.overran for one in story.turns),
        "captures": made,
        "light_captures": light,
        "refused": refused,
        "duration_s": _statistics(story.turns),
        "iterations": [_turn(one, show) for one in story.turns],
    }
    return json.dumps(data, indent=1)


def _turn(turn: Turn, show: Show) -> dict[str, object]:
    return {
        "iteration": turn.name,
        "started": show(turn.started_s),
        "ended": None if turn.ended_s is None else show(turn.ended_s),
        "took_s": round(turn.took_s, 6),
        "overran": turn.overran,
        "in_flight": turn.in_flight,
        "pause": turn.pause,
        "captures": [
            {**msgspec.to_builtins(one), "at_s": round(one.at_s, 6), "at": show(one.at_s)}
            for one in turn.decisions
        ],
    }


def _row(turn: Turn, show: Show, width: int) -> Iterator[str]:
    ended = "in flight at the end" if turn.in_flight else "its end is missing"
    if turn.ended_s is not None:
        ended = show(turn.ended_s)
    took = f"{'' if turn.ended_s is not None else '> '}{Seconds(turn.took_s)}"
    said = [_decision(one, turn) for one in turn.decisions]
    if turn.overran and not said:
        said = ["OVERRAN, seen too late for a capture"]
    name = (turn.name or "-")[:width]
    row = f"{show(turn.started_s):24}  {ended:24}  {took:>9}  {name:{width}}  "
    yield (row + "".join(said[:1])).rstrip()
    yield from (" " * len(row) + more for more in said[1:])


def _decision(one: Decision, turn: Turn) -> str:
    what = "SILENT, then a short iteration:" if turn.pause else "OVERRAN,"
    what = "slow, light:" if one.light else what
    age, held_to = Seconds(one.age_s), one.held_to_s
    after = f"after {age}" + (f" (allowed: {Seconds(held_to)})" if held_to and not one.light else "")
    if not one.refused:
        return f"{what} captured {after}"
    return f"{what} refused {after}: {one.refused}, {one.why}"


def _plain(text: str) -> str:
    """A line that cannot move a terminal's cursor."""
    return "".join(one if one.isprintable() else " " for one in text)


def _skipped(count: int) -> str:
    return f"... {count} more that did not overrun (--all shows them)"


def _extent(story: Story, show: Show) -> str:
    found = story.found
    said = f"{found.count} {found.noun}"
    if found.first_s is not None and found.last_s is not None:
        said += f", {show(found.first_s)} to {show(found.last_s)}"
    return said + "".join(f", {count} {kind}" for kind, count in sorted(found.counts.items()))


def _figures(story: Story) -> str:
    ended = [one for one in story.turns if one.ended_s is not None and not one.pause]
    pauses = sum(one.pause for one in story.turns)
    overran = sum(one.overran for one in story.turns)
    said = f"iterations: {len(ended)}"
    figures = _statistics(story.turns)
    if figures:
        said += "".join(f", {name} {Seconds(value)}" for name, value in figures.items())
    open_ = sum(one.in_flight for one in story.turns)
    said += f", overruns: {overran}" + (f" ({pauses} by silence that was a pause)" if pauses else "")
    return said + (f", in flight: {open_}" if open_ else "")


def _statistics(turns: Sequence[Turn]) -> dict[str, float]:
    ordered = sorted(one.took_s for one in turns if one.ended_s is not None and not one.pause)
    if not ordered:
        return {}
    named = (("p50", 50), ("p99", 99), ("max", 100))
    return {name: round(percentile(ordered, percent), 6) for name, percent in named}


def _captures(story: Story) -> tuple[int, int, dict[str, int]]:
    """How many would have been made, how many light ones; how many refused, by why."""
    refused: dict[str, int] = {}
    made = light = 0
    for one in (decision for turn in story.turns for decision in turn.decisions):
        made += not one.refused and not one.light
        light += not one.refused and one.light
        if one.refused:
            refused[one.refused] = refused.get(one.refused, 0) + 1
    return made, light, refused
