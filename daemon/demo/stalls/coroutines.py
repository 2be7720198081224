"""Stalls of an asyncio loop that cannot go on, as a coroutine does not let it."""

import asyncio
import http.client
import time
from collections.abc import Callable

from daemon.demo.packing import simulate_binpacking_of_pending_pods
from daemon.demo.stalls.contract import Setting
from daemon.demo.stalls.remotes import list_instances, silent


async def reconcile(block: Callable[[], object]) -> None:
    """A coroutine that waits properly at first, and then calls something that is not made for it."""
    await asyncio.sleep(0.01)
    block()


async def answer_probes() -> None:
    """What the loop should do meanwhile."""
    for _ in range(1_000_000):
        await asyncio.sleep(0.05)


async def _application(block: Callable[[], object]) -> None:
    probes = asyncio.create_task(answer_probes())
    await reconcile(block)
    probes.cancel()


def settle(setting: Setting) -> None:
    """`time.sleep` in a coroutine."""
    asyncio.run(_application(lambda: time.sleep(setting.seconds)))


def settle_packing(setting: Setting) -> None:
    """A coroutine that computes."""
    asyncio.run(_application(lambda: simulate_binpacking_of_pending_pods(setting.seconds)))


def settle_remote(setting: Setting) -> None:
    """A blocking HTTP client in a coroutine."""
    with silent(setting.seconds) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        asyncio.run(_application(lambda: list_instances(connection)))
