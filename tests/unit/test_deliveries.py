"""Renderers are started ahead of their reports only as long as those do not queue."""

import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from daemon.delivery.deliveries import Deliveries
from daemon.spool.entry import Entry
from daemon.spool.spool import Spool
from daemon.worker.handle import Worker


@dataclass
class Report:
    """As much of an entry as waiting for its turn needs."""

    id: str


async def test_no_renderer_is_started_ahead_while_reports_wait_to_be_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = asyncio.Event()

    async def draw(entry: Entry, warm: Worker | None = None) -> None:
        await slow.wait()

    monkeypatch.setattr("daemon.delivery.deliveries.draw", draw)
    deliveries = Deliveries([], cast("Spool", None), lambda *_: None)
    waiting = []
    for number in range(3):
        started = await deliveries.warm()
        assert (started is not None) is (number < 2)
        if started is not None:
            await started.end()
        report = cast("Entry", Report(str(number)))
        waiting.append(asyncio.create_task(deliveries.accepted(report)))
        await asyncio.sleep(0)
    slow.set()
    await asyncio.gather(*waiting)
    again = await deliveries.warm()
    assert again is not None
    await again.end()
