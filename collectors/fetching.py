"""What a collector fetches of a target's HTTP: streamed into files, and told in an index as it comes."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec
from aiohttp.client_exceptions import ClientConnectionError, ClientPayloadError

from collectors.contract import Window
from collectors.files import EvidenceFile, FullError, Room, writing
from disk.durable import write_atomic
from fetch.client import Client, Request, Response
from fetch.quoting import quote
from model import coding
from model.artifacts import Artifact
from model.capture import WindowEnd
from model.errors import FetchError
from model.fetches import FETCHES_KIND, FETCHES_SUFFIX, Fetch, Fetches
from model.report import EVIDENCE_DIR
from model.secrets import Secret

GRACE_S = 4.0  # after the collection time, for what is on its way then: less than the capture's own grace
CLOSING_S = 1.0  # the same where the window ended because of a shutdown, or because the target is gone
_ROOM = "raise max_bytes"
_BROKEN = (ClientConnectionError, ClientPayloadError, ConnectionError)


Naming = Callable[[Mapping[str, str]], tuple[str, str]]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and the file that its answer becomes."""

    what: str
    file: str  # its name among the evidence
    kind: str
    media_type: str
    request: Request
    url: str  # as the index shows it
    early_s: float  # how long it may go on when the iteration has ended
    late_s: float = GRACE_S  # the same, after the whole collection time
    named: Naming | None = (
        None  # its file and media type by the answer's headers, where they are not as above
    )
    cut: bool = False  # of worth also where it was cut off
    secrets: tuple[Secret, ...] = ()  # that a server's words must not repeat


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """How a request went."""

    wanted: Wanted
    fetch: Fetch
    headers: Mapping[str, str] = {}
    said: str = ""  # the body of a failure, which is no secret to whoever asked
    broken: bool = False  # the connection failed
    closed: bool = False  # it was given up because the window had ended

    @property
    def ok(self) -> bool:
        """Whether it was answered with what is evidence, if not to the last byte."""
        return 200 <= self.fetch.status < 300 or self.fetch.status in self.wanted.request.statuses

    @property
    def took_s(self) -> float:
        """How long it took."""
        return self.fetch.ended_s - self.fetch.started_s


