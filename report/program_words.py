"""What a Go program's pprof told, in plain words."""

from collections import Counter
from collections.abc import Iterator

from model.fetches import Fetch
from model.units import counted, duration
from report.drawing import Drawing
from report.evidence.loop import by_number
from report.groups import name, place
from report.places import outside

_WHAT = {
    "goroutine_dump": "the goroutines' stacks",
    "goroutines": "the goroutine profile",
    "cpu": "the CPU profile",
    "heap": "the heap profile",
    "allocs": "the profile of allocations",
    "mutex": "the mutex profile",
    "block": "the block profile",
    "trace": "the execution trace",
}


def conclusions(drawing: Drawing) -> Iterator[str]:
    """Where the loop's goroutine was, and what was on a CPU."""
    if said := _loop(drawing):
        yield said
    if drawing.program.busy:
        yield _cpu(drawing)


def _loop(drawing: Drawing) -> str:
    """The goroutine of the loop that was in one place in the most looks."""
    program = drawing.program
    seen = [by_number(dump) for dump in program.dumps]
    best: tuple[int, int, str] | None = None
    for number in sorted(program.loop.numbers):
        places = Counter(place(each[number].frames, each[number].reason) for each in seen if number in each)
        where, looks = places.most_common(1)[0]
        if best is None or looks > best[0]:
            best = looks, number, where
    if best is None:
        return ""
    looks, number, where = best
    who = f"The loop's goroutine ({number})" if program.loop.function else f"Goroutine {number}"
    return f"{who} was in {where} in {looks} of {counted(len(seen), 'look')}."


def _cpu(drawing: Drawing) -> str:
    busy = drawing.program.busy
    lasted_us = sum(each.span.end_us - each.span.start_us for each in busy)
    functions: Counter[str] = Counter()
    for each in busy:
        for frames, us in each.stacks_us.items():
            functions[outside(frames) or name(frames)] += us
    total_us = functions.total()
    over = f"over {duration(lasted_us / 1e6)}"
    cores = total_us / lasted_us
    if cores < 0.01:
        return f"CPU profile: {'less than 1% of one core' if total_us else 'it was on no CPU'} {over}."
    (function, us), *_ = functions.most_common(1)
    much = f"{cores:.0%} of one core" if cores < 1.5 else f"{cores:.1f} cores"
    return f"CPU profile: {much} {over}, {us / total_us:.0%} of it in {function}."


def what(drawing: Drawing) -> Iterator[str]:
    """What was taken over HTTP."""
    program = drawing.program
    taken = []
    if program.dumps:
        most = max(len(dump.goroutines) for dump in program.dumps)
        taken.append(f"{counted(len(program.dumps), 'look')} at all goroutines (up to {most})")
    if program.busy:
        taken.append(counted(len(program.busy), "CPU profile"))
    if taken:
        yield f"Over HTTP it took {' and '.join(taken)}."
    if program.busy:
        yield (
            "A CPU profile tells how long each stack was on a CPU and not when: "
            "within one, the order of stacks means nothing."
        )


def missing(drawing: Drawing) -> Iterator[str]:
    """Requests that failed, each kind once."""
    failed: Counter[tuple[str, str, str, int, str]] = Counter()
    for index in drawing.fetches:
        for fetch in index.fetches:
            if not fetch.path or not fetch.whole or fetch.detail:
                failed[index.collector, fetch.what, _fault(fetch), fetch.status, fetch.remedy] += 1
    for (collector, asked, fault, status, remedy), times in failed.items():
        often = f", {times} times" if times > 1 else ""
        answer = f" (HTTP {status})" if status >= 300 else ""
        helps = f" What helps: {remedy}." if remedy else ""
        what = f"{collector}: {_WHAT.get(asked, asked)}" if asked != collector else collector
        yield f"{what}{often}: {fault.rstrip('.')}{answer}.{helps}"


def _fault(fetch: Fetch) -> str:
    said = fetch.detail or ("nothing came" if not fetch.path else "")
    cut = "" if fetch.whole or not fetch.path else "it was cut off"
    return ": ".join(filter(None, (cut, said)))
