"""Targets whose HTTP is asked: whether their metrics answer, and whether collectors would take something."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from daemon.config.settings import Target
from daemon.doctor.findings import Finding, Level, Remedy
from daemon.sources.metrics.options import Metrics
from daemon.targets.addresses import Lookup
from daemon.targets.collecting import check_collectors
from daemon.targets.held import HeldAddress
from daemon.targets.possible import NO_ADDRESS, Possible
from fetch.client import Client, Request
from model.errors import FetchError

WITHIN_S = 5.0


def judged(target: Target) -> list[Finding]:
    """Of each of its addresses."""
    return asyncio.run(_judged(target))


async def _judged(target: Target) -> list[Finding]:
    members = await Lookup(target).look()
    if not members:
        written = ", ".join(target.address)
        what = f"{written}: {NO_ADDRESS.detail if members == {} else 'no name server answers'}"
        mend = Remedy(command=NO_ADDRESS.remedy)
        return [Finding(check="address", level=Level.PROBLEM, what=what, remedy=mend, subject=target.name)]
    each = await asyncio.gather(*(_member(name, member) for name, member in members.items()))
    return [finding for findings in each for finding in findings]


async def _member(name: str, target: Target) -> list[Finding]:
    address = target.address[0]
    possible = await check_collectors(target, HeldAddress(address))
    return [*[one async for one in _metrics(name, target)], *_collectors(name, address, possible)]


async def _metrics(name: str, target: Target) -> AsyncIterator[Finding]:
    for part in target.iterations:
        if not isinstance(part.options, Metrics) or target.endpoint is None:
            continue
        path, port = part.options.path, part.options.port
        url = f"{target.endpoint.at(port or target.endpoint.port)}{path.partition('?')[0]}"
        request = Request(path=path, port=port, deadline_s=WITHIN_S, max_bytes=part.options.max_bytes)
        try:
            async with Client(target.endpoint) as client:
                response = await client.fetch(request, len)
        except FetchError as error:
            yield _wrong("metrics", name, str(error), "no iteration is heard of", error.remedy)
            continue
        if response.ok:
            yield Finding(check="metrics", level=Level.OK, what=f"{url} answers", subject=name)
        else:
            yield _wrong("metrics", name, f"{url}: {response.status}", "no iteration is heard of", "")


def _collectors(name: str, address: str, possible: Possible) -> Iterator[Finding]:
    if not possible.possible:
        yield _wrong("collect", name, possible.detail, "nothing could be taken", possible.remedy)
    elif possible.detail:
        mend = Remedy(command=possible.remedy)
        yield Finding(check="collect", level=Level.WARNING, what=possible.detail, remedy=mend, subject=name)
    else:
        yield Finding(
            check="collect", level=Level.OK, what=f"{address}: collectors would take something", subject=name
        )


def _wrong(check: str, name: str, what: str, why: str, helps: str) -> Finding:
    return Finding(
        check=check, level=Level.PROBLEM, what=what, why=why, remedy=Remedy(command=helps), subject=name
    )
