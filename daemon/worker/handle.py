"""The daemon's end of a child: starts it, gives it jobs, and never waits longer than a deadline."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Mapping

import msgspec

from daemon import children
from daemon.worker.protocol import Job, Reply
from model import coding

_LOG = logging.getLogger(__name__)

RENDERER_MEMORY_BYTES = 1024**3
STORE_MEMORY_BYTES = 1024**3  # address space, of which threads reserve much and use little
END_GRACE_S = 2.0
# The renderer needs nothing of our environment; a store finds its credentials in it.
RENDERER_ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


class WorkerGoneError(Exception):
    """The child ended, or had to be ended, before it replied."""


class Worker:
    """A running child of ours."""

    def __init__(self, role: str, process: asyncio.subprocess.Process) -> None:
        self._role = role
        self._process = process
        self._errors = asyncio.create_task(self._log_errors(), name=f"{role} process {process.pid}")

    @classmethod
    async def start_renderer(cls) -> "Worker":
        """Start a renderer; it imports what it needs while it waits for its job."""
        return await cls._start("render", b"\n", RENDERER_ENVIRONMENT, RENDERER_MEMORY_BYTES)

    @classmethod
    async def start_store(cls, setup: bytes) -> "Worker":
        """Start a store process for the sink that `setup` describes."""
        return await cls._start("store", setup, os.environ, STORE_MEMORY_BYTES)

    @classmethod
    async def start_notifier(cls, setup: bytes) -> "Worker":
        """Start a process for the notification that `setup` describes."""
        return await cls._start("notify", setup, os.environ, STORE_MEMORY_BYTES)

    @classmethod
    async def _start(
        cls, role: str, setup: bytes, environment: Mapping[str, str], memory_bytes: int
    ) -> "Worker":
        process = await children.spawn(
            (sys.executable, "-I", "-m", "daemon.worker", role),
            environment=environment,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            death_signal=signal.SIGKILL,
            limits={resource.RLIMIT_AS: memory_bytes, resource.RLIMIT_CORE: 0},
        )
        worker = cls(role, process)
        with contextlib.suppress(ConnectionError):
            worker._write(setup)
        return worker

    async def run(self, job: Job, deadline_s: float) -> Reply:
        """Give it a job and wait for the reply; raises WorkerGoneError, and then it is gone."""
        try:
            async with asyncio.timeout(deadline_s):
                self._write(coding.encode(job) + b"\n")
                line = await self._process.stdout.readline() if self._process.stdout else b""
                return coding.decode(line, Reply)
        except TimeoutError:
            await self.kill()
            raise WorkerGoneError(f"no reply within {deadline_s:g} s") from None
        except (ConnectionError, ValueError, msgspec.DecodeError):  # ValueError: a line too long
            await self.end()  # it is ending by itself, most likely: its own exit code tells more
            raise WorkerGoneError(f"the {self._role} process {self._ending()}") from None

    async def end(self) -> None:
        """Let it end by itself: its input is over."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END_GRACE_S):
                await self._process.wait()
        except TimeoutError:
            await self.kill()
        await self._heard()

    async def kill(self) -> None:
        """End it now."""
        children.kill(self._process)
        await self._process.wait()
        await self._heard()

    async def _heard(self) -> None:
        """Wait for its last words, but not for a process that a sink left behind with our pipe."""
        await asyncio.wait({self._errors}, timeout=END_GRACE_S)

    def _ending(self) -> str:
        code = self._process.returncode or 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _write(self, data: bytes) -> None:
        if self._process.stdin is None or self._process.stdin.is_closing():
            raise ConnectionResetError
        self._process.stdin.write(data)

    async def _log_errors(self) -> None:
        said = (await children.read_bounded(self._process.stderr)).decode(errors="replace").strip()
        if said:
            _LOG.warning("%s process said", self._role, extra={"said": said[-2000:]})
