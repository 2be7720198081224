"""The collector `http`: what it asks, what it keeps, and what it never tells."""

import asyncio
import gzip
import logging
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.http import Http
from daemon.capture.window import CaptureWindow
from fetch.access import Access
from model.capture import Outcome, WindowEnd
from model.secrets import Secret
from tests.serving import LONG_S, Answer, collected, serving, target

HIDDEN = "s3cr3t-and-hidden"
HEADERS = {"X-Key": Secret(HIDDEN)}


def answering(**options: Any) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(**options)

    return answer


async def hanging(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def test_both_moments_are_two_files(tmp_path: Path) -> None:
    window, values = CaptureWindow(LONG_S), iter(("a 1\n", "a 2\n"))

    async def metrics(request: web.Request) -> web.Response:
        asyncio.get_running_loop().call_soon(window.end, WindowEnd.ITERATION_ENDED)
        return web.Response(text=next(values))

    async with serving(metrics) as server:
        came = await collected(Http(path="/metrics", when="both"), target(server.port), window, tmp_path)
    assert came.read("one-trigger.txt") == b"a 1\n"
    assert came.read("one-end.txt") == b"a 2\n"
    described = {Path(one.path).name: (one.kind, one.media_type) for one in came.artifacts}
    assert described == {
        "one-trigger.txt": ("http_response", "text/plain"),
        "one-end.txt": ("http_response", "text/plain"),
        "one.fetches.json": ("fetches", "application/json"),
    }
    assert came.modes == {0o600}
    assert [(one.what, one.status, one.whole) for one in came.fetches] == [("one", 200, True)] * 2


@pytest.mark.parametrize(
    ("said", "configured", "file", "media_type"),
    [
        ("application/json; charset=utf-8", None, "one-trigger.json", "application/json"),
        ("application/openmetrics-text; version=1.0.0", None, "one-trigger.txt", "text/plain"),
        ("text/html", None, "one-trigger.txt", "text/plain"),
        ("text/x-go", None, "one-trigger.txt", "text/plain"),
        ("application/vnd.google.protobuf", None, "one-trigger.bin", "application/vnd.google.protobuf"),
        ("../../etc/passwd", None, "one-trigger.bin", "application/octet-stream"),
        ("text/plain", "application/json", "one-trigger.json", "application/json"),
    ],
)
async def test_the_media_type_names_the_file(
    tmp_path: Path, said: str, configured: str | None, file: str, media_type: str
) -> None:
    options = Http(path="/x", media_type=configured)
    async with serving(answering(body=b"{}", headers={"Content-Type": said})) as server:
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.files == {file}
    assert came.artifacts[0].media_type == media_type


@pytest.mark.threat("bombs")
@pytest.mark.parametrize(("packed", "file"), [("gzip", "one-trigger.gz"), ("br", "one-trigger.bin")])
async def test_what_is_packed_without_being_asked_for_is_kept_as_it_is(
    tmp_path: Path, packed: str, file: str
) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    headers = {"Content-Type": "text/plain", "Content-Encoding": packed}
    async with serving(answering(body=bomb, headers=headers)) as server:
        came = await collected(Http(path="/x"), target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.files == {file}
    assert came.fetches[0].size_bytes == len(bomb)


@pytest.mark.parametrize(
    ("status", "outcome", "words", "remedy"),
    [
        (404, Outcome.UNSUPPORTED, "serves no snapshots", "--debugging-snapshot-enabled"),
        (429, Outcome.FAILED, "another snapshot", "nobody else"),
        (500, Outcome.FAILED, "nothing to show", "log"),
        (503, Outcome.FAILED, "gave the snapshot up", ""),
    ],
)
async def test_each_refusal_of_a_snapshot_is_explained(
    tmp_path: Path, status: int, outcome: Outcome, words: str, remedy: str
) -> None:
    async with serving(answering(status=status, text="its own words")) as server:
        options = Http(path="/snapshotz?x=1")
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    found, detail, what_to_do = came.failure
    assert found == outcome
    assert detail.startswith(f"{status}: its own words: ")
    assert words in detail
    assert remedy in what_to_do


async def test_a_snapshot_that_never_comes_is_given_up_when_the_window_ends(tmp_path: Path) -> None:
    async with serving(hanging) as server:
        options = Http(path="/snapshotz")
        came = await collected(options, target(server.port), CaptureWindow(0.1), tmp_path)
    outcome, detail, remedy = came.failure
    assert outcome == Outcome.FAILED
    assert "before the window ended: a snapshot is taken in the whole of the next loop" in detail
    assert "deadline" in remedy
    assert [(one.status, one.path) for one in came.fetches] == [(0, "")]


async def test_a_deadline_ends_a_request(tmp_path: Path) -> None:
    async with serving(hanging) as server:
        options = Http(path="/configz", deadline=0.1)  # type: ignore[arg-type]
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert "no answer within 0.1 s" in came.failure[1]


@pytest.mark.parametrize(
    ("status", "outcome", "remedy"),
    [
        (401, Outcome.NOT_PERMITTED, "token_file"),
        (403, Outcome.NOT_PERMITTED, "nonResourceURL"),
        (404, Outcome.UNSUPPORTED, "`path`"),
        (405, Outcome.UNSUPPORTED, "`method`"),
        (418, Outcome.FAILED, ""),
    ],
)
async def test_other_refusals_have_their_remedies(
    tmp_path: Path, status: int, outcome: Outcome, remedy: str
) -> None:
    async with serving(answering(status=status, text="no")) as server:
        came = await collected(Http(path="/x"), target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == outcome
    assert remedy in came.failure[2]


async def test_a_status_may_be_evidence(tmp_path: Path) -> None:
    said = "Error: last activity more 12m0s ago" + "." * 10_000
    async with serving(answering(status=500, text=said)) as server:
        options = Http(path="/health-check", statuses=(500,))
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.error is None
    assert came.read("one-trigger.txt") == said.encode()
    assert [(one.status, one.detail) for one in came.fetches] == [(500, "")]


@pytest.mark.threat("bombs")
async def test_an_answer_is_bounded(tmp_path: Path) -> None:
    async with serving(answering(body=b"x" * 100_000)) as server:
        options = Http(path="/x", max_bytes=1000)  # type: ignore[arg-type]
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure == (Outcome.PARTIAL, "cut off after 1000 bytes", "raise max_bytes")
    assert came.read("one-trigger.bin") == b"x" * 1000


async def test_an_empty_answer_is_none(tmp_path: Path) -> None:
    async with serving(answering(status=204)) as server:
        options = Http(path="/snap", method="POST", body=Secret("x"))
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert (came.error, came.files) == (None, set())


@pytest.mark.threat("secrets")
@pytest.mark.parametrize("how", ["said again", "garbage", "aborted"])
async def test_headers_and_query_are_never_told(
    tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers["X-Key"] + request.query["token"])
        assert request.transport is not None
        if how == "garbage":
            request.transport.write(b"HTTP/1.1 0o7 what?\r\nnothing\r\n\r\n")  # type: ignore[attr-defined]
        if how != "said again":
            request.transport.abort()
        return web.Response(status=500, text=f"no {request.headers['X-Key']}, no {request.query['token']}")

    caplog.set_level(logging.DEBUG)
    async with serving(answer) as server:
        options = Http(path=f"/x?token=q-{HIDDEN}", headers=HEADERS)
        came = await collected(options, target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert set(seen) == {f"{HIDDEN}q-{HIDDEN}"}
    told = " ".join((*came.failure, came.read("one.fetches.json").decode()))
    assert HIDDEN not in told
    ours = [record for record in caplog.records if not record.name.startswith("aiohttp")]
    assert all(HIDDEN not in record.getMessage() for record in ours)


@pytest.mark.threat("redirects")
async def test_a_redirect_leads_to_no_other_host(tmp_path: Path) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://127.0.0.1:{other.port}/stolen"})

    async with serving(answering(text="mine")) as other, serving(elsewhere) as server:
        came = await collected(Http(path="/x"), target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == Outcome.FAILED
    assert "redirects to another host" in came.failure[1]
    assert other.asked == []


@pytest.mark.parametrize("location", ["http://[x", "//[", "http://127.0.0.1:99999999/", ""])
async def test_a_redirect_to_nowhere_is_a_failure_like_any(tmp_path: Path, location: str) -> None:
    async def nowhere(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    async with serving(nowhere) as server:
        came = await collected(Http(path="/x"), target(server.port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == Outcome.FAILED
    assert "redirects to" in came.failure[1]


@pytest.mark.threat("secrets")
@pytest.mark.parametrize("token", ["one\ntwo", "ein Schl\u20acssel"])
async def test_a_token_that_cannot_be_sent_is_told_and_not_shown(tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token)
    async with serving(answering(text="mine")) as server:
        there = target(server.port, access=Access(token_file=file))
        came = await collected(Http(path="/x"), there, CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == Outcome.FAILED
    assert "is no token" in came.failure[1]
    assert token not in str(came.failure)


async def test_a_header_for_authorization_takes_the_place_of_the_token(tmp_path: Path) -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        seen.extend(request.headers.getall("Authorization"))
        return web.Response(text="x")

    token = tmp_path.parent / f"{tmp_path.name}-token"
    token.write_text("of the target\n")
    async with serving(answer) as server:
        whom = target(server.port, access=Access(token_file=token))
        for headers in ({}, {"authorization": Secret("Basic abc")}):
            options = Http(path="/x", headers=headers)
            await collected(options, whom, CaptureWindow(LONG_S), tmp_path)
    assert seen == ["Bearer of the target", "Basic abc"]


@pytest.mark.parametrize("why", [WindowEnd.SHUTDOWN, WindowEnd.DISABLED])
async def test_nothing_is_asked_at_an_end_that_was_ordered(tmp_path: Path, why: WindowEnd) -> None:
    window = CaptureWindow(LONG_S)
    window.end(why)
    async with serving(answering(text="x")) as server:
        came = await collected(Http(path="/metrics", when="end"), target(server.port), window, tmp_path)
    assert (server.asked, came.artifacts, came.error) == ([], (), None)


async def test_a_target_that_is_gone_at_the_end_leaves_what_came(tmp_path: Path) -> None:
    window = CaptureWindow(LONG_S)

    async def once(request: web.Request) -> web.Response:
        if window.over() and request.transport is not None:
            request.transport.abort()
        asyncio.get_running_loop().call_soon(window.end, WindowEnd.ITERATION_ENDED)
        return web.Response(text="x")

    async with serving(once) as server:
        came = await collected(Http(path="/metrics", when="both"), target(server.port), window, tmp_path)
    assert came.failure[0] == Outcome.TARGET_EXITED
    assert came.files == {"one-trigger.txt"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"headers": {"Host": Secret("x")}}, "headers"),
        ({"headers": {"X-A": Secret("a\nb")}}, "headers"),
        ({"headers": {"no name": Secret("x")}}, "headers"),
        ({"body": Secret("x")}, "body"),
    ],
)
def test_what_cannot_be_sent_is_a_fault(options: dict[str, Any], field: str) -> None:
    ((found, value, _),) = Http(path="/x", **options).check()
    assert found == field
    assert "\n" not in value


def test_good_options_have_no_fault() -> None:
    assert list(Http(path="/x", method="POST", body=Secret("x"), headers=HEADERS).check()) == []


async def test_garbage_for_an_answer_is_told_in_one_line_without_what_may_be_secret(tmp_path: Path) -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nX-Token: " + b"Tk0" * 10_000)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        came = await collected(Http(path="/x"), target(port), CaptureWindow(LONG_S), tmp_path)
    assert came.failure[0] == Outcome.FAILED
    assert "Tk0Tk0" not in came.failure[1]
    assert "\n" not in came.failure[1]
    assert len(came.failure[1]) < 300
