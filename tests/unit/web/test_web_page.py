"""What the daemon serves to a browser: policies, files, archives, and a stream that is bounded."""

import asyncio
import gzip
import html
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from html.parser import HTMLParser
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.core import Core
from daemon.web import live
from daemon.web.control import Control
from daemon.web.page import escape
from model import coding
from model.events import Event, EventKind
from tests.hostile import PAYLOADS
from tests.unit.spool.entries import name, put
from tests.unit.web.peer import Peer, get, listening, peer, until

KNOWN_FILES = ("dom.js", "live.css", "live.js", "reports.js", "strip.js", "targets.js")


@pytest.fixture
def core(tmp_path: Path) -> Core:
    spool = tmp_path / "spool"
    for part in ("reports", "incoming", "damaged", "state"):
        (spool / part).mkdir(parents=True)
    put(spool, 1)
    put(spool, 2, drawn=False)
    one = {"name": "one", "process": {"pid": 1}, "max_loop_time": "2s"}
    return Core(parse(json.dumps({"targets": [one], "spool": {"path": str(spool)}}), "a test"))


@pytest.fixture
def control(core: Core) -> Iterator[Control]:
    made = Control(core)
    yield made
    made.live.close()


async def chunked(one: Peer) -> bytes:
    """An answer's body that comes in chunks, to its end."""
    async with asyncio.timeout(20):
        whole = b""
        while size := int(await one.reader.readline(), 16):
            whole += await one.reader.readexactly(size)
            await one.reader.readline()
        await one.reader.readline()
    return whole


async def message(one: Peer) -> live.News:
    async with asyncio.timeout(20):
        while not (line := await one.reader.readline()).startswith(b"data: "):
            pass
    return coding.decode(line.removeprefix(b"data: "), live.News)


@pytest.mark.threat("xss")
async def test_the_page_runs_only_what_bears_its_nonce(control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        first, second = await one.ask(get("/")), await one.ask(get("/"))
    policies = [each.headers["content-security-policy"] for each in (first, second)]
    assert policies[0] != policies[1]
    nonce = policies[0].partition("script-src 'nonce-")[2].partition("'")[0]
    assert len(nonce) > 20
    assert first.body.count(f'nonce="{nonce}"'.encode()) == 2
    for rule in ("default-src 'none'", "trusted-types 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policies[0]
    assert "unsafe" not in policies[0]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"


async def test_its_files_are_those_and_no_others(control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        for file in KNOWN_FILES:
            answer = await one.ask(get(f"/assets/{file}"))
            assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
            kind = "text/css" if file.endswith("css") else "text/javascript"
            assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        for path in ("live.py", "..%2fpage.py", "%2e%2e/page.py", "", "live.js/", "LIVE.JS"):
            assert (path, (await one.ask(get(f"/assets/{path}"))).status) == (path, 404)


@pytest.mark.threat("xss")
async def test_a_reports_files_are_kept_and_never_shown_with_our_rights(control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        answer = await one.ask(get(f"/v1/reports/{name(1)}/capture.json"))
        assert answer.headers["content-disposition"] == 'attachment; filename="capture.json"'
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "allow-same-origin" not in answer.headers["content-security-policy"]
        assert (await one.ask(get(f"/v1/reports/{name(1)}/nothing"))).status == 404


async def test_an_archive_has_the_manifests_files_and_the_manifest_last(core: Core, control: Control) -> None:
    report = core.spool.entries[name(1)].report_dir
    (report / "unlisted").write_text("no part of the report")
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        answer = await one.ask(get(f"/v1/reports/{name(1)}.tar.gz"))
        assert answer.headers["content-type"] == "application/gzip"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name(1)}.tar.gz"'
        packed = gzip.decompress(await chunked(one))
        for missing in (name(2), "nothing", "..%2f..%2fstate%2flimits"):
            assert (await one.ask(get(f"/v1/reports/{missing}.tar.gz"))).status == 404
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = archive.getnames()
        manifest = archive.extractfile(names[-1])
        assert manifest is not None
        assert manifest.read() == (report / "manifest.json").read_bytes()
    assert names[-1] == f"{name(1)}/manifest.json"
    assert f"{name(1)}/unlisted" not in names


async def test_a_damaged_report_is_no_archive(core: Core, control: Control) -> None:
    (core.spool.entries[name(1)].report_dir / "capture.json").unlink()
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        answer = await one.ask(get(f"/v1/reports/{name(1)}.tar.gz"))
    assert answer.status == 500
    assert "capture.json is missing" in answer.error["error"]
    assert "verify" in answer.error["remedy"]


async def test_the_stream_tells_the_status_and_when_reports_changed(core: Core, control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        await one.send(get("/v1/live"))
        before = await message(one)
        core.events.take(Event(source="heartbeat", target="one", kind=EventKind.START, at_s=1.0))
        core.events.take(Event(source="heartbeat", target="one", kind=EventKind.END, at_s=1.25))
        del core.spool.entries[name(2)]
        after = await message(one)
    assert before.status.targets[0].max_loop_time_s == 2.0
    assert before.status.targets[0].recent_durations_s == ()
    assert after.status.targets[0].recent_durations_s == (0.25,)
    assert after.reports != before.reports


@pytest.mark.threat("floods")
async def test_many_look_at_one_message_and_too_many_are_told_to_ask(control: Control) -> None:
    async with listening(control.routes()) as listener, AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(peer(listener.port)) for _ in range(live.LISTENERS + 1)]
        for one in peers[:-1]:
            await one.send(get("/v1/live"))
            await message(one)
        answer = await peers[-1].ask(get("/v1/live"))
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert "/v1/status" in answer.error["remedy"]
        peers[0].abort()
        await until(lambda: control.live.listeners < live.LISTENERS)
        await peers[-1].send(get("/v1/live"))
        await message(peers[-1])


async def test_what_streams_has_no_answer_without_a_body(control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        for path in ("/v1/live", f"/v1/reports/{name(1)}.tar.gz"):
            await one.send(get(path).replace(b"GET", b"HEAD", 1))
            head = await one.reader.readuntil(b"\r\n\r\n")
            assert b" 405 " in head.splitlines()[0]


async def test_nothing_is_done_or_kept_while_nobody_looks(control: Control) -> None:
    async with listening(control.routes()) as listener:
        async with peer(listener.port) as one:
            await one.send(get("/v1/live"))
            await message(one)
            assert control.live.kept_bytes > 0
        await until(lambda: control.live.listeners == 0)
        assert control.live.kept_bytes == 0


async def test_it_ends_when_the_daemon_does(control: Control) -> None:
    async with listening(control.routes()) as listener, peer(listener.port) as one:
        await one.send(get("/v1/live"))
        await message(one)
        control.live.close()
        await until(lambda: control.live.listeners == 0)


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.elements = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements += 1

    def handle_data(self, data: str) -> None:
        self.found.append(data)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_words_stay_words(payload: str) -> None:
    parsed = _Texts()
    parsed.feed(f"<p>{escape(payload)}</p>")
    parsed.close()
    assert parsed.elements == 1
    assert html.unescape(escape(payload)).isprintable() or "\ufffe" in payload or "\u0301" in payload
