"""S8: a role's token file, as a kubelet writes it, is replaced: the next attempt uses the new one."""

import socket
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from model.errors import SinkError
from model.units import Seconds
from sinks.s3 import S3
from tests.reports import finished_report
from tests.servers import Request, reply, s3_error, scripted, stored
from tests.tally import Tally

KEYS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAFOR{token}</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""
EXPIRED = "<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.mark.fault("S8")
@pytest.mark.parametrize("code", ["ExpiredTokenException", "InvalidIdentityToken", "half written", "missing"])
def test_a_token_that_was_replaced_is_used_by_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, tally: Tally
) -> None:
    token, report = tmp_path / "token", finished_report(tmp_path)

    def sts(connection: socket.socket, request: Request) -> None:
        [said] = parse_qs(request.body.decode())["WebIdentityToken"]
        body = EXPIRED.format(code=code) if said == "OLD1" else KEYS.format(token=said)
        reply(400 if said == "OLD1" else 200, body.encode(), headers=["Content-Type: text/xml"])(
            connection, request
        )

    def bucket(connection: socket.socket, request: Request) -> None:
        new = "ASIAFORNEW" in request.headers["authorization"]
        (stored if new else s3_error(400, "ExpiredToken"))(connection, request)

    with scripted(sts) as tokens, scripted(bucket) as there:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/stalls")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", tokens.url)
        sink = S3(bucket="stalls", endpoint_url=there.url, region="us-east-1", timeout=Seconds(2))
        if code != "missing":
            token.write_text("" if code == "half written" else "OLD1")
        with pytest.raises(SinkError) as caught:
            sink.store(report)
        assert caught.value.retry
        token.with_name("next").write_text("NEW1")
        token.with_name("next").replace(token)
        sink.store(report)
        tally.tries = 1
        tally.lost = 0
