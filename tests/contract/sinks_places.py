"""A place for each sink to store in, and a way to look at what is there."""

import shutil
import socket
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import pytest

from model.secrets import Secret
from sinks import plugins
from sinks.contract import Sink
from tests.gcs import emulator
from tests.servers import Request, reply, scripted

CANARY = "canary0secret0of0a0test"
LABELS = {"cluster": "prod-eu-1", "pod": "ca-0"}


class Place(Protocol):
    """Where a sink stores, as a test sees it."""

    sink: Sink

    def whole(self) -> list[str]:
        """The folders, relative to the place, in which a manifest lies."""
        ...

    def fetch(self, folder: str, into: Path) -> Path:
        """Everything in such a folder, copied to a local one."""
        ...


class Folder:
    """A folder on this machine."""

    def __init__(self, sink: Sink, root: Path) -> None:
        self.sink, self.root = sink, root

    def whole(self) -> list[str]:
        return [file.parent.relative_to(self.root).as_posix() for file in self.root.rglob("manifest.json")]

    def fetch(self, folder: str, into: Path) -> Path:
        return shutil.copytree(self.root / folder, into)


class Objects:
    """Names with contents, as a bucket or a web store has them."""

    def __init__(self, sink: Sink, read: Callable[[], dict[str, bytes]]) -> None:
        self.sink, self.read = sink, read

    def whole(self) -> list[str]:
        return [n.removesuffix("/manifest.json") for n in self.read() if n.endswith("/manifest.json")]

    def fetch(self, folder: str, into: Path) -> Path:
        for name, content in self.read().items():
            if name.startswith(f"{folder}/"):
                file = into / name.removeprefix(f"{folder}/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        return into


@contextmanager
def file_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    root = tmp_path / "reports"
    yield Folder(plugins.find("file")(path=root), root)


@contextmanager
def s3_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    client, bucket = s3_client(store_url), new_bucket(store_url, tmp_path)
    sink = plugins.find("s3")(
        bucket=bucket,
        prefix="stalls/{cluster}/",
        endpoint_url=store_url,
        region="us-east-1",
        access_key_id=Secret("AKIDTEST"),
        secret_access_key=Secret(CANARY),
    )

    def read() -> dict[str, bytes]:
        listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {o["Key"]: client.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}

    yield Objects(sink, read)


@contextmanager
def gcs_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    with emulator() as store:
        options = {"bucket": store.bucket, "prefix": "stalls/{cluster}/", "endpoint": store.url}
        yield Objects(plugins.find("gcs")(**options), lambda: store.contents)


@contextmanager
def http_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    """A web server that keeps what is put, each file under its name and each tar unpacked."""
    kept: dict[str, bytes] = {}

    def keep(connection: socket.socket, request: Request) -> None:
        path = unquote(request.target.partition("?")[0]).lstrip("/")
        kept[path] = request.body
        reply(204)(connection, request)

    with scripted(keep) as server:
        yield Objects(
            plugins.find("http")(
                url=Secret(f"{server.url}/stalls/{{cluster}}/{{path}}/{{file}}?X-Signature={CANARY}"),
                mode="files",
                token=Secret(CANARY),
            ),
            lambda: kept,
        )


@contextmanager
def tar_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    """A web server that unpacks the tars it is sent."""
    kept: dict[str, bytes] = {}

    def keep(connection: socket.socket, request: Request) -> None:
        with tarfile.open(fileobj=BytesIO(request.body), mode="r:gz") as archive:
            for entry in archive:
                content = archive.extractfile(entry)
                assert content is not None
                kept[f"{Path(unquote(request.target)).parent}/{entry.name}".lstrip("/")] = content.read()
        reply(204)(connection, request)

    with scripted(keep) as server:
        url = Secret(f"{server.url}/{{path}}.tar.gz")
        yield Objects(
            plugins.find("http")(url=url, method="POST", headers={"X-Key": Secret(CANARY)}), lambda: kept
        )


@contextmanager
def outside_place(tmp_path: Path, store_url: str) -> Iterator[Place]:
    """A sink of another distribution, installed the way pip leaves one."""
    with distribution(tmp_path / "site", "shelf = loopcam_shelf:Shelf", SHELF):
        root = tmp_path / "shelf"
        yield Folder(plugins.find("shelf")(root=str(root)), root)


SHELF = '''
"""A sink from outside: one file."""
import shutil
from pathlib import Path
from typing import Annotated
from msgspec import Meta
from model.errors import SinkError
from model.report import Report
from sinks.contract import Sink

class Shelf(Sink, frozen=True, kw_only=True):
    root: Annotated[str, Meta(description="The folder.")]

    def store(self, report: Report) -> str:
        place = (Path(self.root) / report.manifest.path).resolve()
        if not place.is_relative_to(Path(self.root).resolve()):
            raise SinkError("outside of the shelf", retry=False)
        for file, artifact in report.files():
            if not file.is_file():
                raise SinkError(f"{artifact.path} is missing", retry=False)
            (place / artifact.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place / artifact.path)
        shutil.copyfile(report.manifest_file, place / "manifest.json")
        return str(place)
'''


@contextmanager
def distribution(site: Path, entry_point: str, code: str) -> Iterator[None]:
    """A tiny installed distribution `loopcam-shelf` with one module and one entry point."""
    info = site / "loopcam_shelf-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loopcam-shelf\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[loopcam.sinks]\n{entry_point}\n")
    (site / "loopcam_shelf.py").write_text(code)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        yield
    sys.modules.pop("loopcam_shelf", None)


PLACES: dict[str, Callable[[Path, str], AbstractContextManager[Place]]] = {
    "file": file_place,
    "s3": s3_place,
    "gcs": gcs_place,
    "http": http_place,
    "http-tar": tar_place,
    "outside": outside_place,
}


def s3_client(store_url: str) -> Any:
    """A client with every right, to look into the store."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=store_url,
        region_name="us-east-1",
        aws_access_key_id="looker",
        aws_secret_access_key="looker",
    )


def new_bucket(store_url: str, tmp_path: Path) -> str:
    """A bucket of the test's own."""
    name = "b-" + tmp_path.name.replace("_", "-").lower()[-40:].strip("-.")
    s3_client(store_url).create_bucket(Bucket=name)
    return name
