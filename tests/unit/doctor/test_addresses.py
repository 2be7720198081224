"""What the doctor says of targets that are reached over HTTP alone."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from daemon.config.load import parse
from daemon.config.settings import Config
from daemon.doctor.addresses import judged
from daemon.doctor.diagnosis import diagnosis
from daemon.doctor.findings import Finding, Level


class Metrics(BaseHTTPRequestHandler):
    """Serves metrics, and no pprof."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/metrics" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def config(address: str, more: str = "") -> Config:
    one = f"name: ca, address: '{address}', iterations: [metrics: {{preset: cluster-autoscaler}}]"
    return parse(f"targets: [{{{one}, max_loop_time: 2m{more}}}]", "a test")


def said(address: str, more: str = "") -> dict[str, Finding]:
    return {one.check: one for one in judged(config(address, more).targets[0])}


def test_metrics_that_answer_and_a_pprof_that_is_off(port: int) -> None:
    found = said(f"127.0.0.1:{port}")
    assert found["metrics"].level is Level.OK
    assert found["collect"].level is Level.PROBLEM
    assert found["collect"].remedy.command == "start cluster-autoscaler with --profiling=true"
    found = said(f"127.0.0.1:{port}", ", collectors: [pprof, http: {path: /metrics}]")
    assert found["collect"].level is Level.WARNING


def test_nobody_answers() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        found = said(f"127.0.0.1:{bound.getsockname()[1]}")
    assert {one.level for one in found.values()} == {Level.PROBLEM}
    assert "is it running" in found["collect"].remedy.command


def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(_host: str, _port: int) -> list[str]:
        return []

    monkeypatch.setattr("daemon.targets.addresses._lookup", nobody)
    assert said("dns:nowhere.invalid:80")["address"].level is Level.PROBLEM


def test_no_process_is_looked_for(port: int) -> None:
    seen = diagnosis(None, config(f"127.0.0.1:{port}", ", collectors: [http: {path: /metrics}]"))
    assert {one.check for one in seen.findings if one.subject == "ca"} == {"metrics", "collect"}
    assert seen.tries == ()
