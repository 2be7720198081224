"""What the end-to-end tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.browser import browser, page, shoot
from tests.servers import moto

__all__ = ["browser", "page", "shoot"]  # fixtures


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real moto server over HTTP, one for all tests."""
    with moto(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


class Bucket:
    """A new bucket."""

    def __init__(self, url: str) -> None:
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        self.name = f"stalls-{uuid4().hex[:8]}"
        self.url = url
        self._client: Any = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
        self._client.create_bucket(Bucket=self.name)

    def sink(self, **options: object) -> dict[str, object]:
        """The configuration of a sink that stores in it."""
        keys = {"access_key_id": "testing", "secret_access_key": "testing"}
        return {"s3": {"bucket": self.name, "endpoint_url": self.url, **keys, **options}}

    def objects(self) -> list[dict[str, Any]]:
        """Its objects, in the order in which they were written."""
        found = self._client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return sorted(found, key=lambda one: one["LastModified"])

    def empty(self) -> None:
        """Delete them all."""
        for key in self.keys():
            self._client.delete_object(Bucket=self.name, Key=key)

    def keys(self) -> list[str]:
        """Their names."""
        return [one["Key"] for one in self.objects()]

    def head(self, key: str) -> dict[str, Any]:
        """What is known of an object."""
        found: dict[str, Any] = self._client.head_object(Bucket=self.name, Key=key)
        return found

    def download(self, folder: Path) -> Path:
        """All objects below a folder."""
        for key in self.keys():
            place = folder / key
            place.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(self.name, key, str(place))
        return folder


@pytest.fixture
def bucket(store_url: str) -> Bucket:
    """A bucket of this test."""
    return Bucket(store_url)
