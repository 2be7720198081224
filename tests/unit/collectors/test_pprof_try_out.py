"""Whether pprof is there is found out long before it is needed."""

import pytest
from aiohttp import web

from collectors.pprof import Pprof
from model.capture import Outcome
from model.errors import CollectorError
from tests.serving import Answer, served, serving, target

LIST, ONE = "/debug/pprof/", "/debug/pprof/goroutine?debug=1"


def only(path: str, status: int = 404) -> Answer:
    """A server that has nothing else."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.path_qs == path else status)

    return answer


async def test_a_list_of_profiles_is_enough() -> None:
    async with serving(served()) as server:
        await Pprof().try_out(target(server.port))
    assert server.asked == [LIST]


async def test_single_profiles_without_a_list_will_do() -> None:
    async with serving(only(ONE)) as server:
        await Pprof().try_out(target(server.port))
    assert server.asked == [LIST, ONE]


@pytest.mark.parametrize(
    ("status", "outcome", "remedy"),
    [
        (404, Outcome.UNSUPPORTED, "start karpenter with --enable-profiling"),
        (403, Outcome.NOT_PERMITTED, "nonResourceURLs"),
        (500, Outcome.FAILED, ""),
    ],
)
async def test_why_it_would_not_work_is_told(status: int, outcome: Outcome, remedy: str) -> None:
    async with serving(only("", status)) as server:
        with pytest.raises(CollectorError) as caught:
            await Pprof().try_out(target(server.port, "karpenter"))
    assert caught.value.outcome is outcome
    assert remedy in caught.value.remedy
    assert str(caught.value) == f"http://127.0.0.1:{server.port}/debug/pprof/: {status}"


async def test_that_nobody_is_there_is_told() -> None:
    async with serving(served()) as server:
        port = server.port
    with pytest.raises(CollectorError) as caught:
        await Pprof().try_out(target(port))
    assert caught.value.outcome is Outcome.FAILED
    assert "connection refused" in str(caught.value)
