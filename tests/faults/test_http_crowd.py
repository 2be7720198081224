import asyncio
import contextlib
import logging
import os
import resource
import socket
from collections.abc import Iterator

import pytest

from daemon.web import gate
from daemon.web.bounds import Bounds
from tests.unit.web.peer import BEAT, LONGEST_S, Peer, heartbeats, peer, post, until

FEW = Bounds(connections=8, connections_per_peer=3)
CROWD = 1000


async def status_of_a_new_connection(port: int, source: str = "127.0.0.1") -> int:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        async with peer(port, source=source) as one:
            return (await one.ask(post("/v1/heartbeat", BEAT))).status
    return 0  # cut off before it could read


async def eventually_welcome(port: int, source: str = "127.0.0.1") -> None:
    async with asyncio.timeout(LONGEST_S):
        while True:
            if await status_of_a_new_connection(port, source) == 204:
                return
            await asyncio.sleep(0.01)


@pytest.mark.threat("slow")
@pytest.mark.fault("D6")
async def test_one_address_gets_no_more_than_its_share() -> None:
    async with contextlib.AsyncExitStack() as stack:
        port, _ = await stack.enter_async_context(heartbeats(bounds=FEW))
        held = [await stack.enter_async_context(peer(port)) for _ in range(3)]
        for one in held:
            assert (await one.ask(post("/v1/heartbeat", BEAT))).status == 204
        surplus = await stack.enter_async_context(peer(port))
        answer = await surplus.answer()
        assert answer.status == 429
        assert "keep one open" in answer.error["remedy"]
        assert await surplus.rest() == b""
        assert await status_of_a_new_connection(port, "127.0.0.2") == 204


@pytest.mark.fault("D6")
async def test_a_place_that_is_left_is_free_again() -> None:
    async with heartbeats(bounds=FEW) as (port, _):
        for _ in range(3 * FEW.connections):
            await eventually_welcome(port)


@pytest.mark.fault("D6")
async def test_all_addresses_together_get_no_more_than_there_is() -> None:
    async with contextlib.AsyncExitStack() as stack:
        port, _ = await stack.enter_async_context(heartbeats(bounds=FEW))
        for number in range(FEW.connections):
            one = await stack.enter_async_context(peer(port, source=f"127.0.1.{1 + number}"))
            assert (await one.ask(post("/v1/heartbeat", BEAT))).status == 204
        surplus = await stack.enter_async_context(peer(port, source="127.0.2.1"))
        answer = await surplus.answer()
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert "too many" in answer.error["error"]


@pytest.fixture
def crowd() -> Iterator[list[socket.socket]]:
    sockets: list[socket.socket] = []
    yield sockets
    for sock in sockets:
        sock.close()


@pytest.mark.threat("slow")
@pytest.mark.fault("D6")
async def test_a_thousand_half_open_connections_do_not_keep_heartbeats_out(
    crowd: list[socket.socket],
) -> None:
    bounds = Bounds(header_s=0.5)
    async with heartbeats(bounds=bounds) as (port, events), peer(port) as early:
        assert (await early.ask(post("/v1/heartbeat", BEAT))).status == 204
        for number in range(CROWD):
            sock = socket.socket()
            crowd.append(sock)
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect(("127.0.0.1", port))
            if number % 100 == 0:  # let the listener accept; a connection that lasts is not disturbed
                assert (await early.ask(post("/v1/heartbeat", BEAT))).status == 204
            with contextlib.suppress(OSError):
                sock.send(b"POST /v1/heartbeat HTTP/1.1\r\nHost: l")
        assert (await early.ask(post("/v1/heartbeat", BEAT))).status == 204
        assert await status_of_a_new_connection(port, "127.0.0.9") == 204  # others are not concerned
        await eventually_welcome(port)  # and the crowd's own address is, once deadlines have passed
        assert len(events) >= 14


@pytest.mark.fault("D6", "S14")
async def test_running_out_of_descriptors_is_survived(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gate, "_REST_S", 0.05)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with heartbeats() as (port, _):
        with socket.socket() as sock:
            sock.setblocking(False)
            highest = max(map(int, os.listdir("/proc/self/fd")))
            free = [socket.socket() for _ in range(highest)]  # no gap below the limit is left
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (max(s.fileno() for s in free) + 1, hard))
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
                await until(lambda: "cannot accept" in caplog.text)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
                for one in free:
                    one.close()
            reader, writer = await asyncio.open_connection(sock=sock.dup())
            waiting = Peer(reader, writer)
            assert (await waiting.ask(post("/v1/heartbeat", BEAT))).status == 204
            waiting.abort()
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


@pytest.mark.threat("slow")
@pytest.mark.fault("D6")
async def test_half_said_requests_do_not_shut_out_others_behind_the_same_address() -> None:
    async with contextlib.AsyncExitStack() as stack:
        port, _ = await stack.enter_async_context(heartbeats(bounds=FEW))
        for _ in range(3 * FEW.connections):
            half = await stack.enter_async_context(peer(port))
            await half.send(b"GET /he")
            assert await status_of_a_new_connection(port) == 204
