"""Rules across options, templates, and what may be shown."""

from typing import Any

import pytest

from model.errors import SinkError
from model.secrets import Secret
from model.units import ByteSize, Seconds
from sinks import addresses, replies, template
from sinks.gcs import Gcs
from sinks.http import Http
from sinks.s3 import S3


def s3_faults(**options: Any) -> list[str]:
    return [field for field, _, _ in S3(bucket="stalls", **options).check()]


def http_faults(url: str, **options: Any) -> list[str]:
    return [field for field, _, _ in Http(url=Secret(url), **options).check()]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"prefix": "{cluster/"}, "prefix"),
        ({"prefix": "{}/"}, "prefix"),
        ({"prefix": "{cluster!r}/"}, "prefix"),
        ({"prefix": "no-slash"}, "prefix"),
        ({"prefix": "/slash/"}, "prefix"),
        ({"endpoint_url": "minio:9000"}, "endpoint_url"),
        ({"endpoint_url": "http://user:secret@minio"}, "endpoint_url"),
        ({"endpoint_url": "http://["}, "endpoint_url"),
        ({"kms_key_id": "alias/x"}, "kms_key_id"),
        ({"kms_key_id": "alias/x", "sse": "AES256"}, "kms_key_id"),
        ({"access_key_id": Secret("AKID")}, "access_key_id"),
        ({"secret_access_key": Secret("s")}, "access_key_id"),
        ({"access_key_id": Secret("a"), "secret_access_key": Secret("s"), "profile": "p"}, "profile"),
        ({"part_size": ByteSize(1 << 20)}, "part_size"),
        ({"timeout": Seconds(0)}, "timeout"),
    ],
)
def test_s3_options_that_do_not_go_together_are_faults(options: dict[str, Any], field: str) -> None:
    assert s3_faults(**options) == [field]


def test_good_s3_options_have_no_fault() -> None:
    good = S3(
        bucket="stalls", prefix="{cluster}/{app.kubernetes.io/name}/{target}/", sse="aws:kms", kms_key_id="k"
    )
    assert list(good.check()) == []
    assert good.labels() == {"cluster", "app.kubernetes.io/name"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"prefix": "{cluster/"}, "prefix"),
        ({"prefix": "/slash/"}, "prefix"),
        ({"endpoint": "storage:443"}, "endpoint"),
        ({"endpoint": "https://user:secret@storage"}, "endpoint"),
        ({"kms_key": "stalls"}, "kms_key"),
        ({"part_size": ByteSize(1 << 10)}, "part_size"),
        ({"timeout": Seconds(0)}, "timeout"),
    ],
)
def test_gcs_options_that_no_store_would_take_are_faults(options: dict[str, Any], field: str) -> None:
    assert [option for option, _, _ in Gcs(bucket="stalls", **options).check()] == [field]


@pytest.mark.parametrize(
    ("url", "options", "field"),
    [
        ("ftp://store/x", {}, "url"),
        ("https:///x", {}, "url"),
        ("https://user:secret@store/", {}, "url"),
        ("https://store/a b", {}, "url"),
        ("https://store/\u00e9", {}, "url"),
        ("https://store/x#y", {}, "url"),
        ("https://{cluster}.store/", {}, "url"),
        ("https://store/{cluster", {}, "url"),
        ("https://store/{path}", {"mode": "files"}, "url"),
        ("http://169.254.169.254/latest", {}, "url"),
        ("http://[fd00:ec2::254]/latest", {}, "url"),
        ("http://[::ffff:169.254.169.254]/latest", {}, "url"),
        ("https://store/", {"headers": {"X-A": Secret("a\r\nX-B: b")}}, "headers"),
        ("https://store/", {"headers": {"X A": Secret("a")}}, "headers"),
        ("https://store/", {"headers": {"Host": Secret("a")}}, "headers"),
        ("https://store/", {"token": Secret("a\n")}, "token"),
        ("https://store/", {"token": Secret("a"), "headers": {"authorization": Secret("b")}}, "token"),
        ("https://store/", {"timeout": Seconds(0)}, "timeout"),
    ],
)
def test_http_options_that_cannot_be_sent_are_faults(url: str, options: dict[str, Any], field: str) -> None:
    assert http_faults(url, **options) == [field]


@pytest.mark.threat("secrets")
def test_faults_show_no_secret() -> None:
    sink = Http(
        url=Secret("https://store/{x?sig=canary"), token=Secret("canary\n"), headers={"A": Secret("canary\n")}
    )
    assert "canary" not in repr(list(sink.check())) + repr(sink)


def test_a_link_local_address_can_be_allowed() -> None:
    assert http_faults("http://169.254.1.1/", allow_link_local=True) == []


def test_good_http_options_have_no_fault() -> None:
    assert http_faults("https://store:8443/{cluster}/{path}/{file}?sig=a%2fb", mode="files") == []
    assert Http(url=Secret("https://store/{cluster}/{path}/{file}")).labels() == {"cluster"}


@pytest.mark.threat("traversal")
@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "\u00e9", "a b", "x" * 500, "\0", "...."])
def test_a_value_is_one_harmless_name(value: str) -> None:
    name = template.as_name(value)
    assert 0 < len(name) <= 128
    assert name.strip(".")
    assert not set(name) & set("/\\ \0")


def test_a_template_without_a_value_is_an_error_that_names_the_field() -> None:
    with pytest.raises(SinkError, match="'pod'") as caught:
        template.fill("{target}/{pod}", {"target": "t"}, template.as_name)
    assert not caught.value.retry


def test_doubled_braces_stand_for_themselves() -> None:
    assert template.fill("{{x}}/{target}", {"target": "t"}, template.as_name) == "{x}/t"


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [(None, None), ("", None), ("17", 17), ("0", 0), ("99999999", 3600), ("-5", None), ("soon", None)],
)
def test_retry_after_is_read_within_bounds(value: str | None, wait_s: float | None) -> None:
    assert replies.retry_after_s(value) == wait_s


def test_a_date_in_the_past_means_now() -> None:
    assert replies.retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.threat("secrets")
def test_words_of_a_server_are_quoted_short_and_without_secrets() -> None:
    said = replies.quote(
        "no\n\x1b[31m key hush at http://x/?sig=1 " + "f" * 64 + " y" * 500, [Secret("hush"), None]
    )
    assert said.startswith("no [31m key *** at http://x/?*** *** y")
    assert len(said) <= 200


def test_a_url_is_shown_without_its_query_and_user() -> None:
    assert addresses.shown("https://u:p@[::1]:8443/a/b?sig=1#x") == "https://[::1]:8443/a/b"


def test_a_url_in_a_file_is_judged_when_it_is_read() -> None:
    sink = Http(url=Secret("file:/run/secrets/presigned"))
    assert list(sink.check()) == []
    assert sink.labels() == frozenset()
