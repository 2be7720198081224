"""Go's own profiles (net/http/pprof), fetched over HTTP: CPU, goroutines, memory, contention, trace."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from collectors.contract import Collector, Taken, Target, Window
from collectors.fetching import Fetching
from collectors.pprof_requests import Requests
from collectors.pprof_taking import Taking
from collectors.pprof_words import absent, judged, not_served
from fetch.client import Client, Request
from model.capture import Outcome
from model.errors import CollectorError, FetchError
from model.events import PlanName
from model.units import ByteSize, Seconds

KIND = "pprof"
TRIAL_S = 5.0
Profile = Literal["cpu", "goroutines", "heap", "allocs", "mutex", "block", "trace"]

_LIGHT: tuple[Profile, ...] = ("goroutines",)


class Pprof(Collector, frozen=True, kw_only=True):
    """Takes the profiles that a Go program serves over HTTP."""

    needs_address: ClassVar[bool] = True
    light: ClassVar[bool] = True  # of which it takes goroutines alone

    port: Annotated[
        int | None,
        Meta(ge=1, le=65535, description="Its port, where that is not the one of the target's `address`."),
    ] = None
    path: Annotated[
        str,
        Meta(
            pattern=r"^/[^\s?#]*$",
            extra={"rule": "a path that begins with a slash, without a query"},
            description="Where net/http/pprof is served.",
        ),
    ] = "/debug/pprof"
    profiles: Annotated[
        tuple[Profile, ...],
        Meta(
            min_length=1,
            description="What is taken. `goroutines`: at the trigger and sampled over the window; `cpu`, "
            "`mutex`, `block`: over the window; `heap`, `allocs`: at the trigger; `trace`: for `trace_time`.",
        ),
    ] = ("cpu", "goroutines", "heap", "mutex", "block")
    goroutine_interval: Annotated[
        Seconds,
        Meta(
            ge=0.01,
            le=3600,
            description="How often goroutines are sampled. A dump stops the program for a moment: where it "
            "takes long, they come less often, for at most 5% of the time.",
        ),
    ] = Seconds(1)
    most_goroutines: Annotated[
        int,
        Meta(
            ge=1,
            description="Where there are more goroutines, none are dumped: a dump stops the program for 0.02 "
            "to 0.15 ms for each.",
        ),
    ] = 10_000
    trace_time: Annotated[
        Seconds,
        Meta(ge=0.1, le=60, description="How long the execution is traced, if it is: megabytes a second."),
    ] = Seconds(1)
    max_bytes: Annotated[
        ByteSize,
        Meta(ge=2**16, description="The most bytes of one capture; goroutine samples take half of them."),
    ] = ByteSize(64 * 2**20)

    def check(self) -> Iterable[tuple[str, str, str]]:
        """Each profile once."""
        for what in sorted({one for one in self.profiles if self.profiles.count(one) > 1}):
            yield "profiles", what, "each of them once"

    async def try_out(self, target: Target) -> None:
        """Ask for the list of profiles, or else for one; raises CollectorError where there is neither."""
        if target.endpoint is None:
            return
        port, path = self.port or target.endpoint.port, self.path.rstrip("/")
        statuses = []
        try:
            async with Client(target.endpoint) as client:
                for one in ("/", "/goroutine?debug=1"):  # some serve single profiles, and no list
                    request = Request(path=path + one, port=port, deadline_s=TRIAL_S, max_bytes=1)
                    response = await client.fetch(request, len)
                    if response.ok:
                        return
                    statuses.append(response.status)
        except FetchError as error:
            raise absent(0, str(error), target.presets, error.remedy) from error
        why = f"{target.endpoint.at(port)}{path}/: {statuses[0]}"
        raise absent(statuses[0], why, target.presets)

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Taken:
        """Take the profiles; raises CollectorError where something is wrong, what came stays."""
        if target.endpoint is None:
            raise CollectorError(Outcome.UNSUPPORTED, "no address", remedy="set the target's `address`")
        light = target.trigger.plan is PlanName.LIGHT
        try:
            async with Client(target.endpoint) as client:
                fetching = Fetching(client, window, into, name, KIND, self.max_bytes)
                requests = Requests(target.endpoint, self.path, self.port, name, self.max_bytes)
                taking = Taking(requests, fetching, client, target.presets)
                await taking.take(
                    _LIGHT if light else self.profiles,
                    every_s=self.goroutine_interval,
                    trace_s=self.trace_time,
                    most_goroutines=self.most_goroutines,
                )
                gone = not target.alive() or await taking.gone()
        except FetchError as error:  # its certificates
            raise CollectorError(Outcome.FAILED, str(error), remedy=error.remedy) from error
        if failure := judged(taking.failed, taking.came, gone=gone, presets=target.presets):
            if failure.outcome in (Outcome.UNSUPPORTED, Outcome.NOT_PERMITTED):
                fetching.index.unlink(missing_ok=True)  # all that it says is said here
            raise failure
        remarks = filter(None, (taking.remark, not_served(taking.failed)))
        return Taken(artifacts=tuple(fetching.artifacts()), detail="; ".join(remarks))
