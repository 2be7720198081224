"""Gives runs their state, and threads their end: both are seen in looks only, about once a second."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model.samples import GONE, STATES, Row, Run, SampleTable, State, ThreadKind
from report.evidence.looks import Look

REACH_US = 1_500_000  # how far from a look its word still counts

_Words = tuple[list[int], list[State]]  # times of looks, and what they said


def assign(table: SampleTable, looks: Sequence[Look]) -> SampleTable:
    """The table with the states that looks at the same thread, in the same function, tell.

    Where several looks fall into one run it is cut half-way between them.
    """
    words = _words(looks)
    absences = _Absences(looks)
    segments: list[list[Row]] = [[] for _ in table.segments]
    ends: dict[tuple[int, int], int] = {}
    for run in table.runs():
        rows, where = segments[run.segment], (run.segment, run.thread)
        if (ended_us := ends.get(where, run.start_us)) != run.start_us:
            rows.append(Row(ended_us, run.thread, GONE))
        if table.threads[run.thread].kind is not ThreadKind.OS:  # its rows know
            rows.append(Row(run.start_us, run.thread, run.stack, run.state))
            ends[where] = run.end_us
            continue
        os_id = table.threads[run.thread].os_id
        last = run.end_us == table.segments[run.segment].end_us
        run = run._replace(end_us=absences.end_us(os_id, run) if last else run.end_us)
        top = table.frames[table.tops[run.stack]]
        for start_us, state in _pieces(run, words.get((os_id, top.function))):
            rows.append(Row(start_us, run.thread, run.stack, state))
        ends[where] = run.end_us
    for (segment, thread), ended_us in ends.items():
        segments[segment].append(Row(ended_us, thread, GONE))
    return _rebuilt(table, segments)


def _words(looks: Sequence[Look]) -> dict[tuple[int, str], _Words]:
    """What was said of a thread in a function: the state by time."""
    words: dict[tuple[int, str], _Words] = defaultdict(lambda: ([], []))
    for look in looks:
        for sighting in look.sightings:
            if sighting.frames:
                times, states = words[sighting.thread.os_id, sighting.frames[-1].function]
                times.append(look.at_us)
                states.append(sighting.state)
    return words


def _pieces(run: Run, words: _Words | None) -> Iterator[tuple[int, State]]:
    """The states of a run by their start."""
    if words is None:
        yield run.start_us, State.UNKNOWN
        return
    times, states = words
    first = bisect_left(times, run.start_us - REACH_US)
    near = range(first, bisect_right(times, run.end_us + REACH_US, lo=first))
    cuts = {run.start_us}
    cuts.update((times[i] + times[i + 1]) // 2 + 1 for i in near[:-1])
    cuts.update(cut for i in near for cut in (times[i] - REACH_US, times[i] + REACH_US + 1))
    before = None
    for cut in sorted(cut for cut in cuts if run.start_us <= cut < run.end_us):
        nearest = min(near, key=lambda i: abs(times[i] - cut), default=None)
        reached = nearest is not None and abs(times[nearest] - cut) <= REACH_US
        state = states[nearest] if nearest is not None and reached else State.UNKNOWN
        if state != before:
            yield cut, state
        before = state


class _Absences:
    """Since when looks find threads no more: py-spy does not say that a thread ended."""

    def __init__(self, looks: Sequence[Look]) -> None:
        self._times = [look.at_us for look in looks]
        self._last: dict[int, int] = {}
        for index, look in enumerate(looks):
            self._last.update((sighting.thread.os_id, index) for sighting in look.sightings)

    def end_us(self, os_id: int, run: Run) -> int:
        """The end of a thread's last run in a segment: at the first look without it, if there is one."""
        first = max(bisect_right(self._times, run.start_us), self._last.get(os_id, -1) + 1)
        return min(run.end_us, self._times[first]) if first < len(self._times) else run.end_us


def _rebuilt(table: SampleTable, segments: list[list[Row]]) -> SampleTable:
    rows, numbers = [], array("l")
    for number, found in enumerate(segments):
        found.sort(key=lambda row: row.time_us)
        rows += found
        numbers.extend([number] * len(found))
    return replace(
        table,
        time_us=array("q", (row.time_us for row in rows)),
        thread=array("l", (row.thread for row in rows)),
        stack=array("l", (row.stack for row in rows)),
        state=array("b", (STATES.index(row.state) for row in rows)),
        segment=numbers,
    )
