"""The API in memory: a real HTTP server in a process of its own.

It is run as `python -m daemon.demo.simulator.api SETTINGS`, in JSON. It says on which port it serves, and on
which one it tells its counts, which no fault reaches; and it ends when its standard input does.
"""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from itertools import islice

import msgspec
from aiohttp import web

from daemon.demo.simulator.chaos import REFUSED, SILENT, Outage, Outages, failures, fate
from daemon.demo.simulator.cluster import Cluster
from daemon.demo.simulator.contract import COUNTS_PATH, NODES_PATH, PAGE, PODS_PATH, Counts, Settings
from daemon.demo.simulator.scenario import SCENARIOS
from daemon.demo.simulator.throttle import Throttle

_TICK_S = 0.2
_HOST = "127.0.0.1"
_json = msgspec.json.Encoder()


class Api:
    """Answers for a cluster that follows its scenario."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cluster = Cluster(settings.nodes, settings.pods, settings.seed)
        self._throttle = Throttle(settings.throttle_per_s)
        self._outages = Outages(settings.seed, settings.outage_s, settings.outage_every_s)
        self._failures = failures(settings.seed, settings.node_failures_per_s)
        self._fails_s = next(self._failures, None)
        self._counts = Counts()
        self._outage: Outage | None = None
        self._began_s = time.monotonic()
        self._followed_s = 0.0
        workload = SCENARIOS[settings.scenario](settings.pods, settings.period_s, 0.0)
        if workload.pods:
            self._cluster.create_nodes(settings.nodes, 0.0)
        self._cluster.follow(workload, 0.0, 0.0)

    async def serve(self) -> None:
        """Until standard input ends."""
        asked, counted = web.Application(), web.Application()
        asked.add_routes([
            web.get(NODES_PATH, self._list_nodes),
            web.get(PODS_PATH, self._list_pods),
            web.post(NODES_PATH, self._create_nodes),
            web.delete(NODES_PATH + "/{name}", self._delete_node),
        ])  # fmt: skip
        counted.add_routes([web.get(COUNTS_PATH, self._tell_counts)])
        runners = [web.AppRunner(one, access_log=None, shutdown_timeout=0.1) for one in (asked, counted)]
        for runner in runners:
            await runner.setup()
        site, counts_site = (web.TCPSite(runner, _HOST, 0) for runner in runners)
        await site.start()
        await counts_site.start()
        port, counts_port = (runner.addresses[0][1] for runner in runners)
        print(port, counts_port, flush=True)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
        await self._live(ended, runners[0], site, port)
        for runner in runners:
            await runner.cleanup()

    async def _live(self, ended: asyncio.Event, runner: web.AppRunner, site: web.TCPSite, port: int) -> None:
        """Time passes: the scenario goes on, nodes fail, outages begin and end."""
        while not ended.is_set():
            self._tick()
            before, self._outage = self._outage, self._outages.at(self._now_s())
            self._counts.outages += before is None and self._outage is not None
            if _is(self._outage, REFUSED) and not _is(before, REFUSED):
                await site.stop()
            elif _is(before, REFUSED) and not _is(self._outage, REFUSED):
                site = web.TCPSite(runner, _HOST, port)
                await site.start()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _TICK_S)

    def _tick(self) -> None:
        now_s, settings = self._now_s(), self._settings
        workload = SCENARIOS[settings.scenario](settings.pods, settings.period_s, now_s)
        self._cluster.follow(workload, now_s - self._followed_s, now_s)
        self._followed_s = now_s
        while self._fails_s is not None and self._fails_s <= now_s:
            self._counts.failed_nodes += bool(self._cluster.fail_node())
            self._fails_s = next(self._failures, None)

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s

    async def _list_nodes(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, lambda: web.json_response(body=_json.encode(self._nodes())))

    async def _list_pods(self, request: web.Request) -> web.StreamResponse:
        begin = int(request.query.get("from", 0))
        return await self._answer(request, lambda: web.json_response(body=_json.encode(self._pods(begin))))

    async def _create_nodes(self, request: web.Request) -> web.StreamResponse:
        count = int(request.query["count"])
        return await self._answer(
            request, lambda: web.json_response(self._cluster.provision(count, self._now_s()), status=201)
        )

    async def _delete_node(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        return await self._answer(
            request, lambda: web.Response(status=200 if self._cluster.delete_node(name) else 404)
        )

    async def _tell_counts(self, request: web.Request) -> web.StreamResponse:
        counts, cluster = self._counts, self._cluster
        counts.nodes, counts.pods, counts.pending = len(cluster.nodes), len(cluster.pods), cluster.pending
        return web.json_response(body=_json.encode(counts))

    def _nodes(self) -> dict[str, object]:
        cluster = self._cluster
        nodes = list(cluster.nodes.values())
        return {"items": nodes, "cpu_m": cluster.node_cpu_m, "generation": cluster.generation}

    def _pods(self, begin: int) -> dict[str, object]:
        items = list(islice(self._cluster.pods.values(), begin, begin + PAGE))
        following = begin + PAGE if begin + PAGE < len(self._cluster.pods) else 0
        return {"items": items, "following": following}

    async def _answer(
        self, request: web.Request, made: Callable[[], web.StreamResponse]
    ) -> web.StreamResponse:
        """What the request asks for, unless something is in its way."""
        settings = self._settings
        self._counts.calls += 1
        if self._outage is not None:
            return await self._lose(request, self._outage)
        if (wait_s := self._throttle.take(self._now_s())) > 0:
            self._counts.throttled += 1
            return web.Response(status=429, headers={"Retry-After": str(int(wait_s) + 1)})
        meets = fate(settings.seed, self._counts.calls, settings.latency_s, settings.error_rate)
        await asyncio.sleep(meets.latency_s)
        if meets.error:
            self._counts.errors += 1
            return web.Response(status=meets.error)
        return made()

    async def _lose(self, request: web.Request, outage: Outage) -> web.StreamResponse:
        """Nothing comes back: at once, or not while the outage lasts."""
        self._counts.unreachable += 1
        if outage.kind == SILENT:
            await asyncio.sleep(outage.ends_s - self._now_s())
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=503)


def _is(outage: Outage | None, kind: str) -> bool:
    return outage is not None and outage.kind == kind


def main() -> None:
    """Serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us, whose end we see
    asyncio.run(Api(msgspec.json.decode(sys.argv[1], type=Settings)).serve())


if __name__ == "__main__":
    main()
