"""What each thread did in the stalled iteration: its stacks with their time, and the kernel's word."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from model.comparison import Doing
from model.samples import Frame, Run, SampleTable, State, Thread, ThreadKind
from model.signals import Signals, ThreadReading
from report.evidence.code import NO_CODE, Code
from report.evidence.looks import Look
from report.places import is_main
from report.verdict import kernel
from report.verdict.kernel import Wait

_AT_LEAST_US = 1  # of a stack, to be kept
_SPELL_US = 80_000  # at one line without moving: longer than Python code takes between two samples
_SPELL_SAMPLES = 8
_SEAM_US = 300_000  # between segments, in which a thread is taken to have stayed where it was


@dataclass(frozen=True)
class Piece:
    """A thread in one stack, doing one thing, for so long in all. Frames are root first."""

    frames: tuple[Frame, ...]
    us: int
    doing: Doing
    wait: Wait
    state: State
    calls: tuple[str, ...] | None = None  # that the innermost line makes, as written; None: not known

    @property
    def leaf(self) -> Frame:
        """The innermost frame."""
        return self.frames[-1] if self.frames else Frame("", "", 0)


@dataclass(frozen=True)
class Conduct:
    """What one thread did."""

    thread: Thread
    us: int
    pieces: tuple[Piece, ...]  # the longest first
    steady: Mapping[Frame, int] = field(default_factory=dict)  # microseconds in long spells at one line
    main: bool = False
    cpu: float | None = None  # cores, the mean
    run_queue: float | None = None  # share of the time that it waited for a CPU

    def share(self, wanted: Callable[[Piece], bool]) -> float:
        """The share of the thread's time in pieces like these."""
        return sum(piece.us for piece in self.pieces if wanted(piece)) / self.us if self.us else 0.0

    def doing(self, doing: Doing) -> float:
        """The share of its time on a CPU, waiting, or unknown."""
        return self.share(lambda piece: piece.doing is doing)

    @property
    def name(self) -> str:
        """How the thread is called."""
        return self.thread.name or f"thread {self.thread.os_id}"


_Seen = tuple[State, Wait]


NOT_SAMPLED: Final = Frame("(not sampled)", "", 0)  # where only the kernel's word on a thread is known


def conducts(
    table: SampleTable,
    looks: Iterable[Look],
    signals: Signals,
    pid: int,
    span_us: tuple[int, int],
    code: Code = NO_CODE,
) -> tuple[Conduct, ...]:
    """What every thread of the target did within the table, the main thread first; rates are of the span."""
    runs: dict[int, list[Run]] = defaultdict(list)
    for run in table.runs():
        thread = table.threads[run.thread]
        if thread.kind is ThreadKind.OS and thread.pid == pid:
            runs[run.thread].append(run)
    words = _kernel_words(looks, signals)
    found = [
        _conduct(table, table.threads[thread], its_runs, words.get(table.threads[thread].os_id, []), code)
        for thread, its_runs in runs.items()
    ]
    if not found:
        found = [_by_kernel_alone(signals, pid, span_us)]
    found = [_with_signals(each, signals, pid, span_us) for each in found]
    return tuple(sorted(found, key=lambda each: (not each.main, -each.us)))


def _by_kernel_alone(signals: Signals, pid: int, span_us: tuple[int, int]) -> Conduct:
    """The main thread by its readings, where nothing was sampled: each holds until the next one."""
    readings = [each for each in signals.threads.get(pid, ()) if span_us[0] <= each.at_us < span_us[1]]
    times: Counter[Wait] = Counter()
    for before, after in pairwise(readings):
        times[kernel.of_reading(before)] += after.at_us - before.at_us
    pieces = [
        Piece((NOT_SAMPLED,), us, Doing.ON_CPU if wait is Wait.NONE else Doing.WAITING, wait, State.UNKNOWN)
        for wait, us in times.most_common()
    ]
    return Conduct(Thread(pid, "MainThread", pid), sum(times.values()), tuple(pieces))


def _with_signals(conduct: Conduct, signals: Signals, pid: int, span_us: tuple[int, int]) -> Conduct:
    readings = signals.threads.get(conduct.thread.os_id, ())
    cpu, run_queue = _rates(readings, *span_us)
    return replace(conduct, main=is_main(conduct.thread, pid), cpu=cpu, run_queue=run_queue)


