import asyncio
import logging
import ssl
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from daemon.web.bounds import Bounds
from daemon.web.listener import Listener, Tls
from daemon.web.responses import json_response
from model.errors import LoopcamError
from tests.unit.web.certificate import make_certificate
from tests.unit.web.peer import ACCESS, BEAT, LONGEST_S, get, healthz, heartbeats, listening, peer, post


async def test_a_connection_is_reused() -> None:
    async with heartbeats() as (port, events), ClientSession() as session:
        for _ in range(3):
            async with session.post(f"http://127.0.0.1:{port}/v1/heartbeat", data=BEAT) as response:
                assert response.status == 204
        assert session.connector is not None
        assert len(events) == 3
        async with peer(port) as one:
            for _ in range(3):
                assert (await one.ask(post("/v1/heartbeat", BEAT))).status == 204


@pytest.mark.threat("smuggling")
async def test_pipelined_requests_are_answered_in_order_and_held_back_beyond_a_bound() -> None:
    release, seen = asyncio.Event(), []

    async def numbered(request: web.Request) -> web.Response:
        await release.wait()
        seen.append(len(request.protocol._messages))
        return json_response(request.match_info["number"])

    async with listening([web.get("/{number}", numbered)]) as listener, peer(listener.port) as hasty:
        await hasty.send(b"".join(get(f"/{number}") for number in range(500)))
        release.set()
        answers = [await hasty.answer() for _ in range(500)]
        assert [answer.body for answer in answers] == [b'"%d"' % number for number in range(500)]
        assert max(seen) <= 32


async def test_unknown_routes_and_methods_are_answered_in_json() -> None:
    async with heartbeats() as (port, _), peer(port) as one:
        missing = await one.ask(get("/nothing"))
        assert missing.status == 404
        assert missing.error["remedy"] == "docs/api.md lists the routes"
        wrong = await one.ask(get("/v1/heartbeat"))
        assert wrong.status == 405
        assert wrong.headers["allow"] == "POST"
        assert "Allow" in wrong.error["remedy"]


async def test_versions_of_the_server_are_not_told() -> None:
    async with heartbeats() as (port, _), peer(port) as one:
        for request in (get("/healthz"), get("/nothing"), post("/v1/heartbeat", BEAT)):
            assert (await one.ask(request)).headers["server"] == "loopcam"


async def test_a_fault_of_ours_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: web.Request) -> web.Response:
        raise KeyError("secret")

    async with listening([web.get("/", broken)]) as listener, peer(listener.port) as one:
        answer = await one.ask(get("/"))
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_fault_in_the_middle_of_an_answer_is_logged_and_cuts_it_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        raise KeyError("secret")

    async with listening([web.get("/", broken)]) as listener, peer(listener.port) as one:
        await one.send(get("/"))
        assert (await one.rest()).endswith(b"half")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_requests_that_are_answered_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "loopcam")
    caplog.set_level(logging.DEBUG, "aiohttp")
    async with heartbeats() as (port, _), peer(port) as one:
        await one.ask(post("/v1/heartbeat", BEAT))
        await one.ask(get("/nothing"))
    assert caplog.records == []


async def test_stopping_lets_an_answer_under_way_finish() -> None:
    entered, release = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        entered.set()
        await release.wait()
        return web.Response(text="done")

    bounds = Bounds(shutdown_s=LONGEST_S)
    async with listening([web.get("/", slow)], bounds=bounds) as listener, peer(listener.port) as one:
        await one.send(get("/"))
        await entered.wait()
        stopping = asyncio.create_task(listener.stop())
        while True:
            try:
                async with peer(listener.port):
                    await asyncio.sleep(0)
            except ConnectionError:
                break
        release.set()
        assert (await one.answer()).body == b"done"
        await stopping
        assert await one.rest() == b""


async def test_stopping_does_not_wait_for_ever() -> None:
    entered = asyncio.Event()

    async def endless(request: web.Request) -> web.Response:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    bounds = Bounds(shutdown_s=0.05)
    async with listening([web.get("/", endless)], bounds=bounds) as listener, peer(listener.port) as one:
        await one.send(get("/"))
        await entered.wait()
        async with asyncio.timeout(LONGEST_S):
            await listener.stop()
            assert await one.rest() == b""


async def test_stopping_twice_or_before_the_start_is_no_error() -> None:
    listener = Listener([], "127.0.0.1", 0, access=ACCESS)
    await listener.stop()
    await listener.start()
    await listener.stop()
    await listener.stop()


async def test_an_address_in_use_is_an_error_with_a_remedy() -> None:
    async with listening([]) as first:
        with pytest.raises(LoopcamError, match="cannot listen on") as caught:
            await Listener([], "127.0.0.1", first.port, access=ACCESS).start()
        assert caught.value.remedy


async def test_a_name_is_listened_on_at_all_its_addresses() -> None:
    listener = Listener([web.get("/", healthz)], "localhost", 0, access=ACCESS)
    await listener.start()
    try:
        async with peer(listener.port) as one:
            assert (await one.ask(get("/"))).status == 200
    finally:
        await listener.stop()


async def test_tls_is_spoken_and_a_new_certificate_taken_up(tmp_path: Path) -> None:
    tls = make_certificate(tmp_path, "first")

    async def common_name(port: int) -> str:
        trusting = ssl.create_default_context(cafile=str(tls.certificate))
        async with peer(port, tls=trusting) as one:
            assert (await one.ask(get("/"))).status == 200
            shown = one.writer.get_extra_info("peercert")
            return str(shown["subject"][0][0][1])

    async with listening([web.get("/", healthz)], tls=tls) as listener:
        assert await common_name(listener.port) == "first"
        make_certificate(tmp_path, "second")
        listener.reload()
        assert await common_name(listener.port) == "second"
        tls.key.write_text("nonsense")
        with pytest.raises(LoopcamError, match="cannot be used"):
            listener.reload()


async def test_a_certificate_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    tls = Tls(certificate=tmp_path / "no.crt", key=tmp_path / "no.key")
    with pytest.raises(LoopcamError, match=r"no\.crt") as caught:
        await Listener([], "127.0.0.1", 0, access=ACCESS, tls=tls).start()
    assert "PEM" in caught.value.remedy
