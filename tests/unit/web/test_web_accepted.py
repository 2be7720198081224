"""A heartbeat's answer is the same whether it is written at once or by aiohttp."""

import time
from email.utils import parsedate_to_datetime

import pytest

from tests.unit.web.peer import BEAT, heartbeats, peer

KEPT = "POST /v1/heartbeat HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def said(head: str, body: bytes = BEAT) -> bytes:
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("head", "connection"),
    [
        (KEPT, None),
        (KEPT.replace("heartbeat ", "heartbeat?a=b "), None),  # by way of the routes
        (KEPT + "Expect: 100-continue\r\n", None),
        (KEPT + "Connection: close\r\n", "close"),
        (KEPT.replace("1.1\r", "1.0\r"), None),
        (KEPT.replace("1.1\r", "1.0\r") + "Connection: keep-alive\r\n", "keep-alive"),
    ],
)
async def test_it_is_204_with_a_date_and_our_name(head: str, connection: str | None) -> None:
    async with heartbeats() as (port, events), peer(port) as one:
        before_s = int(time.time())
        await one.send(said(head))
        answer = await one.answer()
        if answer.status == 100:
            answer = await one.answer()
        headers = dict(answer.headers)
        dated_s = parsedate_to_datetime(headers.pop("date")).timestamp()
        assert before_s <= dated_s <= time.time()
        assert headers.pop("connection", None) == connection
        assert (answer.status, headers, answer.body) == (204, {"server": "loopcam"}, b"")
        assert len(events) == 1


async def test_pipelined_heartbeats_are_answered_each_in_turn() -> None:
    async with heartbeats() as (port, events), peer(port) as one:
        await one.send(said(KEPT) + said(KEPT, b"no") + said(KEPT) + said(KEPT + "Connection: close\r\n"))
        assert [(await one.answer()).status for _ in range(4)] == [204, 400, 204, 204]
        assert await one.reader.read() == b""
        assert len(events) == 3


async def test_an_expectation_that_nobody_knows_fails_on_the_short_way_too() -> None:
    async with heartbeats() as (port, events), peer(port) as one:
        await one.send(said(KEPT + "Expect: wonders\r\n"))
        assert (await one.answer()).status == 417
        assert events == []
