"""What only the gcs sink promises, against a store that speaks Google's JSON API over HTTP."""

import json
import ssl
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from model.errors import SinkError
from model.report import Report
from model.units import ByteSize
from report.render import unrendered
from sinks.gcs import Gcs
from tests.gcs import Emulator, emulator
from tests.reports import finished_report
from tests.servers import reply, scripted
from tests.unit.web.certificate import make_certificate

CREATE = frozenset({"create"})
LABELS = {"cluster": "prod", "pod": "ca-0", "team": "Zoë & co"}
KEY = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
JSON = "Content-Type: application/json"
CANARY = "canary0secret0of0a0test"


def sink(store: Emulator, **options: Any) -> Gcs:
    return Gcs(bucket=store.bucket, endpoint=store.url, **options)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report with one file that takes several parts."""
    return finished_report(tmp_path / "spool", labels=LABELS, extra={"evidence/large.bin": bytes(9 << 20)})


@pytest.fixture
def small(tmp_path: Path) -> Report:
    return finished_report(tmp_path / "spool", labels=LABELS)


def test_creating_alone_suffices_also_in_parts_and_twice(report: Report) -> None:
    with emulator() as store:
        store.allowed = CREATE
        location = sink(store, part_size=ByteSize(4 << 20)).store(report)
        assert location == f"gs://stalls/{report.manifest.path}/"
        assert store.contents[f"{report.manifest.path}/evidence/large.bin"] == bytes(9 << 20)
        assert [kind for _, kind in store.requests].count("part") == 3
        assert list(store.contents)[-1].endswith("/manifest.json")
        before = dict(store.contents)
        sink(store).store(report)
        assert store.contents == before


def test_objects_say_what_they_are(small: Report) -> None:
    with emulator() as store:
        sink(store, prefix="{team}/{year}/", storage_class="NEARLINE", kms_key=KEY).store(small)
        found = store.objects[f"Zo____co/2026/{small.manifest.path}/capture.json"]
    [artifact] = [artifact for artifact in small.manifest.artifacts if artifact.path == "capture.json"]
    assert (found["contentType"], found["storageClass"]) == ("application/json", "NEARLINE")
    assert found["kmsKeyName"] == KEY
    assert found["metadata"]["loopcam-id"] == small.manifest.id
    assert found["metadata"]["loopcam-sha256"] == artifact.sha256
    assert found["metadata"]["loopcam-label-team"] == "Zo%C3%AB%20&%20co"


def test_a_new_revision_needs_the_right_to_replace(small: Report) -> None:
    newer = Report(directory=small.directory, manifest=unrendered(small.directory, "another look"))
    with emulator() as store:
        store.allowed = CREATE
        sink(store).store(small)
        with pytest.raises(SinkError, match="403") as caught:
            sink(store).store(newer)
        assert not caught.value.retry
        assert "storage.objects.delete" in caught.value.remedy
        store.allowed = frozenset({"create", "delete"})
        sink(store).store(newer)
        stored = json.loads(store.contents[f"{small.manifest.path}/manifest.json"])
    assert stored["revision"] == small.manifest.revision + 1


def test_a_new_revision_is_tried_again_where_it_may_be_looked_at(small: Report) -> None:
    newer = Report(directory=small.directory, manifest=unrendered(small.directory, "another look"))
    with emulator() as store:
        store.allowed = frozenset({"create", "get"})
        assert sink(store).store(newer) == sink(store).store(newer)


def test_what_is_there_and_is_not_ours_is_put_right(small: Report) -> None:
    name = f"{small.manifest.path}/capture.json"
    with emulator() as store:
        store.contents[name] = b"another"
        store.objects[name] = {"name": name, "generation": "7", "crc32c": "AAAAAA=="}
        sink(store).store(small)
        assert store.contents[name] == (small.directory / "capture.json").read_bytes()


def test_an_emulator_may_be_named_by_the_environment(small: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    with emulator() as store:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", store.url.removeprefix("http://"))
        assert Gcs(bucket=store.bucket).store(small)
        assert store.contents


def test_proxies_of_the_environment_are_not_used(small: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with emulator() as store:
        assert sink(store).store(small)


@pytest.mark.parametrize(
    ("status", "reason", "retry", "remedy"),
    [
        (401, "authError", True, "renew"),
        (403, "forbidden", False, "storage.objects.create"),
        (403, "rateLimitExceeded", True, ""),
        (404, "notFound", False, "create the bucket"),
        (429, "rateLimitExceeded", True, ""),
        (503, "backendError", True, ""),
    ],
)
def test_refusals_are_judged_by_their_status_and_reason(
    small: Report, status: int, reason: str, retry: bool, remedy: str
) -> None:
    error = {"code": status, "message": "said the test", "errors": [{"reason": reason}]}
    answer = reply(status, json.dumps({"error": error}).encode(), headers=["Retry-After: 17"])
    with scripted(answer) as server, pytest.raises(SinkError, match=reason) as caught:
        Gcs(bucket="stalls", endpoint=server.url).store(small)
    assert caught.value.retry is retry
    assert caught.value.retry_after_s == 17
    assert remedy in caught.value.remedy


def test_without_the_library_it_is_said_what_to_install(
    small: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud", None)
    with pytest.raises(SinkError, match="not installed") as caught:
        Gcs(bucket="stalls").prepare()
    assert caught.value.remedy == "pip install 'loopcam[gcs]'"
    assert not caught.value.retry


def test_no_credentials_yet_is_retried(
    small: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(SinkError) as caught:
        Gcs(bucket="stalls").store(small)
    assert caught.value.retry
    assert "workload identity" in caught.value.remedy


def service_account(file: Path, token_url: str) -> Path:
    """A key as Google hands them out, of a server of our own."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = {"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "x@p.test"}
    key |= {"private_key": made.private_bytes(*form).decode(), "token_uri": token_url}
    file.write_text(json.dumps(key))
    return file


def test_a_token_is_fetched_for_the_credentials_and_told_to_the_store_alone(
    small: Report, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    token = {"access_token": CANARY, "expires_in": 3600, "token_type": "Bearer"}
    with (
        scripted(reply(200, json.dumps(token).encode(), headers=[JSON])) as tokens,
        scripted(reply(403, b"no"), tls=context) as server,
        pytest.raises(SinkError, match="403") as caught,
    ):
        Gcs(
            bucket="stalls",
            endpoint=server.url,
            credentials_file=service_account(tmp_path / "key.json", f"{tokens.url}/token"),
            ca_bundle=certificate.certificate,
        ).store(small)
    assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in "".join(traceback.format_exception(caught.value))
