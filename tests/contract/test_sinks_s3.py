"""What only the S3 sink promises, against a real moto server."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from model.errors import SinkError
from model.report import Report
from model.secrets import Secret
from model.units import ByteSize
from sinks.s3 import S3
from tests.contract.sinks_places import new_bucket, s3_client
from tests.reports import finished_report
from tests.servers import Scripted, put_only, reply, s3_error, scripted, stored

PART_BYTES = 5 << 20
LABELS = {"cluster": "prod", "pod": "ca-0", "team": "Zoë & co"}


def sink(url: str, bucket: str = "stalls", **options: Any) -> S3:
    keys = {"access_key_id": Secret("AKIDTEST"), "secret_access_key": Secret("secret")}
    return S3(bucket=bucket, endpoint_url=url, region="us-east-1", **keys, **options)


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A report with one file of more than two parts."""
    extra = {"evidence/large.bin": bytes(2 * PART_BYTES + 1)}
    return finished_report(tmp_path / "spool", labels=LABELS, extra=extra)


@pytest.fixture
def small(tmp_path: Path) -> Report:
    return finished_report(tmp_path / "spool", labels=LABELS)


def only_large(report: Report) -> Report:
    """The report with nothing but its large file, so that answers come in a known order."""
    large = tuple(a for a in report.manifest.artifacts if a.path == "evidence/large.bin")
    return msgspec.structs.replace(report, manifest=msgspec.structs.replace(report.manifest, artifacts=large))


@pytest.fixture
def bucket(store_url: str, tmp_path: Path) -> str:
    return new_bucket(store_url, tmp_path)


@pytest.mark.parametrize("checksums", ["when_required", "when_supported"])
def test_putting_alone_suffices_also_in_parts(
    store_url: str, bucket: str, report: Report, checksums: str
) -> None:
    with put_only(store_url) as guard:
        location = sink(guard.url, bucket, part_size=ByteSize(PART_BYTES), checksums=checksums).store(report)
    assert location == f"s3://{bucket}/{report.manifest.path}/"
    assert {request.method for request in guard.requests} == {"PUT", "POST"}
    key = f"{report.manifest.path}/evidence/large.bin"
    found = s3_client(store_url).get_object(Bucket=bucket, Key=key)["Body"].read()
    assert found == (report.directory / "evidence/large.bin").read_bytes()
    assert "manifest.json" in guard.requests[-1].target


def test_objects_say_what_they_are(store_url: str, bucket: str, report: Report) -> None:
    options = {"sse": "aws:kms", "kms_key_id": "alias/stalls", "storage_class": "STANDARD_IA"}
    sink(store_url, bucket, prefix="{team}/{year}/", **options).store(report)
    key = f"Zo____co/2026/{report.manifest.path}/capture.json"
    found = s3_client(store_url).head_object(Bucket=bucket, Key=key)
    [artifact] = [artifact for artifact in report.manifest.artifacts if artifact.path == "capture.json"]
    assert found["ContentType"] == "application/json"
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["StorageClass"] == "STANDARD_IA"
    assert found["Metadata"] == {
        "loopcam-id": report.manifest.id,
        "loopcam-target": "demo",
        "loopcam-revision": "1",
        "loopcam-sha256": artifact.sha256,
        "loopcam-label-cluster": "prod",
        "loopcam-label-pod": "ca-0",
        "loopcam-label-team": "Zo%C3%AB%20&%20co",
    }


def test_a_forbidden_abort_does_not_hide_the_first_error(report: Report) -> None:
    begun = b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    answers = reply(200, begun), s3_error(503, "SlowDown"), s3_error(403, "AccessDenied")
    with scripted(*answers) as server, pytest.raises(SinkError, match="SlowDown") as caught:
        sink(server.url, part_size=ByteSize(PART_BYTES)).store(only_large(report))
    assert caught.value.retry
    assert [request.method for request in server.requests] == ["POST", "PUT", "DELETE"]


def test_an_upload_that_is_completed_with_an_error_is_no_success(report: Report) -> None:
    begun = b"<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    answers = reply(200, begun), stored, stored, stored, s3_error(200, "InternalError"), reply(204)
    with scripted(*answers) as server, pytest.raises(SinkError, match="InternalError") as caught:
        sink(server.url, part_size=ByteSize(PART_BYTES)).store(only_large(report))
    assert caught.value.retry


def test_an_upload_that_does_not_begin_is_no_success(report: Report) -> None:
    with scripted(stored) as server, pytest.raises(SinkError, match="UploadId") as caught:
        sink(server.url, part_size=ByteSize(PART_BYTES)).store(only_large(report))
    assert caught.value.retry


def checksums(server: Scripted) -> set[str]:
    names = ("content-md5", "x-amz-checksum-crc32")
    return {name for request in server.requests for name in names if name in request.headers}


def test_another_store_gets_the_older_checksum(small: Report) -> None:
    with scripted(stored) as server:
        sink(server.url).store(small)
    assert checksums(server) == {"content-md5"}
    assert not any("expect" in request.headers for request in server.requests)


def test_the_newer_checksum_is_an_option(small: Report) -> None:
    with scripted(stored) as server:
        sink(server.url, checksums="when_supported").store(small)
    assert checksums(server) == {"x-amz-checksum-crc32"}


def test_proxies_of_the_environment_are_not_used(small: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with scripted(stored) as server:
        sink(server.url).store(small)
    assert server.requests


def test_a_label_that_the_report_lacks_is_named(small: Report) -> None:
    with scripted(stored) as server, pytest.raises(SinkError, match="namespace") as caught:
        sink(server.url, prefix="{cluster}/{namespace}/").store(small)
    assert not caught.value.retry
    assert server.requests == []


def test_a_bucket_that_is_not_there_is_a_lasting_fault(store_url: str, small: Report) -> None:
    with pytest.raises(SinkError, match="NoSuchBucket") as caught:
        sink(store_url, "no-such-bucket").store(small)
    assert not caught.value.retry
    assert "bucket" in caught.value.remedy
