"""Turns MOJO files of austin's into lines of JSON: a program of its own, as austin-python is GPL-3.0.

Run it as `python -I austin_converter.py` and give it files, one by one, each as a line of JSON on standard
input. It imports nothing of ours, and nothing of ours imports it. It prints each frame and stack once for all
files, numbered from 0 and 1 as they come, and a row where a stack changes:

    ["frame", function, file, line]
    ["stacks", caller, [frame, ...]]           each called by the one before; caller 0: none
    ["row", time_us, pid, thread, stack]       since sampling began; stack -1: the thread is gone
    ["end", damage]                            of this file; empty when it is whole
"""

import json
import mmap
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

try:
    from austin.format import mojo
    from austin.format.mojo import MojoEvents, MojoParseError, MojoSpecialFrame, MojoStack, MojoStreamReader
except ImportError as error:
    sys.exit(f"austin-python is not installed: {error}")

MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_S = 55  # a report must be drawn in a minute
MOST_REMEMBERED = 200_000  # from file to file
GONE = -1

_Thread = tuple[int, int]  # pid, thread
_Path = tuple[int, ...]  # frames, root first


class Known:
    """What files have told until now, by numbers: mostly they tell the same frames, by the same keys."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines  # of what is new
        self._frames: dict[tuple[str, str, int], int] = {}
        self._calls: dict[int, int] = {}  # by caller and frame, in one number
        self._stacks: dict[_Path, int] = {}
        self.numbers: dict[tuple[int, int], int] = {}  # of frames, by process and their key
        self.references: dict[int, dict[bytes, int]] = {}  # the same by the key's bytes
        self.rows: dict[tuple[int, bytes], _Path] = {}  # by process and all the bytes of a row of references

    def begin_file(self) -> None:
        """Let go of what only saves time, where it is much."""
        if len(self.rows) + len(self._stacks) > MOST_REMEMBERED:
            self.rows.clear()
            self._stacks.clear()

    def define(self, key: tuple[int, int], frame: tuple[str, str, int]) -> None:
        """A frame. A key that comes to mean another one makes what was remembered doubtful."""
        if (number := self._frames.get(frame)) is None:
            number = self._frames[frame] = len(self._frames)
            self._lines.append(json.dumps(["frame", *frame]))
        if self.numbers.setdefault(key, number) != number:
            self.numbers[key] = number
            self.references.clear()
            self.rows.clear()

    def stack(self, path: _Path) -> int:
        """The number of the stack with these frames, root first."""
        if (known := self._stacks.get(path)) is not None:
            return known
        stack, calls = 0, self._calls
        for depth, frame in enumerate(path):
            if (call := calls.get(stack << 32 | frame)) is None:  # below a new call everything is new
                self._lines.append(json.dumps(["stacks", stack, path[depth:]]))
                for new in path[depth:]:
                    stack = calls[stack << 32 | new] = len(calls) + 1
                break
            stack = call
        self._stacks[path] = stack
        return stack


class Rounds:
    """Looks at all threads: the samples of one bear the same time since the one before."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._time_us = 0
        self._step_us = -1
        self._seen: set[_Thread] = set()
        self._stacks: dict[_Thread, int] = {}

    def sample(self, thread: _Thread, step_us: int, stack: int | None) -> None:
        """A thread's stack, None when it could not be read, so long after the round before."""
        if step_us != self._step_us or thread in self._seen:
            self.end()
            self._time_us += step_us
            self._step_us = step_us
        self._seen.add(thread)
        if stack is not None and self._stacks.get(thread) != stack:
            self._stacks[thread] = stack
            self._row(thread, stack)

    def end(self) -> None:
        """Who was not in a round that is over is gone."""
        for thread in self._stacks.keys() - self._seen:
            del self._stacks[thread]
            self._row(thread, GONE)
        self._seen.clear()

    def _row(self, thread: _Thread, stack: int) -> None:
        self._lines.append(f'["row",{self._time_us},{thread[0]},{thread[1]},{stack}]')


