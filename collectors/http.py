"""Fetches one URL of a target at the trigger, at the window's end, or both."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import parse_qsl, urlsplit

from msgspec import Meta

from collectors.contract import Collector, Target, Window
from collectors.fetching import CLOSING_S, GRACE_S, Fetched, Fetching, Wanted, all_of
from collectors.http_files import MEDIA_TYPE, described
from collectors.http_words import explained, judged
from fetch.access import Endpoint
from fetch.client import Client, Request
from fetch.headers import header_faults
from model.artifacts import Artifact
from model.capture import Outcome, WindowEnd
from model.errors import CollectorError, FetchError
from model.secrets import Secret
from model.units import ByteSize, Seconds

KIND = "http"
RESPONSE_KIND = "http_response"
TRIGGER, END = "trigger", "end"
SHORTEST_SECRET = 6  # of a query's values: shorter ones are numbers and switches


class Http(Collector, frozen=True, kw_only=True):
    """Fetches a URL of the target: metrics, a snapshot, a health check, a flight recorder."""

    needs_address: ClassVar[bool] = True

    path: Annotated[
        str,
        Meta(
            pattern=r"^/[^\s#]*$",
            extra={"rule": "a path that begins with a slash"},
            description="What is fetched, with its query, which is never shown.",
        ),
    ]
    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="Its port, where that is not the one of the target's `address`."),
    ] = None
    when: Annotated[
        Literal["trigger", "end", "both"],
        Meta(
            description="At the trigger, at the window's end, or at both: then the report shows what changed."
        ),
    ] = "trigger"
    method: Annotated[Literal["GET", "POST", "PUT"], Meta(description="How it is asked for.")] = "GET"
    headers: Annotated[dict[str, Secret], Meta(description="Further headers; the values are secrets.")] = {}
    body: Annotated[Secret | None, Meta(description="What is sent with POST or PUT.")] = None
    statuses: Annotated[
        tuple[Annotated[int, Meta(ge=400, le=599)], ...],
        Meta(description="Statuses besides 2xx whose answer is evidence, such as 500 of a health check."),
    ] = ()
    deadline: Annotated[
        Seconds,
        Meta(
            ge=0.1,
            le=3600,
            description="How long an answer may take. The window's end ends it, too: a second later, and 4s "
            "later for what is fetched at the end.",
        ),
    ] = Seconds(20)
    max_bytes: Annotated[
        ByteSize, Meta(ge=1, description="The most of one answer; what is beyond is cut off.")
    ] = ByteSize(16 * 2**20)
    media_type: Annotated[
        str | None,
        Meta(
            pattern=rf"^{MEDIA_TYPE.pattern}$",
            extra={"rule": "a media type such as application/json"},
            description="What the answer is, in place of what the server says.",
        ),
    ] = None

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Headers that can be sent, and a body where one belongs."""
        yield from header_faults(self.headers)
        if self.body is not None and self.method == "GET":
            yield "body", "***", "means nothing with `method: GET`"

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Sequence[Artifact]:
        """Fetch it; raises CollectorError where something is wrong, what came stays."""
        if target.endpoint is None:
            raise CollectorError(Outcome.UNSUPPORTED, "no address", remedy="set the target's `address`")
        try:
            async with Client(target.endpoint) as client:
                fetching = Fetching(client, window, into, name, KIND, 2 * self.max_bytes)
                one = _Fetcher(self, target.endpoint, fetching, name)
                await one.run()
        except FetchError as error:  # its certificates
            raise CollectorError(Outcome.FAILED, str(error), remedy=error.remedy) from error
        if failure := judged(one.taken, one.failed, alive=target.alive()):
            if failure.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_PERMITTED):
                fetching.index.unlink(missing_ok=True)  # all that it says is said here
            raise failure
        return fetching.artifacts() if one.taken else []


class _Fetcher:
    def __init__(self, options: Http, endpoint: Endpoint, fetching: Fetching, name: str) -> None:
        self.taken: list[Fetched] = []
        self.failed: list[Fetched] = []
        self._options = options
        self._fetching = fetching
        self._asking = Asking(options, endpoint, name)

    async def run(self) -> None:
        """At the trigger, at the end, or both: a request that hangs does not hold up the other."""
        moments = {"trigger": [TRIGGER], "end": [END], "both": [TRIGGER, END]}[self._options.when]
        await all_of(*map(self._fetch, moments))

    async def _fetch(self, moment: str) -> None:
        if moment == END and await self._fetching.window.ended() in (WindowEnd.DISABLED, WindowEnd.SHUTDOWN):
            return
        taken = await self._fetching.take(self._asking.wanted(moment))
        detail, remedy = explained(self._options.path, taken)
        taken = self._fetching.tell(taken, detail, remedy)
        self.taken.append(taken)
        if not (taken.ok and taken.fetch.whole):
            self.failed.append(taken)


class Asking:
    """Makes the requests for one URL of one target, as its options have it."""

    def __init__(self, options: Http, endpoint: Endpoint, name: str) -> None:
        self._options = options
        self._name = name
        split = urlsplit(options.path)
        self._url = endpoint.at(options.port or endpoint.port) + split.path
        values = [value for _, value in parse_qsl(split.query) if len(value) >= SHORTEST_SECRET]
        self._secrets = (Secret(split.query), *map(Secret, values), *options.headers.values())

    def _named(self, moment: str, headers: Mapping[str, str]) -> tuple[str, str]:
        """Its file's name and media type."""
        said, packed = headers.get("content-type", ""), headers.get("content-encoding", "")
        extension, media_type = described(self._options.media_type or said, packed)
        return f"{self._name}-{moment}{extension}", media_type

    def wanted(self, moment: str) -> Wanted:
        """The request of a moment, which its file's name bears."""
        options = self._options
        after_s = GRACE_S if moment == END else CLOSING_S
        return Wanted(
            what=self._name,
            file=f"{self._name}-{moment}",
            kind=RESPONSE_KIND,
            media_type="application/octet-stream",
            request=Request(
                path=options.path,
                deadline_s=min(options.deadline, GRACE_S) if moment == END else options.deadline,
                max_bytes=options.max_bytes,
                port=options.port,
                method=options.method,
                headers={_spelt(name): value.reveal() for name, value in options.headers.items()},
                body=options.body.reveal().encode() if options.body else b"",
                statuses=options.statuses,
            ),
            url=self._url,
            early_s=after_s,
            late_s=after_s,
            named=partial(self._named, moment),
            cut=True,
            secrets=self._secrets,
        )


def _spelt(name: str) -> str:
    """A header's name; one for authorization takes the place of the target's token."""
    return "Authorization" if name.lower() == "authorization" else name
