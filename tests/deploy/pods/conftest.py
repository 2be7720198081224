"""Images and the S3 server, once for all pods; pods of their own for each test."""

import os
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.daemon import until
from tests.deploy.pods import images, kube
from tests.deploy.pods.bucket import Bucket
from tests.deploy.pods.engine import Podman
from tests.prerequisites import require


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Podman:
    require("root", "podman", "buildah", "runc", "debootstrap", "helm")
    return Podman(tmp_path_factory.mktemp("podman"))


@pytest.fixture(scope="session")
def base(podman: Podman) -> str:
    """The image that stands for python:3.13-slim-trixie."""
    return images.base(podman)


@pytest.fixture(scope="session")
def image(podman: Podman, base: str) -> str:
    """Ours."""
    return images.loopcam(podman, base)


@pytest.fixture(scope="session")
def target_image(podman: Podman, base: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The target's."""
    return images.target(podman, base, tmp_path_factory.mktemp("target"))


@pytest.fixture(scope="session")
def network(podman: Podman) -> Iterator[str]:
    """A network for the pods of this run."""
    name = kube.fresh_name()
    podman("network", "create", name)
    yield name
    podman.finish()
    podman("network", "rm", "--force", name)


@pytest.fixture(scope="session")
def store_url(
    podman: Podman, base: str, network: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An S3 server in a container."""
    image = images.store(podman, base, tmp_path_factory.mktemp("store"))
    name = kube.fresh_name()
    try:
        podman("run", "--detach", "--name", name, "--network", network, image)
        address = podman.inspect(name)["NetworkSettings"]["Networks"][network]["IPAddress"]
        until(lambda: _answers(f"http://{address}:5000/moto-api/"), "the S3 server answers", 90)
        yield f"http://{address}:5000"
    finally:
        podman("rm", "--force", "--time", "0", name)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20):
            return True
    except OSError:
        return False


@pytest.fixture
def bucket(store_url: str, tmp_path: Path) -> Bucket:
    """One of its own for each test."""
    return Bucket(store_url, f"stalls-{os.urandom(4).hex()}", tmp_path / "bucket")


@pytest.fixture
def pod(podman: Podman, network: str, image: str, target_image: str, tmp_path: Path) -> Iterator[kube.Play]:
    """Plays pods of the example's chart, with these values, and ends them whatever happens."""
    pods: list[kube.Pod] = []

    def play(values: Mapping[str, object], state: Path | None = None) -> kube.Pod:
        name = kube.fresh_name()
        volumes = tmp_path / name
        volumes.mkdir()
        if state is not None:
            (volumes / "loopcam-state").symlink_to(state)
        pods.append(kube.Pod(podman, network, name, volumes))
        return pods[-1].play(kube.rendered(values, name))

    tmp_path.chmod(0o755)
    try:
        yield play
    finally:
        for one in pods:
            print(one.name, one.logs(), one.logs("autoscaler"), sep="\n")  # shown when the test fails
            one.leave()
