"""The running source `metrics` against a real server: what it asks, tells, and of whom it complains."""

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon.sources.contract import Condition, Post
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.source import run
from daemon.telemetry.series import Telemetry
from fetch.access import Access, Endpoint
from model.events import Event, EventKind
from model.units import ByteSize, Seconds
from tests.exposing import exposing
from tests.prerequisites import require
from tests.sources import until
from tests.unit.web.certificate import make_certificate

START, END = EventKind.START, EventKind.END
PLAIN = Access()
LOOP = {"start": 'loop_start{loop="main"}', "end": "loop_took_seconds_count", "idle_allowance": Seconds(2)}


class Heard:
    """What a source told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.conditions: list[Condition] = []

    @property
    def last(self) -> Condition:
        return self.conditions[-1] if self.conditions else Condition(False, "nothing yet")

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]


@asynccontextmanager
async def listening(address: str, options: Metrics, access: Access = PLAIN) -> AsyncIterator[Heard]:
    heard, (host, _, port) = Heard(), address.rpartition(":")
    post = Post(
        target="a",
        name="metrics",
        deliver=heard.events.append,
        report=heard.conditions.append,
        process=lambda: None,
        endpoint=Endpoint(host=host, port=int(port), access=access),
        folder=Path("/nowhere"),
        telemetry=Telemetry("test"),
    )
    task = asyncio.create_task(run(options, post))
    try:
        yield heard
        assert not task.done() or task.result() is None
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def often(**options: object) -> Metrics:
    """Asked ten times a second; an answer that is there comes in time on a busy machine, too."""
    times = {"interval": Seconds(0.1), "deadline": Seconds(20)}
    return Metrics(**{**LOOP, **times, **options})  # type: ignore[arg-type]


async def test_a_loop_is_followed_over_one_connection() -> None:
    with exposing() as target:
        target.loop(start_ago_s=0.1, ends=7, sum_s=70)
        async with listening(target.address, often(path="/metrics?a=b")) as heard:
            await until(lambda: heard.last.up and len(target.requests) > 3, "it is asked again and again")
            target.loop(start_ago_s=0.0, ends=7, sum_s=70)
            await until(lambda: heard.kinds() == [START], "the start")
            assert heard.events[0].at_s <= time.monotonic()
            target.text = target.text.replace("count 7", "count 8").replace("sum 70", "sum 73.5")
            await until(lambda: heard.kinds() == [START, END], "the end")
            assert heard.events[1].duration_s == 3.5
        assert target.connections == 1
        assert set(target.paths) == {"/metrics?a=b"}
        assert target.requests[0]["accept"].startswith("text/plain;version=0.0.4")
        assert "openmetrics" in target.requests[0]["accept"]
        assert target.requests[0]["accept-encoding"] == "identity"


async def test_a_stall_that_began_before_us_is_told_at_once_with_its_age() -> None:
    with exposing() as target:
        target.loop(start_ago_s=600, ends=7)
        async with listening(target.address, often()) as heard:
            await until(lambda: heard.kinds() == [START], "the start")
            assert time.monotonic() - heard.events[0].at_s >= 598


async def test_a_clock_of_the_target_that_is_wrong_by_hours_changes_no_age() -> None:
    with exposing() as target:
        target.loop(start_ago_s=7200 + 30, ends=7)
        target.headers = {"Date": "Fri, 13 Nov 2026 10:00:00 GMT"}
        target.text = target.text.replace(target.text.split()[1], str(1794564000 - 30))
        async with listening(target.address, often()) as heard:
            await until(lambda: heard.kinds() == [START], "the start")
            assert 29 <= time.monotonic() - heard.events[0].at_s < 29 + 40


async def test_an_answer_that_hangs_or_fails_leaves_it_deaf_and_nobody_is_blamed() -> None:
    with exposing() as target:
        target.loop(start_ago_s=600, ends=7)
        async with listening(target.address, often(interval=Seconds(0.5), deadline=Seconds(0.4))) as heard:
            await until(lambda: heard.kinds() == [START], "the start")
            target.answers.clear()
            await until(lambda: not heard.last.up, "it is down")
            assert heard.last.detail.endswith("/metrics: no answer within 0.4 s")
            target.status = 503
            target.answers.set()
            await until(lambda: "status 503" in heard.last.detail, "it is told why")
            target.status = 200
            await until(lambda: heard.last == Condition(True), "it is up again")
            assert heard.kinds() == [START]
            assert target.connections > 1  # one that hung is not used again


async def test_a_query_and_what_repeats_it_are_never_told() -> None:
    secret = "S3cret" * 8
    with exposing() as target:
        target.status, target.text = 403, f"GET /metrics?key={secret} or {secret} is forbidden"
        async with listening(target.address, often(path=f"/metrics?key={secret}")) as heard:
            await until(lambda: "status 403" in heard.last.detail, f"it is told: {heard.last}")
            assert heard.last.detail.startswith("/metrics: status 403: GET /metrics?*** or *** is")
            assert target.paths[-1].endswith(secret)


@pytest.mark.parametrize(
    ("change", "detail", "remedy"),
    [
        ({"status": 401}, "status 401: loop_start", "token_file"),
        (
            {"status": 404, "text": "404 page not found\n"},
            "status 404: 404 page not found",
            "`path` and `port`",
        ),
        ({"text": "x" * 5000}, "more than max_bytes (4 KiB)", "raise it"),
        (
            {"text": "<html>hello</html>\n"},
            'holds no loop_start{loop="main"}',
            "is it a Prometheus exposition?",
        ),
        (
            {"text": 'loop_start{loop="other"} 1\n'},
            "holds no loop_start",
            'there is loop_start{loop="other"}',
        ),
        ({"content_type": "application/openmetrics-text; version=1.0.0"}, "it has no # EOF", ""),
        ({"headers": {"Content-Encoding": "gzip"}}, "is packed (gzip), which was not asked for", "the proxy"),
        (
            {"status": 302, "headers": {"Location": "http://127.0.0.2/"}},
            "redirects to another host",
            "address",
        ),
    ],
)
async def test_what_is_no_exposition_of_the_loop_is_told_with_a_remedy(
    change: dict[str, object], detail: str, remedy: str
) -> None:
    with exposing() as target:
        target.loop(start_ago_s=600, ends=7)
        for name, value in change.items():
            setattr(target, name, value)
        async with listening(target.address, often(max_bytes=ByteSize(4096))) as heard:
            await until(lambda: detail in heard.last.detail, f"{detail}: {heard.last}")
            assert not heard.last.up
            assert remedy in heard.last.remedy
            assert heard.events == []


async def test_nobody_there_is_told_and_waited_for() -> None:
    with exposing() as target:
        gone = target.address
    async with listening(gone, often()) as heard:
        await until(lambda: len(heard.conditions) > 2, "it is tried again")
        assert not heard.last.up
        assert "connection refused" in heard.last.detail.lower()


async def test_what_does_not_answer_may_be_a_sign() -> None:
    with exposing() as target:
        options = Metrics(unanswered=True, interval=Seconds(0.5), deadline=Seconds(0.4))
        async with listening(target.address, options) as heard:
            await until(lambda: heard.last == Condition(True), "it answers")
            target.answers.clear()
            await until(lambda: heard.kinds()[-1:] == [START], "the first failure")
            count, asked = len(heard.events), len(target.requests)
            await until(lambda: len(target.requests) > asked + 2, "it is tried again")
            assert heard.last.up
            assert len(heard.events) == count
            target.answers.set()
            await until(lambda: heard.kinds()[-1] is END, "it answers again")


async def test_tls_with_a_client_certificate_and_a_token_that_is_renewed(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    theirs, ours = make_certificate(tmp_path), make_certificate(tmp_path / "ours", "loopcam")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(theirs.certificate, theirs.key)
    server.load_verify_locations(ours.certificate)
    server.verify_mode = ssl.CERT_REQUIRED
    token = tmp_path / "token"
    token.write_text("first\n")
    trusted = {"tls": True, "ca_bundle": theirs.certificate, "token_file": token}
    with exposing(server) as target:
        target.loop(start_ago_s=600, ends=7)
        async with listening(target.address, often(), Access(**trusted)) as heard:  # type: ignore[arg-type]
            await until(lambda: len(heard.conditions) > 1, "it is refused")
            assert not heard.last.up
        assert target.requests == []
        access = Access(**trusted, client_cert=ours.certificate, client_key=ours.key)  # type: ignore[arg-type]
        async with listening(target.address, often(), access) as heard:
            await until(lambda: heard.kinds() == [START], "the start")
            assert target.requests[0]["authorization"] == "Bearer first"
            token.write_text("second\n")
            await until(lambda: target.requests[-1]["authorization"] == "Bearer second", "it is renewed")
            assert heard.last.up


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """Debian's `prometheus`, which exposes itself; gives HOST:PORT."""
    require("prometheus")
    (tmp_path / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    log = tmp_path / "prometheus.log"
    argv = ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}"]
    argv += [f"--storage.tsdb.path={tmp_path / 'data'}", "--web.listen-address=127.0.0.1:0"]
    with log.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=output) as child:
        try:
            yield _address(log, lambda: child.poll() is None)
        finally:
            child.kill()


