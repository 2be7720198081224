"""Turns a MOJO file of austin's into lines of JSON: a program of its own, as austin-python is GPL-3.0.

Run it as `python -I austin_converter.py FILE`. It imports nothing of ours, and nothing of ours imports it.
It prints each frame and stack once, numbered from 0 and 1 as they come, and a row where a stack changes:

    ["frame", function, file, line]
    ["stacks", caller, [frame, ...]]           each called by the one before; caller 0: none
    ["row", time_us, pid, thread, stack]       since sampling began; stack -1: the thread is gone
    ["end", damage]                            empty when the file is whole
"""

import json
import mmap
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

try:
    from austin.format import mojo
    from austin.format.mojo import MojoEvents, MojoParseError, MojoSpecialFrame, MojoStack, MojoStreamReader
except ImportError as error:
    sys.exit(f"austin-python is not installed: {error}")

MAX_MEMORY_BYTES = 512 * 1024 * 1024
MAX_CPU_S = 40
GONE: Final = -1

_Thread = tuple[int, int]  # pid, thread


class Stacks:
    """Frames and stacks by their numbers; what is new is told."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._frames: dict[tuple[str, str, int], int] = {}
        self._calls: dict[int, int] = {}  # by caller and frame, in one number
        self._paths: dict[tuple[int, ...], int] = {(): 0}

    def frame(self, function: str, file: str, line: int) -> int:
        """The number of a frame."""
        key = function, file, line
        if key not in self._frames:
            self._frames[key] = len(self._frames)
            self._lines.append(json.dumps(["frame", *key]))
        return self._frames[key]

    def stack(self, path: list[int]) -> int:
        """The number of the stack with these frames, root first."""
        if (known := self._paths.get(key := tuple(path))) is not None:
            return known
        stack, fork, new = 0, 0, list[int]()
        for frame in path:
            call = stack << 32 | frame
            if call not in self._calls:
                fork = fork if new else stack
                new.append(frame)
            stack = self._calls.setdefault(call, len(self._calls) + 1)
        if new:  # below a new call everything is new
            self._lines.append(json.dumps(["stacks", fork, new]))
        self._paths[key] = stack
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

    def __init__(self, data: mmap.mmap, lines: list[str]) -> None:
        super().__init__(None)
        self._data = data
        self.at = 0
        self._stacks = Stacks(lines)
        self.rounds = Rounds(lines)
        self._numbers: dict[tuple[int, int], int] = {}  # of frames, by process and their key in the file
        self._references: dict[int, dict[bytes, int]] = {}  # the same by the key's bytes
        self._paths: dict[_Thread, list[int]] = {}  # the frames of each thread's last sample
        self._thread: _Thread = (0, 0)
        self._path: list[int] = []
        self._invalid = False
        self._nothing = MojoSpecialFrame("")  # an event that nobody looks at
        self.__handlers__ = {**_HANDLERS, MojoEvents.STACK: Converter.parse_stack}

    def ended(self) -> bool:
        """Whether all was read, or the rest is the beginning of an endless string."""
        return self.at >= len(self._data) or self._data.find(b"\0", self.at) < 0

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
        event = super().parse_stack()
        self.samples.clear()
        self._thread = event.pid, int(event.tid, 16)
        self._path, self._invalid = [], False
        if row := _REFERENCES.match(self._data, self.at):
            self._path = self._frames(row[0])
            self.at = row.end()
        return event

    def _frames(self, references: bytes) -> list[int]:
        """The numbers of frames; raises KeyError where one was never defined."""
        known = self._references.setdefault(self._thread[0], {})
        keys = _REFERENCE.findall(references)
        try:  # nearly always all are known
            return [known[key] for key in keys]
        except KeyError:
            known.update((key, self._numbers[self.ref(_integer(key, 0)[0])]) for key in keys)
        return [known[key] for key in keys]

    def get_frame(self, *fields: int | None) -> mojo.MojoFrame:
        """A frame's definition. A key that comes to mean another frame makes what was remembered doubtful."""
        frame = super().get_frame(*fields)
        number = self._stacks.frame(frame.scope.value, frame.filename.value, frame.line)
        key = self.ref(frame.key)
        if self._numbers.setdefault(key, number) != number:
            self._numbers[key] = number
            self._references.clear()
        return frame

    def get_frame_ref(self, ref: int) -> mojo.MojoFrameReference:
        """One more frame of the sample."""
        if self._running_task_stack is not None:  # of an asyncio task, which is no thread's stack
            return super().get_frame_ref(ref)
        self._path.append(self._numbers[self.ref(ref)])
        return self._nothing

    def get_stack_repeat(self) -> mojo.MojoStackRepeat:
        """The frames of the thread's last sample, below those that came."""
        self._path = self._paths.get(self._thread, []) + self._path
        return mojo.MojoStackRepeat()

    def get_invalid_frame(self) -> MojoSpecialFrame:
        """Says that the sample failed."""
        self._invalid = True
        return self._nothing

    def get_time_metric(self, value: int) -> mojo.MojoMetric:
        """The end of a sample: the time since the round before."""
        stack = None if self._invalid else self._stacks.stack(self._path)
        self.rounds.sample(self._thread, value, stack)
        if not self._invalid:
            self._paths[self._thread] = self._path
        return self._nothing


def _integer(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """An integer, six bits and a sign, then seven bits a byte; and where it ends."""
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


def convert(data: mmap.mmap) -> Iterator[str]:
    """The lines of a file; what is damaged ends it."""
    lines: list[str] = []
    converter = Converter(data, lines)
    damage = ""
    try:
        for _ in converter.parse():
            if len(lines) > 1000:
                yield "\n".join(lines) + "\n"
                lines.clear()
        if "duration" in converter.metadata:  # the last round is whole
            converter.rounds.end()
    except (MojoParseError, ValueError):
        damage = "the file ends" if converter.ended() else f"no MOJO at byte {converter.at}"
    yield "\n".join([*lines, json.dumps(["end", damage])]) + "\n"


def main() -> None:
    """Convert the file that the command line names."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    with Path(sys.argv[1]).open("rb") as file:
        if not file.read(1):
            sys.exit("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for text in convert(data):
                sys.stdout.write(text)


if __name__ == "__main__":
    main()
