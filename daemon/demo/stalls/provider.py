"""Stalls behind an API that says 429: asleep before the next try."""

import contextlib
import http.client
import importlib.util
import time
from typing import Any

from daemon.demo.stalls.contract import Setting, lasting

_CLIENTS: dict[str, Any] = {}


def scale_group(setting: Setting) -> None:
    """An API that answers 429 with Retry-After, and a client that obeys."""
    for _ in lasting(setting.seconds):
        status, retry_after_s = describe_instances(setting.api_port)
        if status == http.HTTPStatus.OK:
            return
        sleep_for_retry(retry_after_s)


def describe_instances(port: int) -> tuple[int, float]:
    """Status, and how long to wait."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/throttled")
        response = connection.getresponse()
        response.read()
        return response.status, float(response.headers["Retry-After"] or 0)
    finally:
        connection.close()


def sleep_for_retry(seconds: float) -> None:
    """Back off."""
    time.sleep(seconds)


def prepare_urllib3(setting: Setting) -> None:
    """Import it before the loop starts."""
    import urllib3

    retry = urllib3.Retry(total=None, status=50, status_forcelist=[429], respect_retry_after_header=True)
    _CLIENTS["urllib3"] = urllib3.PoolManager(retries=retry)


def scale_pooled_group(setting: Setting) -> None:
    """The same by urllib3's own retries."""
    from urllib3.exceptions import MaxRetryError

    retries = _CLIENTS["urllib3"].connection_pool_kw["retries"].new(status=max(1, round(setting.seconds)))
    with contextlib.suppress(MaxRetryError):
        _CLIENTS["urllib3"].request("GET", f"http://127.0.0.1:{setting.api_port}/throttled", retries=retries)


def without_urllib3() -> str:
    """It is what boto3 brings along."""
    return "" if importlib.util.find_spec("urllib3") else "urllib3 is not installed"


def prepare_botocore(setting: Setting) -> None:
    """Import it, and let it read its models, before the loop starts."""
    import boto3
    from botocore.config import Config

    _CLIENTS["autoscaling"] = boto3.client(
        "autoscaling",
        region_name="eu-central-1",
        endpoint_url=f"http://127.0.0.1:{setting.api_port}/throttled",
        aws_access_key_id="demo",
        aws_secret_access_key="demo",  # noqa: S106  # nobody's
        config=Config(retries={"mode": "standard", "total_max_attempts": 4}),
    )


def scale_aws_group(setting: Setting) -> None:
    """AWS's own client, throttled."""
    from botocore.exceptions import ClientError

    for _ in lasting(setting.seconds):
        with contextlib.suppress(ClientError):
            _CLIENTS["autoscaling"].describe_auto_scaling_groups()


def without_boto3() -> str:
    """It comes with loopcam."""
    return "" if importlib.util.find_spec("boto3") else "boto3 is not installed"
