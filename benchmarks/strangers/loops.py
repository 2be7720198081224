"""Event loops: asyncio's and gevent's."""

import asyncio
import http.client
import json

from benchmarks.strangers.contract import Place, crunch, lasting
from benchmarks.strangers.pools import ask

_CLUSTER = {f"node-{number}": {"pods": list(range(40)), "zone": "a"} for number in range(3000)}


def await_executor(place: Place) -> None:
    """A coroutine that waits for a blocking client in a thread."""

    async def reconcile() -> None:
        await asyncio.get_running_loop().run_in_executor(None, ask, place)

    asyncio.run(reconcile())


def await_thread(place: Place) -> None:
    """A coroutine that waits for a computation in a thread."""

    async def reconcile() -> None:
        await asyncio.to_thread(crunch, place.seconds)

    asyncio.run(reconcile())


def encode_in_coroutine(place: Place) -> None:
    """A coroutine that encodes JSON, and lets nobody else run."""

    async def report() -> None:
        for _ in lasting(place.seconds):
            json.dumps(_CLUSTER)

    asyncio.run(report())


def await_stream(place: Place) -> None:
    """A coroutine that awaits a reply, as it should: no stack shows it."""

    async def call() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(f"GET /silent?seconds={place.seconds} HTTP/1.0\r\n\r\n".encode())
        await reader.read()
        writer.close()

    asyncio.run(call())


def patch(place: Place) -> None:
    """As gevent's users do at the start."""
    from gevent import monkey

    monkey.patch_all()


def join_greenlets(place: Place) -> None:
    """Requests in greenlets, which one waits for."""
    import gevent

    def call() -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=2 * place.seconds)
        connection.request("GET", f"/silent?seconds={place.seconds}")
        return connection.getresponse().read()

    gevent.joinall([gevent.spawn(call) for _ in range(3)])