def _address(log: Path, alive: Callable[[], bool]) -> str:
    end_s = time.monotonic() + 40
    while time.monotonic() < end_s and alive():
        for line in log.read_text(errors="replace").splitlines():
            if "Listening on" in line and "address=127.0.0.1:" in line:
                return line.partition("address=")[2].split()[0]
        time.sleep(0.05)
    raise AssertionError(f"prometheus does not listen: {log.read_text(errors='replace')}")


async def test_the_exposition_of_a_go_program_that_nobody_here_wrote(prometheus: str) -> None:
    """Each scrape is an iteration of its own handler."""
    series = 'prometheus_http_request_duration_seconds_count{handler="/metrics"}'
    options = Metrics(end=series, idle_allowance=Seconds(5), interval=Seconds(0.1), deadline=Seconds(20))
    async with listening(prometheus, options) as heard:
        await until(lambda: len(heard.events) >= 3, f"ends: {heard.last}")
        assert set(heard.kinds()) == {END}
        assert all(event.duration_s is not None and 0 < event.duration_s < 40 for event in heard.events)
    near = Metrics(end="prometheus_http_request_duration_second_count", idle_allowance=Seconds(5))
    async with listening(prometheus, near) as heard:
        await until(lambda: heard.last.remedy, "the near misses")
        assert "prometheus_http_request_duration_seconds_count" in heard.last.remedy
