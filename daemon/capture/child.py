"""Running one command of a sampler, bounded in time and in bytes."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import msgspec

from collectors.contract import Command, Exit
from daemon import children
from daemon.capture.spawned import Spawned

MAX_DUMP_BYTES = 32 * 1024 * 1024

Kill = Callable[[], None]


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that prints gave, when its first byte came (monotonic seconds), and what it took."""

    ended: Exit
    data: bytes
    at_s: float
    cpu_s: float


async def run_to_end(command: Command, keep: int, began: Callable[[Kill], None] | None = None) -> Printed:
    """Run a command that prints its evidence; SIGKILL at its deadline. `keep` is inherited.

    `began` gets what kills it.
    """
    with contextlib.ExitStack() as ours:
        printing, _, stdout = await _pipe(ours)
        saying, _, stderr = await _pipe(ours)
        process = Spawned(command, stdout=stdout, stderr=stderr, keep=(keep,))
    said = asyncio.create_task(children.read_bounded(saying), name="sampler's errors")
    try:
        if began is not None:
            began(process.kill)
        first = await printing.read(1)
        at_s = time.monotonic()
        rest = await children.read_bounded(printing, MAX_DUMP_BYTES)
        code = await process.wait()
        ended = Exit(code=code, output=_text(await said))
        return Printed(ended=ended, data=first + rest, at_s=at_s, cpu_s=process.cpu_s())
    finally:
        process.kill()
        said.cancel()


class RecordingChild:
    """A child that records into a file until it is told to end, or ends by itself."""

    def __init__(
        self, process: Spawned, output: asyncio.StreamReader, says_ready: Callable[[bytes], bool]
    ) -> None:
        self.started_s = process.started_s
        self.ready = asyncio.Event()  # set when it has said that it samples
        self.ready_s: float | None = None
        self._process = process
        self._output = output
        self._said = bytearray()
        self._reader = asyncio.create_task(self._read(), name="sampler's output")
        self._says_ready = says_ready

    @classmethod
    async def start(
        cls, command: Command, keep: int, says_ready: Callable[[bytes], bool], most_bytes: int
    ) -> "RecordingChild":
        """Start it; `keep` is a descriptor that it inherits, `says_ready` knows the words of readiness.

        Its file cannot become larger than `most_bytes`.

        It inherits the reading end of its own output, too: py-spy speaks before it writes its file, and
        without a reader, as when we were killed, that would be its end.
        """
        with contextlib.ExitStack() as ours:
            output, reading, writing = await _pipe(ours)
            process = Spawned(
                command, stdout=writing, stderr=writing, keep=(keep, reading), most_bytes=most_bytes
            )
        return cls(process, output, says_ready)

    def cpu_s(self) -> float:
        """The CPU time that it has taken so far, to the end once it has ended."""
        return self._process.cpu_s()

    async def ended(self) -> None:
        """Wait until it has ended by itself."""
        await asyncio.wait({self._reader})

    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self._reader.done()

    async def end(self, grace_s: float) -> Exit:
        """End it by SIGINT (by SIGKILL after a grace), and give how it ended and what it said."""
        code = await self._process.end(grace_s)
        await self._reader
        return Exit(code=code, output=_text(bytes(self._said)))

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        self._process.kill()

    async def _read(self) -> None:
        while data := await self._output.read(4096):
            self._said += data[: max(0, children.MAX_OUTPUT_BYTES - len(self._said))]
            if not self.ready.is_set() and self._says_ready(bytes(self._said)):
                self.ready_s = time.monotonic()
                self.ready.set()


async def _pipe(ours: contextlib.ExitStack) -> tuple[asyncio.StreamReader, int, int]:
    """A stream from a new pipe, its descriptor, and the pipe's other end, which is closed with `ours`."""
    reading, writing = os.pipe()
    ours.callback(os.close, writing)
    stream = asyncio.StreamReader()
    pipe = os.fdopen(reading, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    return stream, reading, writing


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
