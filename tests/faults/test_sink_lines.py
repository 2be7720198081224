"""What a bad line or a bad server does to the sinks that use the network, over real sockets."""

import socket
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from model.errors import SinkError
from model.report import Report
from model.secrets import Secret
from model.units import Seconds
from sinks.contract import Sink
from sinks.gcs import Gcs
from sinks.http import Http
from sinks.s3 import S3
from tests.reports import finished_report
from tests.servers import Answer, cut, reply, s3_error, scripted, silent, stored, trickle

CANARY = "canary0secret0of0a0test"
SHORT = Seconds(0.3)


def s3(url: str) -> S3:
    keys = {"access_key_id": Secret("AKIDTEST"), "secret_access_key": Secret(CANARY)}
    return S3(bucket="stalls", endpoint_url=url, region="us-east-1", timeout=SHORT, **keys)


def http(url: str) -> Http:
    address = Secret(f"{url}/{{path}}/{{file}}?X-Amz-Signature={CANARY}")
    return Http(url=address, token=Secret(CANARY), timeout=SHORT)


def gcs(url: str) -> Gcs:
    return Gcs(bucket="stalls", endpoint=url, timeout=SHORT)


EACH = pytest.mark.parametrize("sink", [s3, http, gcs])


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return finished_report(tmp_path)


def failure(sink: Callable[[str], Sink], report: Report, *answers: Answer) -> SinkError:
    """How storing fails with a server that answers so, with nothing secret told."""
    with scripted(*answers) as server, pytest.raises(SinkError) as caught:
        sink(server.url).store(report)
    assert CANARY not in "".join(traceback.format_exception(caught.value)) + caught.value.remedy
    assert not [request for request in server.requests if request.method not in ("PUT", "POST")]
    return caught.value


@pytest.mark.fault("S5")
@EACH
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 501])
def test_a_lasting_refusal_is_not_retried(sink: Callable[[str], Sink], report: Report, status: int) -> None:
    error = failure(sink, report, s3_error(status, "SomeCode"))
    assert not error.retry
    assert str(status) in str(error)


@pytest.mark.fault("S5")
@pytest.mark.parametrize("sink", [s3, http])
def test_what_a_server_would_not_replace_is_dead(sink: Callable[[str], Sink], report: Report) -> None:
    assert not failure(sink, report, s3_error(412, "SomeCode")).retry


@pytest.mark.fault("S5")
@EACH
@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_passing_refusal_is_retried(sink: Callable[[str], Sink], report: Report, status: int) -> None:
    error = failure(sink, report, reply(status))
    assert error.retry
    assert error.retry_after_s is None


@pytest.mark.fault("S5")
@EACH
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_a_server_asks_for_is_kept(
    sink: Callable[[str], Sink], report: Report, status: int
) -> None:
    error = failure(sink, report, s3_error(status, "SlowDown", headers=["Retry-After: 17"]))
    assert error.retry
    assert error.retry_after_s == 17


@pytest.mark.fault("S5")
@EACH
def test_the_wait_may_be_a_date(sink: Callable[[str], Sink], report: Report) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    error = failure(sink, report, reply(503, headers=[f"Retry-After: {date}"]))
    assert error.retry_after_s == pytest.approx(300, abs=60)


@pytest.mark.fault("S5")
@EACH
def test_a_cut_connection_is_retried(sink: Callable[[str], Sink], report: Report) -> None:
    assert failure(sink, report, cut).retry


@pytest.mark.fault("S5")
@EACH
def test_a_connection_cut_in_the_middle_of_a_body_is_retried(
    sink: Callable[[str], Sink], tmp_path: Path
) -> None:
    large = finished_report(tmp_path, extra={"evidence/noise.bin": noise(6 << 20)})
    with scripted(cut, read_bytes=1000) as server, pytest.raises(SinkError) as caught:
        sink(server.url).store(large)
    assert caught.value.retry