class Converter(MojoStreamReader):  # type: ignore[misc]  # austin-python has no types
    """austin-python's reader, faster: nearly all of a file are references to frames, looked up row by row."""

    def __init__(self, data: mmap.mmap, known: Known, lines: list[str]) -> None:
        super().__init__(None)
        self._data = data
        self.at = 0
        self._known = known
        self.rounds = Rounds(lines)
        self._paths: dict[_Thread, _Path] = {}  # the frames of each thread's last sample
        self._thread: _Thread = (0, 0)
        self._path: _Path = ()
        self._invalid = False
        self._nothing = MojoSpecialFrame("")  # an event that nobody looks at
        self.__handlers__ = {**_HANDLERS, MojoEvents.STACK: Converter.parse_stack}

    def read(self, n: int = 1) -> bytes:
        """The next bytes; raises ValueError when there are not so many."""
        data = self._data[self.at : self.at + n]
        if len(data) < n:
            raise ValueError("the file ends")
        self.at += n
        return data

    def read_int(self) -> int:
        """An integer."""
        number, self.at = _integer(self._data, self.at)
        return number

    def read_string(self) -> str:
        """A string, which ends with a zero."""
        end = self._data.find(b"\0", self.at)
        if end < 0:
            raise ValueError("the file ends")
        text = self._data[self.at : end].decode(errors="replace")
        self.at = end + 1
        return text

    def parse_stack(self) -> MojoStack:
        """The beginning of a sample, with the references that follow at once."""
        self._running_sample = None  # nobody wants it finished
        event = super().parse_stack()
        self._thread = event.pid, int(event.tid, 16)
        self._path, self._invalid = (), False
        if row := _REFERENCES.match(self._data, self.at):
            self.at, pid, known = row.end(), event.pid, self._known
            if (path := known.rows.get((pid, row[0]))) is None:
                by_key, keys = known.references.setdefault(pid, {}), _REFERENCE.findall(row[0])
                new = (key for key in keys if key not in by_key)
                by_key.update((key, known.numbers[self.ref(_integer(key, 0)[0])]) for key in new)
                path = known.rows[pid, row[0]] = tuple([by_key[key] for key in keys])
            self._path = path
        return event

    def get_frame(self, *fields: int | None) -> mojo.MojoFrame:
        """A frame's definition."""
        frame = super().get_frame(*fields)
        self._known.define(self.ref(frame.key), (frame.scope.value, frame.filename.value, frame.line))
        return frame

    def get_frame_ref(self, ref: int) -> mojo.MojoFrameReference:
        """One more frame of the sample."""
        if self._running_task_stack is not None:  # of an asyncio task, which is no thread's stack
            return super().get_frame_ref(ref)
        self._path += (self._known.numbers[self.ref(ref)],)
        return self._nothing

    def get_stack_repeat(self) -> mojo.MojoStackRepeat:
        """The frames of the thread's last sample, below those that came."""
        self._path = self._paths.get(self._thread, ()) + self._path
        return mojo.MojoStackRepeat()

    def get_invalid_frame(self) -> MojoSpecialFrame:
        """Says that the sample failed."""
        self._invalid = True
        return self._nothing

    def get_time_metric(self, value: int) -> mojo.MojoMetric:
        """The end of a sample: the time since the round before."""
        stack = None if self._invalid else self._known.stack(self._path)
        self.rounds.sample(self._thread, value, stack)
        if not self._invalid:
            self._paths[self._thread] = self._path
        return self._nothing


def _integer(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """An integer, six bits and a sign, then seven bits a byte; and where it ends. IndexError: it is cut."""
    negative, number, shift = data[at] & 0x40, data[at] & 0x3F, 6
    while data[at] & 0x80:
        at += 1
        number |= (data[at] & 0x7F) << shift
        shift += 7
    return -number if negative else number, at + 1


_REFERENCE = re.compile(rb"%c([\x80-\xff]*[\x00-\x7f])" % MojoEvents.FRAME_REF, re.DOTALL)
_REFERENCES = re.compile(rb"(?:%c[\x80-\xff]*[\x00-\x7f])+" % MojoEvents.FRAME_REF, re.DOTALL)
_HANDLERS = {
    handler.__event__: handler for handler in vars(MojoStreamReader).values() if hasattr(handler, "__event__")
}


def convert(data: mmap.mmap, known: Known, lines: list[str]) -> Iterator[str]:
    """The lines of a file; what is damaged ends it."""
    converter = Converter(data, known, lines)
    damage = ""
    try:
        for _ in converter.parse():
            if len(lines) > 1000:
                yield "\n".join(lines) + "\n"
                lines.clear()
        if "duration" in converter.metadata:  # the last round is whole
            converter.rounds.end()
    except (MojoParseError, ValueError, IndexError):
        damage = "the file ends" if data.find(b"\0", converter.at) < 0 else f"no MOJO at byte {converter.at}"
    yield "\n".join([*lines, json.dumps(["end", damage])]) + "\n"
    lines.clear()


def main() -> None:
    """Convert the files that standard input names."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    lines: list[str] = []
    known = Known(lines)
    for said in sys.stdin.buffer:
        known.begin_file()
        with Path(json.loads(said)).open("rb") as file:
            if not file.read(1):
                sys.exit("the file is empty")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                for text in convert(data, known, lines):
                    sys.stdout.write(text)
                sys.stdout.flush()


if __name__ == "__main__":
    main()
