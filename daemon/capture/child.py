"""Running one command of a sampler, bounded in time and in bytes."""

import asyncio
import os
import resource
import time
from collections.abc import Callable

import msgspec

from collectors.contract import Command, Exit
from daemon import children

MAX_DUMP_BYTES = 32 * 1024 * 1024
MAX_FILE_BYTES = 64 * 1024 * 1024
_LIMITS = {resource.RLIMIT_FSIZE: MAX_FILE_BYTES, resource.RLIMIT_CORE: 0}


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """What a command that prints gave, and when its first byte came (monotonic seconds)."""

    ended: Exit
    data: bytes
    at_s: float


async def run_to_end(command: Command, keep: int) -> Printed:
    """Run a command that prints its evidence; SIGKILL at its deadline. `keep` is inherited."""
    process = await children.spawn(
        command.argv,
        environment=children.SAMPLER_ENVIRONMENT,
        stderr=asyncio.subprocess.PIPE,
        limits=_LIMITS,
        keep=(keep,),
    )
    timer = asyncio.get_running_loop().call_later(command.deadline_s, children.kill, process)
    try:
        said = asyncio.create_task(children.read_bounded(process.stderr), name="sampler's errors")
        first = await process.stdout.read(1) if process.stdout else b""
        at_s = time.monotonic()
        rest = await children.read_bounded(process.stdout, MAX_DUMP_BYTES)
        code = await process.wait()
        return Printed(ended=Exit(code=code, output=_text(await said)), data=first + rest, at_s=at_s)
    finally:
        timer.cancel()
        children.kill(process)


class RecordingChild:
    """A child that records into a file until it is told to end, or ends by itself."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        output: asyncio.StreamReader,
        deadline_s: float,
        says_ready: Callable[[bytes], bool],
    ) -> None:
        self.started_s = time.monotonic()
        self.ready = asyncio.Event()  # set when it has said that it samples
        self._process = process
        self._output = output
        self._said = bytearray()
        self._reader = asyncio.create_task(self._read(), name="sampler's output")
        self._timer = asyncio.get_running_loop().call_later(deadline_s, children.kill, process)
        self._says_ready = says_ready

    @classmethod
    async def start(
        cls, command: Command, keep: int, says_ready: Callable[[bytes], bool]
    ) -> "RecordingChild":
        """Start it; `keep` is a descriptor that it inherits, `says_ready` knows the words of readiness.

        It inherits the reading end of its own output, too: py-spy speaks before it writes its file, and
        without a reader, as when we were killed, that would be its end.
        """
        reading, writing = os.pipe()
        output = await _reader(reading)
        try:
            process = await children.spawn(
                command.argv,
                environment=children.SAMPLER_ENVIRONMENT,
                stdout=writing,
                limits=_LIMITS,
                keep=(keep, reading),
            )
        finally:
            os.close(writing)
        return cls(process, output, command.deadline_s, says_ready)

    async def ended(self) -> None:
        """Wait until it has ended by itself."""
        await asyncio.wait({self._reader})

    def over(self) -> bool:
        """Whether it has ended by itself."""
        return self._reader.done()

    async def end(self) -> Exit:
        """End it by SIGINT (by SIGKILL after a grace), and give how it ended and what it said."""
        self._timer.cancel()
        code = await children.end(self._process)
        await self._reader
        return Exit(code=code, output=_text(bytes(self._said)))

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        self._timer.cancel()
        children.kill(self._process)

    async def _read(self) -> None:
        while data := await self._output.read(4096):
            self._said += data[: max(0, children.MAX_OUTPUT_BYTES - len(self._said))]
            if not self.ready.is_set() and self._says_ready(bytes(self._said)):
                self.ready.set()


async def _reader(descriptor: int) -> asyncio.StreamReader:
    """A stream from a pipe's reading end, which closes it at its end."""
    stream = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    return stream


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
