"""What is in the image, and what is not."""

import json
import re
import subprocess

from daemon import __version__
from release import LOCKS, bill, locks
from tests.deploy.pods.engine import Podman
from tests.deploy.pods.images import ROOT
from tests.prerequisites import require

MOST_BYTES = 70 * 10**6  # above its base
INSIDE = """
command -v gcc cc make git && exit 1
ls /opt/loopcam/bin/pip* /opt/loopcam/lib/python3*/site-packages/pip 2>/dev/null && exit 1
find /opt /parts /src -name '*.whl' 2>/dev/null | grep . && exit 1
for package in loopcam py-spy boto3 aiohttp protobuf tini
do find "/opt/loopcam/licenses/$package" -type f -size +0 | grep -q . || exit 1
done
grep -q d3 /opt/loopcam/licenses/loopcam/LICENSES.md || exit 1
touch /var/lib/loopcam/written && exec loopcam --version
"""


def test_the_dockerfile_is_clean() -> None:
    require("hadolint")
    done = subprocess.run(["hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_says_what_it_is_and_runs_as_nobody_in_particular(podman: Podman, image: str) -> None:
    (about,) = json.loads(podman("image", "inspect", image))
    config = about["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["tini", "-s", "--", "loopcam"]
    assert config["StopSignal"] == "SIGTERM"
    assert "9686/tcp" in config["ExposedPorts"]
    assert config["Labels"]["org.opencontainers.image.version"] == __version__
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_it_is_small_above_its_base(podman: Podman, image: str, base: str) -> None:
    sizes = [json.loads(podman("image", "inspect", name))[0]["Size"] for name in (image, base)]
    assert sizes[0] - sizes[1] < MOST_BYTES


def test_no_compiler_all_licences_and_any_user_of_group_0(podman: Podman, image: str) -> None:
    strict = ("--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none")
    state = ("--volume", "/var/lib/loopcam", "--user", "54321:0")
    shell = ("--entrypoint", "sh")
    said = podman("run", *strict, *state, *shell, image, "-c", INSIDE)
    assert said.splitlines()[-1] == f"loopcam {__version__}"


def test_its_bill_is_what_is_locked_and_what_debian_has(podman: Podman, image: str) -> None:
    page = (ROOT / "docs/image.md").read_text()
    (command,) = re.findall(r"^podman run .* -c '(.*?)' \|$", page, re.MULTILINE | re.DOTALL)
    said = podman("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", command)
    parts = {one["purl"]: one for one in json.loads(bill.of_image(said.splitlines()))["components"]}
    names = {one["name"]: one for purl, one in parts.items() if purl.startswith("pkg:pypi/")}
    locked = locks.read(LOCKS / "loopcam.txt")
    always = {name for name, one in locked.items() if one.marker is None}
    assert always <= set(names) <= set(locked)
    for name, one in names.items():
        (file,) = one["externalReferences"][0]["hashes"]
        assert one["version"] == locked[name].version
        assert file["content"] in locked[name].hashes
        assert one["licenses"]
    debian = {one["name"] for purl, one in parts.items() if purl.startswith("pkg:deb/")}
    assert {"tini", "libc6"} <= debian
