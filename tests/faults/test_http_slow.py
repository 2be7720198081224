import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
from aiohttp import web

from tests.unit.web.certificate import make_certificate
from tests.unit.web.peer import BEAT, LONGEST_S, QUICK, heartbeats, listening, peer, post


@pytest.mark.threat("slow")
async def test_half_sent_headers_are_answered_408_and_the_connection_ends() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as slow:
        answer = await slow.ask(b"POST /v1/heartbeat HTTP/1.1\r\nHost: local")
        assert answer.status == 408
        assert "headers" in answer.error["error"]
        assert await slow.rest() == b""


@pytest.mark.threat("slow")
async def test_headers_that_drip_buy_no_time() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as slow:
        ended = asyncio.create_task(slow.rest())
        with contextlib.suppress(ConnectionError):
            for byte in b"POST /v1/heartbeat HTTP/1.1\r\nX: " + b"a" * 10_000:
                if ended.done():
                    break
                await slow.send(bytes([byte]))
                await asyncio.wait([ended], timeout=0.01)
        assert (await ended)[:12] in (b"HTTP/1.1 408", b"")  # a reset may overtake the answer


@pytest.mark.threat("slow")
async def test_a_silent_connection_is_closed_without_a_word() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as silent:
        assert await silent.rest() == b""


@pytest.mark.threat("slow")
async def test_a_half_sent_body_is_answered_408() -> None:
    async with heartbeats(bounds=QUICK) as (port, events), peer(port) as slow:
        answer = await slow.ask(post("/v1/heartbeat", BEAT)[:-5])
        assert answer.status == 408
        assert "body" in answer.error["error"]
        assert await slow.rest() == b""
        assert events == []


async def test_a_body_may_come_in_pieces() -> None:
    whole = post("/v1/heartbeat", BEAT)
    async with heartbeats() as (port, events), peer(port) as slow:
        await slow.send(whole[:-20])
        await slow.send(whole[-20:-5])
        assert (await slow.ask(whole[-5:])).status == 204
        assert (await slow.ask(whole)).status == 204
        assert len(events) == 2


async def test_the_next_requests_headers_have_the_same_deadline() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as slow:
        assert (await slow.ask(post("/v1/heartbeat", BEAT))).status == 204
        assert (await slow.ask(b"POST /v1/hea")).status == 408


@pytest.mark.parametrize("first", [post("/v1/heartbeat", BEAT), post("/v1/heartbeat/beat?target=loop")])
async def test_headers_begun_behind_a_whole_request_have_the_same_deadline(first: bytes) -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as slow:
        assert (await slow.ask(first + b"POST /v1/hea")).status == 204
        assert (await slow.answer()).status == 408


async def test_headers_begun_behind_a_late_body_have_the_same_deadline() -> None:
    whole = post("/v1/heartbeat", BEAT)
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as slow:
        await slow.send(whole[:-5])
        assert (await slow.ask(whole[-5:] + b"POST /v1/hea")).status == 204
        assert (await slow.answer()).status == 408


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as idle:
        assert (await idle.ask(post("/v1/heartbeat", BEAT))).status == 204
        assert await idle.rest() == b""


async def test_headers_without_end_are_answered_431() -> None:
    async with heartbeats() as (port, _), peer(port) as flooding:
        ended = asyncio.create_task(flooding.rest())
        with contextlib.suppress(ConnectionError):
            await flooding.send(b"POST /v1/heartbeat HTTP/1.1\r\n")
            for number in range(10_000):
                if ended.done():
                    break
                await flooding.send(b"X-%d: %s\r\n" % (number, b"a" * 1000))
                await asyncio.sleep(0)
        assert (await ended)[:12] in (b"HTTP/1.1 431", b"")  # a reset may overtake the answer


@pytest.mark.threat("slow")
async def test_a_peer_that_takes_no_byte_of_its_answer_is_cut_off() -> None:
    entered, left = asyncio.Event(), asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        entered.set()
        try:
            while True:
                await response.write(b"x" * 65536)
        finally:
            left.set()

    async with listening([web.get("/", endless)], bounds=QUICK) as listener, peer(listener.port) as deaf:
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await deaf.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(LONGEST_S):
            await entered.wait()
            await left.wait()


@pytest.mark.threat("slow")
async def test_a_tls_handshake_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    async with listening([], bounds=QUICK, tls=tls) as listener, peer(listener.port) as silent:
        assert await silent.rest() == b""


async def test_stopping_does_not_wait_for_a_tls_handshake(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    async with listening([], tls=tls) as listener, peer(listener.port) as silent:
        await silent.send(b"\x16\x03\x01")
        async with asyncio.timeout(LONGEST_S):
            await listener.stop()
            assert await silent.rest() == b""


async def test_a_plain_request_to_a_tls_port_is_closed(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    async with listening([], tls=tls) as listener, peer(listener.port) as lost:
        await lost.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/" not in await lost.rest()


async def test_a_tls_peer_that_vanishes_leaves_room(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tls.certificate))
    async with heartbeats() as _, listening([], tls=tls) as listener:
        for _ in range(40):
            async with peer(listener.port) as vanishing:
                await vanishing.send(b"\x16\x03\x01\x00")
        async with asyncio.timeout(LONGEST_S):
            while True:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    async with peer(listener.port, tls=trusting) as real:
                        assert (await real.ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")).status == 404
                        break
                await asyncio.sleep(0.01)
