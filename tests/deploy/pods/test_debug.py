"""Without a restart: a container in the target's PID namespace, as `kubectl debug --target` makes it."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from daemon.doctor import remedies
from tests.daemon import until
from tests.deploy.pods.engine import Podman
from tests.deploy.pods.kube import fresh_name

STRICT = ("--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp")
IN_SIGHT = "--cap-add", "SYS_PTRACE"


@pytest.fixture(scope="module")
def running(podman: Podman, target_image: str) -> Iterator[str]:
    """A target's container of its own."""
    name = fresh_name()
    try:
        podman("run", "--detach", "--name", name, "--user", "1000:1000", "--env", "STALL=/app", target_image)
        yield name
    finally:
        podman("rm", "--force", "--time", "0", name)


@pytest.mark.parametrize(
    "rights", [("--user", "1000:1000"), tuple(remedies.capability().docker.split())], ids=["user", "root"]
)
def test_a_capture_comes_as_a_tar_on_standard_output(
    rights: tuple[str, ...], podman: Podman, running: str, image: str
) -> None:
    joined = ("run", "--rm", "--pid", f"container:{running}", *STRICT, *rights)
    done = podman.run(*joined, image, "capture", "--pid", "1", "--for", "1s", "--out", "-")
    assert done.returncode == 0, done.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"manifest.json", "report.html"} <= set(names)
    assert b"the_culprit" in done.stderr


def test_another_user_with_the_capability_is_told_why_it_does_not_help(
    podman: Podman, running: str, image: str
) -> None:
    joined = ("run", "--rm", "--pid", f"container:{running}", *STRICT, *IN_SIGHT, "--user", "2000:2000")
    pretended = ("--env", "KUBERNETES_SERVICE_HOST=10.0.0.1")
    done = podman.run(*joined, *pretended, image, "doctor", "--pid", "1")
    said = done.stdout.decode()
    assert done.returncode == 1, said
    assert "problem  user" in said
    assert "a non-root container gets no ambient capability" in said


def test_the_copy_with_the_capability_harms_no_other_rung(podman: Podman, running: str, image: str) -> None:
    """Where the grant is missing it cannot even be started, and that is told; nothing else uses it."""
    joined = ("run", "--rm", "--pid", f"container:{running}", *STRICT, "--user", "1000:1000")
    named = ("--env", "LOOPCAM_PYSPY=/opt/loopcam/fileCap/py-spy")
    done = podman.run(*joined, *named, image, "capture", "--pid", "1", "--for", "1s", "--out", "-")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"not permitted" in done.stderr.lower(), done.stderr.decode()


def test_orphans_are_reaped(podman: Podman, image: str) -> None:
    name = fresh_name()
    orphan = "import os, time\nif os.fork() == 0:\n  os.fork()\n  os._exit(0)\ntime.sleep(600)"
    shell = ("--entrypoint", '["tini", "-s", "--", "python3", "-c"]')
    try:
        podman("run", "--detach", "--name", name, *shell, image, orphan)
        until(lambda: podman.run("exec", name, "true").returncode == 0, "it runs")
        state = "cat /proc/[0-9]*/stat"
        until(lambda: " Z " in podman("exec", name, "sh", "-c", state), "our own child is a zombie")
        assert podman("exec", name, "sh", "-c", state).count(" Z ") == 1
    finally:
        podman("rm", "--force", "--time", "0", name)