class Fetching:
    """Fetches for one collector of one capture."""

    def __init__(
        self, client: Client, window: Window, into: Path, name: str, kind: str, most_bytes: int
    ) -> None:
        self.began_s = time.monotonic()
        self.window = window
        self.room = Room(most_bytes)
        self._client = client
        self._into = into
        self._name = name
        self._kind = kind
        self._last_s = self.began_s + window.collection_time_s + GRACE_S
        self._taken: list[Fetched] = []

    @property
    def index(self) -> Path:
        """The file that tells of all requests."""
        return self._into / f"{self._name}{FETCHES_SUFFIX}"

    def left_s(self) -> float:
        """How much of the collection time is left."""
        return self.began_s + self.window.collection_time_s - time.monotonic()

    async def take(self, wanted: Wanted) -> Fetched:
        """Fetch it into its file; raises CollectorError where that cannot be written. It is not told yet."""
        with EvidenceFile(self._into / wanted.file, self.room, cut=wanted.cut) as file:
            answer = _Answer(wanted, file)
            try:
                response = await self._until_closed(answer)
            except FetchError as error:
                return self._failed(answer, error)
            return self._answered(answer, response)

    def tell(self, taken: Fetched, detail: str = "", remedy: str = "") -> Fetched:
        """Put it into the index, which a later daemon finds if this one is killed; gives it as it is told."""
        if detail or remedy:
            detail = ": ".join(words for words in (taken.fetch.detail, detail) if words)
            fetch = msgspec.structs.replace(taken.fetch, detail=detail, remedy=remedy or taken.fetch.remedy)
            taken = msgspec.structs.replace(taken, fetch=fetch)
        self._taken.append(taken)
        fetches = sorted((one.fetch for one in self._taken), key=lambda fetch: fetch.started_s)
        told = Fetches(collector=self._name, kind=self._kind, fetches=tuple(fetches))
        with writing():
            write_atomic(self.index, coding.encode(told, indent=2), sync=False)
        return taken

    def artifacts(self) -> list[Artifact]:
        """All files that came, and the index; sizes and hashes are the capture's to find out."""
        came = [one for one in self._taken if one.fetch.path]
        described = [(one.fetch.path, one.wanted.kind, one.wanted.media_type) for one in came]
        described.append((f"{EVIDENCE_DIR}/{self.index.name}", FETCHES_KIND, "application/json"))
        return [
            Artifact(path=path, kind=kind, media_type=media_type, size_bytes=0, sha256="")
            for path, kind, media_type in described
        ]

    async def _until_closed(self, answer: "_Answer") -> Response:
        """The answer, unless the window has ended and what may come after it has, too."""
        wanted = answer.wanted
        fetching = self._client.fetch(wanted.request, answer.file.write, answer.begun)
        asked, ended = asyncio.ensure_future(fetching), asyncio.ensure_future(self.window.ended())
        try:
            await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                await asyncio.wait({asked}, timeout=self._after_s(ended.result(), wanted))
            if asked.done():
                return asked.result()
            raise _ClosedError(f"{wanted.url}: no whole answer before the window ended")
        finally:
            ended.cancel()
            asked.cancel()
            await asyncio.wait({asked})
            if not asked.cancelled():
                asked.exception()  # looked at, also where a cancellation of ours overtook it

    def _after_s(self, why: WindowEnd, wanted: Wanted) -> float:
        """How long a request may go on after the window's end."""
        after_s = {WindowEnd.COLLECTION_TIME: wanted.late_s, WindowEnd.ITERATION_ENDED: wanted.early_s}
        return max(0.0, min(after_s.get(why, CLOSING_S), self._last_s - time.monotonic()))

    def _failed(self, answer: "_Answer", error: FetchError) -> Fetched:
        remedy = _ROOM if isinstance(error, FullError) else error.remedy
        return Fetched(
            wanted=answer.wanted,
            fetch=answer.fetch(whole=False, detail=str(error), remedy=remedy),
            broken=isinstance(error.__cause__, _BROKEN),
            closed=isinstance(error, _ClosedError),
        )

    def _answered(self, answer: "_Answer", response: Response) -> Fetched:
        wanted, detail, remedy = answer.wanted, "", ""
        if not response.whole:
            detail, remedy = f"cut off after {wanted.request.max_bytes} bytes", _ROOM
        elif not (response.ok or response.status in wanted.request.statuses):
            detail = f"{response.status}: {quote(response.said, wanted.secrets)}".rstrip(": ")
        answer.status = response.status
        fetch = answer.fetch(whole=response.whole, detail=detail, remedy=remedy)
        return Fetched(wanted=wanted, fetch=fetch, headers=response.headers, said=response.said)


class _Answer:
    """An answer as it comes."""

    def __init__(self, wanted: Wanted, file: EvidenceFile) -> None:
        self.wanted = wanted
        self.file = file
        self.status = 0
        self._started_s = time.monotonic()

    def begun(self, status: int, headers: Mapping[str, str]) -> None:
        """Its body follows."""
        self.status = status
        if self.wanted.named is not None:
            name, media_type = self.wanted.named(headers)
            self.wanted = msgspec.structs.replace(self.wanted, file=name, media_type=media_type)
            self.file.path = self.file.path.with_name(name)

    def fetch(self, *, whole: bool, detail: str, remedy: str) -> Fetch:
        """It is over: what is of no worth leaves no file."""
        if not (whole or self.wanted.cut):
            self.file.drop()
        return Fetch(
            what=self.wanted.what,
            path=f"{EVIDENCE_DIR}/{self.wanted.file}" if self.file.size_bytes else "",
            url=self.wanted.url,
            started_s=self._started_s,
            ended_s=time.monotonic(),
            status=self.status,
            size_bytes=self.file.size_bytes,
            whole=whole,
            detail=detail,
            remedy=remedy,
        )


async def all_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do all of it side by side; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from failures


class _ClosedError(FetchError):
    """A request was given up because the window had ended."""
