"""The policy of docs/security.md, enforced by a store: enough for all calls of the S3 sink, and no more."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from model.secrets import Secret
from model.units import ByteSize
from sinks.s3 import S3
from tests.reports import finished_report
from tests.servers import moto

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
BUCKET, PREFIX = "stalls", "autoscaler/"
PART_BYTES = 5 << 20
BEFORE = 4  # calls of ours, before moto asks who calls and what that one may


def documented() -> str:
    found = re.search(r"```json policy\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def allowed(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A store with a bucket, and the key of a user who has that policy and no other."""
    with moto(tmp_path / "log", INITIAL_NO_AUTH_ACTION_COUNT=str(BEFORE)) as url:
        ours = {"endpoint_url": url, "region_name": "us-east-1"}
        ours |= {"aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
        boto3.client("s3", **ours).create_bucket(Bucket=BUCKET)
        iam: Any = boto3.client("iam", **ours)
        iam.create_user(UserName="loopcam")
        iam.put_user_policy(UserName="loopcam", PolicyName="put", PolicyDocument=documented())
        key = iam.create_access_key(UserName="loopcam")["AccessKey"]
        secret = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        yield {"endpoint_url": url, "region_name": "us-east-1", **secret}


def sink(allowed: dict[str, str], prefix: str) -> S3:
    return S3(
        bucket=BUCKET,
        prefix=prefix,
        endpoint_url=allowed["endpoint_url"],
        access_key_id=Secret(allowed["aws_access_key_id"]),
        secret_access_key=Secret(allowed["aws_secret_access_key"]),
        part_size=ByteSize(PART_BYTES),
    )


@pytest.mark.threat("permissions")
def test_the_documented_policy_is_enough_and_no_more(allowed: dict[str, str], tmp_path: Path) -> None:
    json.loads(documented())
    large = b"x" * (PART_BYTES + 1)  # goes in parts
    report = finished_report(tmp_path / "report", extra={"evidence/large.bin": large})
    assert sink(allowed, PREFIX).store(report).startswith(f"s3://{BUCKET}/{PREFIX}")
    client: Any = boto3.client("s3", **allowed)
    denied = {
        "list": lambda: client.list_objects_v2(Bucket=BUCKET),
        "read": lambda: client.get_object(Bucket=BUCKET, Key=f"{PREFIX}x"),
        "remove": lambda: client.delete_object(Bucket=BUCKET, Key=f"{PREFIX}x"),
        "elsewhere": lambda: client.put_object(Bucket=BUCKET, Key="other/x", Body=b""),
    }
    for name, call in denied.items():
        with pytest.raises(ClientError, match="AccessDenied") as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, name