@pytest.mark.fault("S5")
@EACH
def test_a_server_that_accepts_and_never_answers_is_left(sink: Callable[[str], Sink], report: Report) -> None:
    start_s = time.monotonic()
    assert failure(sink, report, silent).retry
    assert time.monotonic() - start_s < 10


@pytest.mark.fault("S5", "S9")
@EACH
def test_a_closed_port_is_retried(sink: Callable[[str], Sink], report: Report) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(SinkError) as caught:
        sink(f"http://127.0.0.1:{port}").store(report)
    assert caught.value.retry
    assert caught.value.remedy


@pytest.mark.fault("S5", "S9")
@EACH
def test_a_name_that_does_not_resolve_is_retried(sink: Callable[[str], Sink], report: Report) -> None:
    with pytest.raises(SinkError) as caught:
        sink("http://no-such-host.invalid").store(report)
    assert caught.value.retry


@pytest.mark.fault("S5")
@EACH
def test_what_is_not_http_is_retried(sink: Callable[[str], Sink], report: Report) -> None:
    def babble(connection: socket.socket, request: object) -> None:
        connection.sendall(b"220 mail.example ESMTP\r\n")

    assert failure(sink, report, babble).retry


@pytest.mark.fault("S5")
@EACH
def test_an_answer_of_200_with_an_error_in_it_is_no_success(
    sink: Callable[[str], Sink], report: Report
) -> None:
    assert failure(sink, report, s3_error(200, "InternalError")).retry


@pytest.mark.fault("S5")
@EACH
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_not_followed(
    sink: Callable[[str], Sink], report: Report, status: int
) -> None:
    with scripted(stored) as elsewhere:
        location = f"Location: {elsewhere.url}/there?X-Amz-Signature={CANARY}"
        error = failure(sink, report, reply(status, headers=[location]))
    assert elsewhere.requests == []
    assert not error.retry
    assert error.remedy


@pytest.mark.fault("S5")
@EACH
def test_a_server_that_repeats_our_secrets_is_not_quoted(sink: Callable[[str], Sink], report: Report) -> None:
    def echo(connection: socket.socket, request: object) -> None:
        s3_error(403, "Denied", message=f"{request} {CANARY}")(connection, request)  # type: ignore[arg-type]

    error = failure(sink, report, echo)
    assert "Signature=" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.fault("S5")
def test_a_reply_that_is_cut_half_way_is_no_success_for_http(report: Report) -> None:
    assert failure(http, report, reply(200, b"half", length=100)).retry


@pytest.mark.fault("S5")
@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nX-A", b"HTTP/1.1 204 No\r\nX-A: b\r\n"]
)
def test_a_reply_that_is_cut_in_its_head_is_no_success_for_http(report: Report, head: bytes) -> None:
    assert failure(http, report, lambda connection, _: connection.sendall(head)).retry


@pytest.mark.fault("S5")
def test_a_reply_that_trickles_ends_by_time(report: Report) -> None:
    start_s = time.monotonic()
    error = failure(http, report, trickle)
    assert error.retry
    assert time.monotonic() - start_s < 10


@pytest.mark.fault("S5")
def test_a_reply_without_etag_is_no_success_for_s3(report: Report) -> None:
    error = failure(s3, report, reply(200, b"<html>Welcome to the network</html>"))
    assert error.retry
    assert "ETag" in str(error)


@pytest.mark.fault("S5")
def test_an_early_refusal_is_understood_while_the_body_is_still_on_its_way(tmp_path: Path) -> None:
    large = finished_report(tmp_path, extra={"evidence/noise.bin": noise(6 << 20)})
    with scripted(reply(413), read_bytes=0) as server, pytest.raises(SinkError) as caught:
        http(server.url).store(large)
    assert caught.value.retry is ("413" not in str(caught.value))  # a reset may overtake the answer


