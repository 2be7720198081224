"""Clients of a server that is slow, or busy."""

import contextlib
import socket
import time
import urllib.request
import xmlrpc.client

import boto3
import requests
import requests.adapters
import urllib3.util
from botocore.config import Config

from benchmarks.strangers.contract import Place, lasting


def get_by_requests(place: Place) -> None:
    """The most usual client."""
    requests.get(place.silent, timeout=2 * place.seconds)


def get_by_urllib(place: Place) -> None:
    """The standard library's."""
    with urllib.request.urlopen(place.silent, timeout=2 * place.seconds) as answer:
        answer.read()


def call_by_xml(place: Place) -> None:
    """A remote procedure, over HTTP and XML."""
    proxy = xmlrpc.client.ServerProxy(place.silent)
    with contextlib.suppress(xmlrpc.client.Error, OSError):
        proxy.nodes()


def list_objects(place: Place) -> None:
    """AWS's client, whose server is silent."""
    _storage(f"http://127.0.0.1:{place.port}/silent", 1).list_buckets()


def list_throttled(place: Place) -> None:
    """AWS's client, which tries again."""
    client = _storage(f"http://127.0.0.1:{place.port}/busy", 10)
    for _ in lasting(place.seconds):
        with contextlib.suppress(Exception):
            client.list_buckets()


def _storage(url: str, attempts: int):  # type: ignore[no-untyped-def]  # boto3 makes its classes at run time
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=60)
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
        config=config,
    )


def get_when_busy(place: Place) -> None:
    """Requests with an adapter that tries again."""
    session = requests.Session()
    policy = urllib3.util.Retry(12, backoff_factor=0.5, status_forcelist=[503])
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=policy))
    with contextlib.suppress(requests.RequestException):
        session.get(f"http://127.0.0.1:{place.port}/busy")


def poll_state(place: Place) -> None:
    """Asks every now and then whether something is ready: no retry by its words."""
    for _ in lasting(place.seconds):
        requests.get(f"http://127.0.0.1:{place.port}/state", timeout=5)
        time.sleep(0.7)


def read_line(place: Place) -> None:
    """A protocol of one's own over a socket."""
    with socket.create_connection(("127.0.0.1", place.port)) as connection:
        connection.sendall(f"GET /silent?seconds={place.seconds} HTTP/1.0\r\n\r\n".encode())
        with connection.makefile() as stream:
            stream.readline()
