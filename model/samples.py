"""The sample table: who was seen where, from when until when. Every picture is a view of it."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

NO_STACK: Final = 0  # the stack without frames, at the root of all others
GONE: Final = -1  # in the stack column: the thread is not there any more


class State(StrEnum):
    """What a thread was doing."""

    RUNNING = "running"
    RUNNING_GIL = "running_gil"  # holds the GIL
    WANTING_GIL = "wanting_gil"
    WAITING = "waiting"
    WAITING_GIL = "waiting_gil"  # holds the GIL inside a call that sleeps
    UNKNOWN = "unknown"


STATES: Final = tuple(State)


class Frame(NamedTuple):
    """A place in the code."""

    function: str
    file: str
    line: int


class ThreadKind(StrEnum):
    """What a row of the table's threads stands for."""

    OS = "os"
    LOOP = "loop"  # a goroutine that runs the loop
    CPU = "cpu"  # CPU time of a whole process, as if by one core; whose it was is not known
    GOROUTINE = "goroutine"


class Thread(NamedTuple):
    """A thread of the target, or of one of its child processes, or what stands in its place."""

    os_id: int  # 0 where it is not known to the kernel
    name: str
    pid: int
    kind: ThreadKind = ThreadKind.OS


class Span(NamedTuple):
    """The time that one segment covers, in monotonic microseconds."""

    start_us: int
    end_us: int
    rate_hz: int


class Row(NamedTuple):
    """From this time on the thread has this stack, until its next row or the end of the segment."""

    time_us: int
    thread: int
    stack: int
    state: State = State.UNKNOWN


class Run(NamedTuple):
    """A thread in one stack and state, from `start_us` until `end_us`."""

    thread: int
    stack: int
    start_us: int
    end_us: int
    state: State
    segment: int


@dataclass(frozen=True)
class SampleTable:
    """Samples over [start_us, end_us), the time that was meant to be covered. Times are monotonic.

    A stack is a number: its innermost frame is `tops[stack]`, the stack of its caller `callers[stack]`.
    """

    start_us: int
    end_us: int
    frames: tuple[Frame, ...]
    callers: "array[int]"
    tops: "array[int]"
    threads: tuple[Thread, ...]
    segments: tuple[Span, ...]
    time_us: "array[int]"
    thread: "array[int]"
    stack: "array[int]"
    state: "array[int]"
    segment: "array[int]"

    def stack_frames(self, stack: int) -> tuple[Frame, ...]:
        """The frames of a stack, root first."""
        found = []
        while stack != NO_STACK:
            found.append(self.frames[self.tops[stack]])
            stack = self.callers[stack]
        return tuple(reversed(found))

    def runs(self) -> Iterator[Run]:
        """What the rows mean. The runs of one thread come in the order of time and never overlap."""
        begun: dict[int, tuple[int, int, int]] = {}  # by thread: since when, stack, state
        segment = -1
        rows = zip(self.time_us, self.thread, self.stack, self.state, self.segment, strict=True)
        for time_us, thread, stack, state, its_segment in rows:
            if its_segment != segment:
                yield from self._close(begun, segment)
                segment = its_segment
            if (last := begun.get(thread)) is not None:
                start_us, its_stack, its_state = last
                if its_stack != GONE and time_us > start_us:
                    yield Run(thread, its_stack, start_us, time_us, STATES[its_state], segment)
            begun[thread] = time_us, stack, state
        yield from self._close(begun, segment)

    def gaps(self) -> Iterator[tuple[int, int]]:
        """The stretches that no segment covers, as (start_us, end_us)."""
        seen_us = self.start_us
        for span in (*sorted(self.segments), Span(self.end_us, self.end_us, 0)):
            until_us = min(span.start_us, self.end_us)
            if until_us > seen_us:
                yield seen_us, until_us
            seen_us = max(seen_us, span.end_us)

    def _close(self, begun: dict[int, tuple[int, int, int]], segment: int) -> Iterator[Run]:
        for thread, (start_us, stack, state) in begun.items():
            if stack != GONE and (end_us := self.segments[segment].end_us) > start_us:
                yield Run(thread, stack, start_us, end_us, STATES[state], segment)
        begun.clear()


@dataclass
class TableBuilder:
    """Gathers segments in the order of time; equal frames, stacks and threads are stored once."""

    _frames: dict[Frame, int] = field(default_factory=dict)
    _stacks: dict[int, int] = field(default_factory=dict)  # by caller and frame, in one number
    _threads: dict[Thread, int] = field(default_factory=dict)
    _segments: list[Span] = field(default_factory=list)
    _callers: "array[int]" = field(default_factory=lambda: array("l", [NO_STACK]))
    _tops: "array[int]" = field(default_factory=lambda: array("l", [-1]))
    _time_us: "array[int]" = field(default_factory=lambda: array("q"))
    _thread: "array[int]" = field(default_factory=lambda: array("l"))
    _stack: "array[int]" = field(default_factory=lambda: array("l"))
    _state: "array[int]" = field(default_factory=lambda: array("b"))
    _segment: "array[int]" = field(default_factory=lambda: array("l"))

    def thread(self, os_id: int, name: str, pid: int, kind: ThreadKind = ThreadKind.OS) -> int:
        """The number of a thread."""
        return self._threads.setdefault(Thread(os_id, name, pid, kind), len(self._threads))

    def frame(self, frame: Frame) -> int:
        """The number of a frame."""
        return self._frames.setdefault(frame, len(self._frames))

    def descend(self, stack: int, frames: Iterable[int]) -> list[int]:
        """The numbers of the stacks that have ever more of these frames inside another stack."""
        found, known, tops, callers = list[int](), self._stacks, self._tops, self._callers
        for frame in frames:
            call = stack << 32 | frame
            if (inner := known.get(call)) is None:
                inner = known[call] = len(tops)
                callers.append(stack)
                tops.append(frame)
            found.append(inner)
            stack = inner
        return found

    def call(self, stack: int, frame: Frame) -> int:
        """The number of the stack that has this frame inside another stack."""
        return self.descend(stack, (self.frame(frame),))[0]

    def stack(self, frames: Iterable[Frame]) -> int:
        """The number of a stack given root first."""
        stack = NO_STACK
        for frame in frames:
            stack = self.call(stack, frame)
        return stack

    def add(self, span: Span, rows: Sequence[Row]) -> None:
        """Add a segment with its rows in the order of time; what is outside, or was covered, is cut off."""
        if self._segments:
            start_us = max(span.start_us, self._segments[-1].end_us)
            span = Span(start_us, max(start_us, span.end_us), span.rate_hz)
        self._append(span, rows)

    def add_beside(self, span: Span, rows: Sequence[Row]) -> None:
        """Add a segment of threads that no other segment over this time has."""
        self._append(span, rows)

    def _append(self, span: Span, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.time_us >= span.end_us:
                break
            self._time_us.append(max(row.time_us, span.start_us))
            self._thread.append(row.thread)
            self._stack.append(row.stack)
            self._state.append(STATES.index(row.state))
            self._segment.append(len(self._segments))
        self._segments.append(span)

    def freeze(self, start_us: int, end_us: int) -> SampleTable:
        """The table of everything added; the builder is used up."""
        return SampleTable(
            start_us=start_us,
            end_us=end_us,
            frames=tuple(self._frames),
            callers=self._callers,
            tops=self._tops,
            threads=tuple(self._threads),
            segments=tuple(self._segments),
            time_us=self._time_us,
            thread=self._thread,
            stack=self._stack,
            state=self._state,
            segment=self._segment,
        )