@pytest.mark.fault("S5")
def test_a_redirect_on_the_same_host_is_followed_with_the_whole_body(report: Report) -> None:
    with scripted(reply(307, headers=["Location: /other?sig=1"]), reply(201)) as server:
        http(server.url).store(report)
    first, second = server.requests
    assert second.target == "/other?sig=1"
    assert second.method == "PUT"
    assert first.body == second.body != b""


@pytest.mark.fault("S5")
def test_redirects_without_end_are_left(report: Report) -> None:
    again = reply(308, headers=["Location: /again"])
    with scripted(again) as server, pytest.raises(SinkError, match="more than 3 redirects") as caught:
        http(server.url).store(report)
    assert not caught.value.retry
    assert len(server.requests) == 4


@pytest.mark.fault("S5")
@pytest.mark.parametrize("location", ["", "//169.254.169.254/", "http://[", "ftp://127.0.0.1/", "/a b"])
def test_odd_redirects_are_refused(report: Report, location: str) -> None:
    assert not failure(http, report, reply(307, headers=[f"Location: {location}"])).retry


@pytest.mark.fault("S5")
def test_a_huge_reply_is_read_to_its_bound_only(report: Report) -> None:
    with scripted(reply(200, b"x" * (8 << 20))) as server:
        http(server.url).store(report)


@pytest.mark.fault("S5")
@pytest.mark.parametrize(
    ("code", "status", "retry"),
    [
        ("ExpiredToken", 400, True),
        ("RequestTimeTooSkewed", 403, True),
        ("InvalidToken", 400, True),
        ("RequestTimeout", 400, True),
        ("OperationAborted", 409, True),
        ("BadDigest", 400, True),
        ("AccessDenied", 403, False),
        ("NoSuchBucket", 404, False),
        ("InvalidAccessKeyId", 403, False),
        ("SignatureDoesNotMatch", 403, False),
        ("PermanentRedirect", 301, False),
        ("AuthorizationHeaderMalformed", 400, False),
        ("NotImplemented", 501, False),
    ],
)
def test_s3_errors_are_judged_by_their_code(report: Report, code: str, status: int, retry: bool) -> None:
    error = failure(s3, report, s3_error(status, code))
    assert error.retry is retry
    assert code in str(error)
    assert error.remedy or retry


@pytest.mark.fault("S5")
def test_a_bucket_in_another_region_is_followed_when_the_refusal_names_it(report: Report) -> None:
    moved = s3_error(301, "PermanentRedirect", headers=["x-amz-bucket-region: eu-north-1"])
    with scripted(moved, stored) as server:
        s3(server.url).store(report)
    assert "/eu-north-1/" in server.requests[-1].headers["authorization"]


@pytest.mark.fault("S5", "S8")
def test_credentials_that_have_run_out_are_read_again_at_the_next_attempt(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def keys(key: str) -> None:
        text = f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {CANARY}\n"
        (tmp_path / "keys").write_text(text)

    keys("AKIDOLD")
    with scripted(s3_error(400, "ExpiredToken")) as before:
        sink = S3(bucket="stalls", endpoint_url=before.url, region="us-east-1", timeout=SHORT)
        with pytest.raises(SinkError):
            sink.store(report)
        keys("AKIDNEW")
        with pytest.raises(SinkError):
            sink.store(report)
    assert "AKIDOLD" in before.requests[0].headers["authorization"]
    assert "AKIDNEW" in before.requests[-1].headers["authorization"]


@pytest.mark.fault("S5", "S8")
def test_no_credentials_yet_is_retried(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with scripted(stored) as server, pytest.raises(SinkError) as caught:
        S3(bucket="stalls", endpoint_url=server.url, region="us-east-1").store(report)
    assert caught.value.retry
    assert "role" in caught.value.remedy
    assert server.requests == []


def noise(size: int) -> bytes:
    """Bytes that do not compress."""
    import random

    return random.Random(1).randbytes(size)
