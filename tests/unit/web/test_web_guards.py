import base64
import hashlib

import pytest
from aiohttp import web

from daemon.sources.heartbeat.hearing import Hearing
from daemon.web.bounds import Bounds
from daemon.web.guards import (
    Access,
    allowed_hosts,
    host_name,
    is_token,
    presented_token,
    same_origin,
)
from daemon.web.heartbeat import Heartbeats
from tests.unit.web.peer import ACCESS, BEAT, get, healthz, listening, peer, post

TOKEN = "correct horse"
WITH_TOKEN = Access(hosts=ACCESS.hosts, token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest())
ROUTES = [
    *Heartbeats(Hearing(lambda event: None, lambda: {"loop": 10})).routes(),
    web.get("/healthz", healthz),
    web.get("/", healthz),
]


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST:8686", "localhost"),
        ("localhost.", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8686", "::1"),
        ("", None),
        ("localhost:port", None),
        ("localhost:80:80", None),
        ("user@localhost", None),
        ("::1", None),
        ("localhost/", None),
        ("local host", None),
    ],
)
def test_a_host_header_is_read_strictly(header: str, name: str | None) -> None:
    assert host_name(header) == name


def test_configured_hosts_are_compared_without_case_brackets_and_last_dot() -> None:
    assert {"loopcam.example", "fd00::1", "10.0.0.5"} < allowed_hosts(
        "10.0.0.5", ["LoopCam.example.", "[fd00::1]"]
    )


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://localhost:8686", True),
        ("https://LOCALHOST:8686", True),
        ("http://localhost", False),
        ("http://localhost:8687", False),
        ("http://evil.example", False),
        ("http://localhost:8686.evil.example", False),
        ("http://user@localhost:8686", False),
        ("file://localhost:8686", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_only_our_own_page_is_of_the_same_origin(origin: str, same: bool) -> None:
    assert same_origin(origin, "localhost:8686") is same


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (f"Bearer {TOKEN}", TOKEN),
        (f"bearer  {TOKEN} ", TOKEN),
        (basic(TOKEN), TOKEN),
        (basic("a:b"), "a:b"),
        ("Basic !!!", ""),
        ("Basic /w==", ""),
        (f"Digest {TOKEN}", ""),
        (TOKEN, ""),
        ("", ""),
    ],
)
def test_a_token_is_taken_from_bearer_and_basic(header: str, token: str) -> None:
    assert presented_token(header) == token


@pytest.mark.threat("routes")
def test_a_token_is_known_by_its_hash_alone() -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    assert is_token(TOKEN, digest)
    assert is_token(TOKEN, digest.upper())
    assert not is_token(TOKEN + "x", digest)
    assert not is_token("\udcff", digest)
    assert not is_token("", hashlib.sha256(b"").hexdigest())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:{port}", "[::1]", "Localhost.:{port}"])
async def test_our_own_names_are_answered(host: str) -> None:
    async with listening(ROUTES) as listener, peer(listener.port) as one:
        assert (await one.ask(get("/", host=host.format(port=listener.port)))).status == 200


@pytest.mark.threat("pages")
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "10.0.0.1",
        "2130706433",
        "localhost@evil",
    ],
)
async def test_rebound_names_are_refused_on_every_route(host: str) -> None:
    async with listening(ROUTES) as listener, peer(listener.port) as one:
        for request in (
            get("/", host=host),
            get("/nothing", host=host),
            post("/v1/heartbeat", BEAT, host=host),
        ):
            answer = await one.ask(request)
            assert answer.status == 403
            assert "allowed_hosts" in answer.error["remedy"]


async def test_the_address_a_request_came_in_on_is_ours() -> None:
    access = Access(hosts=frozenset())
    async with listening(ROUTES, access=access) as listener, peer(listener.port) as one:
        assert (await one.ask(get("/", host="127.0.0.1"))).status == 200
        assert (await one.ask(get("/", host="127.0.0.2"))).status == 403


async def test_a_listener_may_answer_to_any_name() -> None:
    async with listening(ROUTES, access=Access(hosts=None)) as listener, peer(listener.port) as one:
        assert (await one.ask(get("/", host="metrics.example"))).status == 200


@pytest.mark.threat("pages")
async def test_other_sites_pages_are_refused() -> None:
    async with listening(ROUTES) as listener, peer(listener.port) as one:
        own = f"Origin: http://localhost:{listener.port}"
        assert (await one.ask(get("/", own, host=f"localhost:{listener.port}"))).status == 200
        for origin in ("http://evil.example", "null", "http://localhost:1"):
            answer = await one.ask(post("/v1/heartbeat", BEAT, f"Origin: {origin}"))
            assert answer.status == 403
            assert answer.error["remedy"]


@pytest.mark.threat("routes")
@pytest.mark.parametrize("wrong", ["", "Bearer wrong", basic("wrong"), "Bearer", "Basic"])
async def test_every_route_but_healthz_needs_the_token(wrong: str) -> None:
    header = [f"Authorization: {wrong}"] if wrong else []
    async with listening(ROUTES, access=WITH_TOKEN) as listener, peer(listener.port) as one:
        for request in (
            get("/", *header),
            get("/nothing", *header),
            get("/healthz/", *header),
            get("//healthz", *header),
            post("/v1/heartbeat", BEAT, *header),
            post("/v1/heartbeat/beat?target=loop", b"", *header),
            post("/v1/heartbeat/beat;/healthz", b"", *header),
        ):
            answer = await one.ask(request)
            assert answer.status == 401, request
            assert "Basic" in answer.headers["www-authenticate"]
            assert "Bearer" in answer.headers["www-authenticate"]
            assert answer.error["remedy"]
        assert (await one.ask(get("/healthz", *header))).status == 200


@pytest.mark.parametrize("right", [f"Bearer {TOKEN}", basic(TOKEN)])
async def test_the_token_opens_every_route(right: str) -> None:
    header = f"Authorization: {right}"
    async with listening(ROUTES, access=WITH_TOKEN) as listener, peer(listener.port) as one:
        assert (await one.ask(get("/", header))).status == 200
        assert (await one.ask(post("/v1/heartbeat", BEAT, header))).status == 204
        assert (await one.ask(get("/nothing", header))).status == 404


async def test_a_large_body_is_not_read_for_who_may_not_ask() -> None:
    bounds = Bounds(body_s=0.2)
    async with listening(ROUTES, access=WITH_TOKEN, bounds=bounds) as control, peer(control.port) as one:
        assert (await one.ask(post("/v1/heartbeat", b" " * 4000)[:-1000])).status == 401
        assert await one.rest() == b""


@pytest.mark.threat("pages")
@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 204), ("none", 204)]
)
async def test_what_a_browser_says_of_the_asking_page_counts_where_something_changes(
    site: str, status: int
) -> None:
    header = f"Sec-Fetch-Site: {site}"
    async with listening(ROUTES) as listener, peer(listener.port) as one:
        assert (await one.ask(post("/v1/heartbeat", BEAT, header))).status == status
        assert (await one.ask(get("/", header))).status == 200
