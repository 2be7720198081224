"""A bucket of an S3 server in a container of its own, as the test sees it."""

import time
from pathlib import Path
from typing import Any

import boto3

from model import coding
from model.manifest import Manifest
from tests.daemon import until
from tests.reports import assert_valid_report

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}
PATIENCE_S = 90.0


class Bucket:
    """Reports that were stored in it."""

    def __init__(self, url: str, name: str, folder: Path) -> None:
        self.sink = {"s3": {"bucket": name, "endpoint_url": url, "region": "eu-central-1"}}
        self._name = name
        self._folder = folder
        keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "none"}
        self._client: Any = boto3.client("s3", endpoint_url=url, region_name="eu-central-1", **keys)
        self._client.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )

    def reports(self) -> dict[str, Path]:
        """The whole reports, fetched into folders of their own, by their ids; asked now and then."""
        time.sleep(0.2)
        listed = self._client.list_objects_v2(Bucket=self._name).get("Contents", [])
        keys = [str(one["Key"]) for one in listed]
        return {
            one.split("/")[-2]: self._fetched(one, keys) for one in keys if one.endswith("/manifest.json")
        }

    def of(self, target: str) -> Manifest:
        """The first report of a target, once it is there; it is whole and valid."""
        return until(lambda: self._one(target), f"a report of {target} is in the bucket", PATIENCE_S)

    def _one(self, target: str) -> Manifest | None:
        for folder in self.reports().values():
            manifest = coding.decode((folder / "manifest.json").read_bytes(), Manifest)
            if manifest.capture.target == target:
                assert_valid_report(folder)
                return manifest
        return None

    def _fetched(self, manifest: str, keys: list[str]) -> Path:
        root = manifest.removesuffix("manifest.json")
        for key in (one for one in keys if one.startswith(root)):
            place = self._folder / key
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                self._client.download_file(self._name, key, str(place))
        return self._folder / root