def _kernel_words(looks: Iterable[Look], signals: Signals) -> Mapping[int, list[tuple[int, Wait]]]:
    """By os thread id: what the kernel said, and when."""
    words: dict[int, list[tuple[int, Wait]]] = defaultdict(list)
    for look in looks:
        for seen in look.sightings:
            if seen.state is not State.UNKNOWN:
                running = seen.state in (State.RUNNING, State.RUNNING_GIL)
                wait = Wait.NONE if running else kernel.waits_for("S", seen.wchan or None)
                words[seen.thread.os_id].append((look.at_us, wait))
    for os_id, readings in signals.threads.items():
        words[os_id] += [(each.at_us, kernel.of_reading(each)) for each in readings]
    for said in words.values():
        said.sort()
    return words


def _conduct(
    table: SampleTable,
    thread: Thread,
    runs: list[Run],
    words: list[tuple[int, Wait]],
    code: Code,
) -> Conduct:
    runs.sort(key=lambda run: run.start_us)
    by_stack, by_function = _waits(table, runs, words)
    times: dict[tuple[int, State], int] = defaultdict(int)
    for run in runs:
        times[run.stack, run.state] += run.end_us - run.start_us
    pieces: list[Piece] = []
    for (stack, state), us in times.items():
        frames = table.stack_frames(stack)
        said = by_stack.get(stack) or by_function.get(frames[-1].function if frames else "") or Counter()
        line = code.get((frames[-1].file, frames[-1].line)) if frames else None
        pieces += _pieces(frames, us, state, said, (*line.calls, *line.takes) if line else None)
    return Conduct(
        thread=thread,
        us=sum(times.values()),
        pieces=tuple(sorted(pieces, key=lambda piece: -piece.us)),
        steady=_steady(table, runs),
    )


def _waits(
    table: SampleTable, runs: list[Run], said: list[tuple[int, Wait]]
) -> tuple[dict[int, Counter[Wait]], dict[str, Counter[Wait]]]:
    """How often the kernel said what, of a thread in a stack, and in an innermost function."""
    by_stack: dict[int, Counter[Wait]] = defaultdict(Counter)
    by_function: dict[str, Counter[Wait]] = defaultdict(Counter)
    at = 0
    for run in runs:
        while at < len(said) and said[at][0] < run.start_us:
            at += 1
        while at < len(said) and said[at][0] < run.end_us:
            by_stack[run.stack][said[at][1]] += 1
            by_function[table.frames[table.tops[run.stack]].function][said[at][1]] += 1
            at += 1
    return by_stack, by_function


def _steady(table: SampleTable, runs: list[Run]) -> Mapping[Frame, int]:
    """By innermost place: the time in spells that are too long for code that moves on, as far as sampled."""
    found: Counter[Frame] = Counter()
    at, began_us, until_us, rate_hz = Frame("", "", 0), 0, 0, 1
    for run in (*runs, None):
        frame = table.frames[table.tops[run.stack]] if run else None
        if run is None or frame != at or run.start_us > until_us + _SEAM_US:
            if until_us - began_us >= max(_SPELL_US, _SPELL_SAMPLES * 1_000_000 // rate_hz):
                found[at] += until_us - began_us
            if run is None:
                break
            at, began_us = table.frames[table.tops[run.stack]], run.start_us
        until_us, rate_hz = run.end_us, max(1, table.segments[run.segment].rate_hz)
    return found


def _pieces(
    frames: tuple[Frame, ...], us: int, state: State, said: Counter[Wait], calls: tuple[str, ...] | None
) -> Iterator[Piece]:
    """A stack's time, divided as the kernel's words about it are."""
    told = {wait: times for wait, times in said.items() if wait not in _not_of(state)}
    if not told:
        yield Piece(frames, us, _doing(state), kernel.of_state(state), state, calls)
        return
    for wait, times in told.items():
        doing = Doing.ON_CPU if wait is Wait.NONE else Doing.WAITING
        part_us = us * times // sum(told.values())
        if part_us >= _AT_LEAST_US:
            yield Piece(frames, part_us, doing, wait, state, calls)


def _not_of(state: State) -> frozenset[Wait]:
    """Words that must be of another moment: who runs with the GIL in hand sleeps in no call of Python."""
    return kernel.LETS_GIL_GO | {Wait.UNKNOWN} if state is State.RUNNING_GIL else frozenset((Wait.UNKNOWN,))


def _doing(state: State) -> Doing:
    if state in (State.RUNNING, State.RUNNING_GIL):
        return Doing.ON_CPU
    return Doing.UNKNOWN if state is State.UNKNOWN else Doing.WAITING


def _rates(
    readings: Iterable[ThreadReading], start_us: int, end_us: int
) -> tuple[float | None, float | None]:
    within = [each for each in readings if start_us <= each.at_us < end_us]
    return (
        _mean([each.cpu for each in within if each.cpu is not None]),
        _mean([each.run_queue for each in within if each.run_queue is not None]),
    )


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
