"""What only the http sink promises, over real sockets."""

import datetime
import ssl
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from model.errors import SinkError
from model.report import Report
from model.secrets import Secret
from sinks import exchange
from sinks.http import Http
from tests.reports import finished_report
from tests.servers import reply, scripted


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return finished_report(tmp_path / "spool", labels={"cluster": "prod eu"})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    from ipaddress import ip_address

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopcam test")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    file = tmp_path / "server.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.threat("secrets")
def test_a_presigned_query_is_sent_to_the_letter_and_not_shown(report: Report) -> None:
    query = "X-Amz-Credential=AKID%2f20261121%2Fus&x=a+b%20c&X-Amz-Signature=deadbeef&empty="
    with scripted(reply(200)) as server:
        location = Http(url=Secret(f"{server.url}/up/{{cluster}}/{{id}}.tar.gz?{query}")).store(report)
    [request] = server.requests
    assert request.target == f"/up/prod%20eu/{report.manifest.id}.tar.gz?{query}"
    assert location == f"{server.url}/up/prod%20eu/{report.manifest.id}.tar.gz"


def test_headers_and_token_are_sent_and_ours_can_be_replaced(report: Report) -> None:
    headers = {"X-Key": Secret("k"), "Content-Type": Secret("application/x-tar")}
    with scripted(reply(204)) as server:
        Http(url=Secret(server.url), headers=headers, token=Secret("t"), method="POST").store(report)
    [request] = server.requests
    assert request.method == "POST"
    assert request.headers["x-key"] == "k"
    assert request.headers["content-type"] == "application/x-tar"
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["x-loopcam-id"] == report.manifest.id
    assert request.headers["x-loopcam-revision"] == "1"
    assert request.headers["accept-encoding"] == "identity"
    assert "transfer-encoding" not in request.headers


def test_a_tar_is_the_same_each_time_and_ends_with_the_manifest(report: Report) -> None:
    with scripted(reply(204)) as server:
        for _ in range(2):
            Http(url=Secret(server.url)).store(report)
    first, second = server.requests
    assert first.body == second.body
    with tarfile.open(fileobj=BytesIO(first.body)) as archive:
        names = archive.getnames()
    assert names[-1] == f"{report.manifest.id}/manifest.json"
    assert len(names) == len(report.manifest.artifacts) + 1


def test_files_go_one_by_one_the_manifest_last(report: Report) -> None:
    with scripted(reply(201)) as server:
        location = Http(url=Secret(f"{server.url}/{{path}}/{{file}}"), mode="files").store(report)
    assert server.requests[-1].target == f"/{report.manifest.path}/manifest.json"
    assert location == f"{server.url}/{report.manifest.path}/"


def test_a_report_without_its_last_file_lists_no_manifest(report: Report) -> None:
    with scripted(reply(201), reply(500)) as server, pytest.raises(SinkError):
        Http(url=Secret(f"{server.url}/{{path}}/{{file}}"), mode="files").store(report)
    assert not any("manifest.json" in request.target for request in server.requests)


def test_a_certificate_that_is_not_trusted_is_told_and_retried(report: Report, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted(reply(204), tls=context) as server:
        with pytest.raises(SinkError, match="certificate") as caught:
            Http(url=Secret(server.url)).store(report)
        assert caught.value.retry
        assert "ca_bundle" in caught.value.remedy
        assert server.requests == []
        Http(url=Secret(server.url), ca_bundle=certificate).store(report)
        assert len(server.requests) == 1


def test_a_missing_ca_bundle_is_told_when_the_sink_is_prepared(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="No such file"):
        Http(url=Secret("https://store/"), ca_bundle=tmp_path / "none").prepare()


@pytest.mark.threat("redirects")
def test_a_name_that_leads_to_a_link_local_address_is_refused(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(exchange.socket.AF_INET, exchange.socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))]
    monkeypatch.setattr(exchange.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(SinkError, match="link-local") as caught:
        Http(url=Secret("http://innocent.example/")).store(report)
    assert not caught.value.retry


@pytest.mark.threat("redirects")
@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "169.16689662", "[::ffff:a9fe:a9fe]"])
def test_odd_spellings_of_a_link_local_address_are_refused(report: Report, host: str) -> None:
    with pytest.raises(SinkError, match="link-local"):
        Http(url=Secret(f"http://{host}/latest")).store(report)


@pytest.mark.threat("redirects")
def test_a_name_that_changes_its_mind_is_dialled_where_it_was_looked_at(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = exchange.socket.getaddrinfo, []

    def rebinding(host: str, port: int, *rest: int, **options: int) -> Any:
        if host == "rebinding.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return real(host, port, *rest, **options)

    monkeypatch.setattr(exchange.socket, "getaddrinfo", rebinding)
    with scripted(reply(200)) as server:
        there = server.url.replace("127.0.0.1", "rebinding.example")
        Http(url=Secret(there)).store(report)
        assert len(server.requests) == len(asked) == 1
        with pytest.raises(SinkError, match="link-local"):
            Http(url=Secret(there)).store(report)
        assert len(server.requests) == 1


def test_options_that_cannot_be_sent_are_refused_before_anything_is_dialled(report: Report) -> None:
    with pytest.raises(SinkError) as caught:
        Http(url=Secret("http://store/"), token=Secret("canary\r\nX: y")).store(report)
    assert not caught.value.retry
    assert "canary" not in str(caught.value)
