import contextlib
import gzip
import logging
import os

import pytest

from tests.unit.web.peer import BEAT, QUICK, get, heartbeats, peer, post, until

POST = b"POST /v1/heartbeat HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = b"POST /v1/heartbeat/beat?target=loop HTTP/1.1\r\nHost: localhost\r\n\r\n"

GARBAGE = {
    "not HTTP": b"\x00\x01\x02\x03\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 512,
    "a line of nothing": b"\r\n\r\n\r\nGET\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown method": b"BREW /v1/heartbeat HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "unknown version": b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "length and chunks": POST
    + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 70\r\n\r\n" + SMUGGLED,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "a signed length": POST + b"Content-Length: +5\r\n\r\n" + SMUGGLED,
    "a length that is no number": POST + b"Content-Length: 0x10\r\n\r\n" + SMUGGLED,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
    "space before the colon": POST + b"Content-Length : 5\r\n\r\n" + SMUGGLED,
    "a folded header": POST + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n" + SMUGGLED,
    "a NUL in a header": POST + b"X: a\x00b\r\n\r\n",
    "a bare CR in a header": POST + b"X: a\rContent-Length: 0\r\n\r\n",
    "a bad chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "two hosts": POST + b"Host: evil.example\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a coding twice": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "a vertical tab before the coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a list of lengths": POST + b"Content-Length: 0, 0\r\n\r\n" + SMUGGLED,
    "a length with a blank": POST + b"Content-Length: 0 0\r\n\r\n" + SMUGGLED,
    "a chunk of a negative size": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
    "a chunk of a huge size": POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n" + SMUGGLED,
    "a chunk longer than it says": POST
    + b"Transfer-Encoding: chunked\r\n\r\n1\r\naa\r\n0\r\n\r\n"
    + SMUGGLED,
    "a bare LF in a chunk's extension": POST + b"Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n" + SMUGGLED,
    "a NUL in the path": b"POST /v1/heartbeat/beat?target=loop\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a blank in the path": b"POST /v1/heartbeat /beat HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
}
TOO_LARGE = {
    "a long path": b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a long header": POST + b"X: " + b"a" * 5000 + b"\r\n\r\n",
    "a long header name": POST + b"X" * 5000 + b": a\r\n\r\n",
    "many headers": POST + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n",
}


@pytest.mark.threat("smuggling")
@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_is_refused_and_nothing_behind_it_is_heard(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with heartbeats(bounds=QUICK) as (port, events), peer(port) as rude:
        answer = await rude.ask(data)
        assert answer.status in (400, 405), answer
        assert answer.error["remedy"]
        await rude.rest()
        assert events == []
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []


@pytest.mark.threat("slow")
@pytest.mark.parametrize("data", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_large_headers_are_answered_431(data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with heartbeats() as (port, _), peer(port) as rude:
        answer = await rude.ask(data)
        assert answer.status == 431
        assert answer.error["remedy"]
        await rude.rest()
    assert caplog.records == []


async def test_random_bytes_never_stop_the_listener(caplog: pytest.LogCaptureFixture) -> None:
    async with heartbeats(bounds=QUICK) as (port, events):
        for length in (1, 10, 100, 1000, 10_000, 100_000):
            async with peer(port) as rude:
                with contextlib.suppress(ConnectionError):
                    await rude.send(os.urandom(length))
                await rude.rest()
        async with peer(port) as polite:
            assert (await polite.ask(post("/v1/heartbeat", BEAT))).status == 204
        assert len(events) == 1
    assert caplog.records == []


@pytest.mark.parametrize("headers", [b"Content-Length: 1000000000\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_body_above_the_limit_is_answered_413_before_it_is_read(headers: bytes) -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as large:
        answer = await large.ask(POST + headers + b"\r\n" + b"1388\r\n" + b" " * 5000)
        assert answer.status == 413
        assert answer.error["remedy"]
        await large.rest()


async def test_a_whole_body_above_the_limit_is_answered_413() -> None:
    async with heartbeats() as (port, events), peer(port) as large:
        assert (await large.ask(post("/v1/heartbeat", BEAT + b" " * 4096))).status == 413
        assert events == []


@pytest.mark.threat("bombs")
async def test_a_compressed_body_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    async with heartbeats() as (port, _), peer(port) as packed:
        answer = await packed.ask(post("/v1/heartbeat", bomb, "Content-Encoding: gzip"))
        assert answer.status == 415
        assert "compress" in answer.error["remedy"]


async def test_a_peer_that_vanishes_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with heartbeats() as (port, events):
        for data in (POST, POST + b"Content-Length: 50\r\n\r\nabc", post("/v1/heartbeat", BEAT)):
            async with peer(port) as vanishing:
                await vanishing.send(data)
        async with peer(port) as polite:
            assert (await polite.ask(get("/healthz"))).status == 200
        await until(lambda: bool(events))
    assert caplog.records == []


async def test_an_upgrade_is_not_followed() -> None:
    upgrade = ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as hopeful:
        assert (await hopeful.ask(get("/healthz", *upgrade))).status == 200
        await hopeful.rest()


async def test_an_unknown_expectation_is_answered_in_json() -> None:
    async with heartbeats() as (port, _), peer(port) as hopeful:
        answer = await hopeful.ask(post("/v1/heartbeat", BEAT, "Expect: the-moon"))
        assert answer.status == 417
        assert answer.error["remedy"]


async def test_a_body_that_waits_for_leave_is_read() -> None:
    async with heartbeats() as (port, events), peer(port) as polite:
        whole = post("/v1/heartbeat", BEAT, "Expect: 100-continue")
        assert (await polite.ask(whole[: -len(BEAT)])).status == 100
        answer = await polite.ask(BEAT)
        while answer.status == 100:
            answer = await polite.answer()
        assert answer.status == 204
        assert len(events) == 1


async def test_leave_to_send_a_body_is_not_given_when_it_would_be_too_large() -> None:
    async with heartbeats(bounds=QUICK) as (port, _), peer(port) as polite:
        whole = post("/v1/heartbeat", b" " * 5000, "Expect: 100-continue")
        assert (await polite.ask(whole[:-5000])).status == 413
