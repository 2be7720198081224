"""S5: a server's certificate ran out while reports waited, and is renewed."""

import ssl
from pathlib import Path

import pytest

from model.errors import SinkError
from model.secrets import Secret
from sinks.http import Http
from sinks.s3 import S3
from tests.reports import finished_report
from tests.servers import reply, scripted
from tests.unit.web.certificate import make_certificate


@pytest.mark.fault("S5")
@pytest.mark.parametrize("kind", ["http", "s3"])
def test_a_report_waits_while_the_certificate_has_run_out(tmp_path: Path, kind: str) -> None:
    report = finished_report(tmp_path / "spool")
    (home := tmp_path / "server").mkdir()
    made, tls = make_certificate(home, days=-1), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.certificate, made.key)
    with scripted(reply(200, headers=['ETag: "seen"']), tls=tls) as server:
        sink = _sink(kind, server.url, made.certificate)
        with pytest.raises(SinkError, match="expired") as failed:
            sink.store(report)
        assert failed.value.retry
        assert "certificate" in failed.value.remedy
        assert server.requests == []

        make_certificate(home)
        tls.load_cert_chain(made.certificate, made.key)
        _sink(kind, server.url, made.certificate).store(report)
        assert server.requests


def _sink(kind: str, url: str, trusted: Path) -> Http | S3:
    if kind == "http":
        return Http(url=Secret(f"{url}/up"), ca_bundle=trusted)
    keys = {"access_key_id": Secret("testing"), "secret_access_key": Secret("testing")}
    return S3(bucket="stalls", endpoint_url=url, region="us-east-1", ca_bundle=trusted, **keys)
