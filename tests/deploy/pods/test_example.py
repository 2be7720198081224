"""The pod that anybody may play: `podman kube play deploy/podman/pod.yaml`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import __version__
from tests.daemon import until
from tests.deploy.pods.engine import Podman
from tests.deploy.pods.kube import fresh_name

EXAMPLE = Path(__file__).parents[3] / "deploy/podman/pod.yaml"
IMAGE, NAME = f"localhost/loopcam:{__version__}", "loopcam-example"


@pytest.fixture
def pod(podman: Podman, image: str, tmp_path: Path) -> Iterator[str]:
    """The name of the example's pod, which only here is one of this run."""
    name, file = fresh_name(), tmp_path / "pod.yaml"
    text = EXAMPLE.read_text()
    assert IMAGE in text
    file.write_text(text.replace(IMAGE, image).replace(NAME, name))
    try:
        podman("kube", "play", str(file))
        yield name
    finally:
        podman.run("kube", "down", str(file))
        podman.run("pod", "rm", "--force", "--time", "0", name)


def test_its_stall_is_a_report_with_the_culprit(podman: Podman, pod: str) -> None:
    def shown() -> bool:
        done = podman.run("exec", f"{pod}-loopcam", "loopcam", "reports", "show")
        return b"simulate_binpacking_of_pending_pods" in done.stdout

    until(shown, "the newest report names the culprit", 120)
