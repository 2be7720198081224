"""A target's HTTP under a test's control, and what a collector takes of it."""

import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from collectors.contract import Collector, Taken
from daemon.capture.window import CaptureWindow
from fetch.access import Access, Endpoint
from model import coding
from model.artifacts import Artifact
from model.capture import ProcessIdentity, WindowEnd
from model.errors import CollectorError
from model.events import Trigger, TriggerKind
from model.fetches import Fetch, Fetches

LONG_S = 60.0
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """A server, and who asked what."""

    port: int
    asked: list[str] = field(default_factory=list)  # paths with queries

    def seconds(self, profile: str) -> list[str]:
        """For how many seconds a profile was asked for, each time."""
        return [one.partition("seconds=")[2] for one in self.asked if f"/{profile}?seconds=" in one]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[Server]:
    """Answer every request so."""
    served = Server(0)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        served.asked.append(request.path_qs)
        return await answer(request)  # type: ignore[arg-type]

    runner = web.ServerRunner(web.Server(handle, handler_cancellation=True), shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.port = runner.addresses[0][1]
    try:
        yield served
    finally:
        await runner.cleanup()


def profile(request: web.Request) -> str:
    """The last part of its path."""
    return request.path.rpartition("/")[2]


def served(**answers: Callable[[web.Request], web.Response]) -> Answer:
    """Every profile at once, but for these."""

    async def answer(request: web.Request) -> web.Response:
        special = answers.get(profile(request))
        return special(request) if special else web.Response(body=f"{request.path_qs}".encode())

    return answer


@dataclass
class Target:
    """Whoever is looked at."""

    endpoint: Endpoint | None
    presets: tuple[str, ...] = ()
    name: str = "demo"
    process: ProcessIdentity | None = None
    logs: tuple[str, ...] = ()
    there: bool = True

    @property
    def trigger(self) -> Trigger:
        return Trigger(target=self.name, kind=TriggerKind.MANUAL, reason="a test", at_s=0.0)

    def alive(self) -> bool:
        return self.there


def target(port: int, *presets: str, access: Access | None = None) -> Target:
    """A target on the loopback."""
    return Target(Endpoint(host="127.0.0.1", port=port, access=access or Access()), presets)


@dataclass
class Came:
    """What came of it."""

    folder: Path
    artifacts: tuple[Artifact, ...] = ()
    detail: str = ""
    error: CollectorError | None = None

    @property
    def files(self) -> set[str]:
        """The names of all files but the index."""
        return {file.name for file in self.folder.iterdir() if not file.name.endswith(".fetches.json")}

    @property
    def modes(self) -> set[int]:
        """The permissions of all files."""
        return {stat.S_IMODE(file.stat().st_mode) for file in self.folder.iterdir()}

    @property
    def fetches(self) -> tuple[Fetch, ...]:
        """What the index tells."""
        (index,) = self.folder.glob("*.fetches.json")
        return coding.decode(index.read_bytes(), Fetches).fetches

    def of(self, what: str) -> list[Fetch]:
        """What it tells of one profile."""
        return [one for one in self.fetches if one.what == what]

    def read(self, name: str) -> bytes:
        """A file."""
        return (self.folder / name).read_bytes()

    @property
    def failure(self) -> tuple[str, str, str]:
        """Outcome, detail and remedy."""
        assert self.error is not None
        return self.error.outcome, str(self.error), self.error.remedy


async def collected(
    collector: Collector, whom: Target, window: CaptureWindow, folder: Path, name: str = "one"
) -> Came:
    """Collect, as a capture does, and end the window whatever happened."""
    try:
        taken = await collector.collect(whom, window, folder, name)
    except CollectorError as error:
        return Came(folder, error=error)
    finally:
        window.end(WindowEnd.COLLECTION_TIME)
    if isinstance(taken, Taken):
        return Came(folder, taken.artifacts, taken.detail)
    return Came(folder, tuple(taken))
