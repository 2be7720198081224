"""The least that could do the daemon's HTTP: bare aiohttp and prometheus-client."""

import asyncio

from aiohttp import web
from prometheus_client import Counter, generate_latest

EVENTS = Counter("events", "Heartbeats that arrived.")


async def heartbeat(request: web.Request) -> web.Response:
    """Read, count, answer."""
    await request.read()
    EVENTS.inc()
    return web.Response(status=204)


async def metrics(_request: web.Request) -> web.Response:
    """All series."""
    return web.Response(body=generate_latest(), content_type="text/plain")


async def main() -> None:
    """Say the port, and serve until ended."""
    app = web.Application()
    app.add_routes([web.post("/v1/heartbeat", heartbeat), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
