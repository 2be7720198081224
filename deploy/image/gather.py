"""Puts wheels into /parts: `gather.py packages [EXTRA,...]` what loopcam needs, then `gather.py loopcam`.

Apart from each other, so that a change of ours does not fetch the packages again.
"""

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

PARTS = Path("/parts")
EXTRAS = ("austin", "gcs")
# austin-python asks for a protobuf of 2022 for what we do not use of it
ALONE = ("austin-python",)
NEEDED_BY_ALONE = ("psutil", "toml")


def wheels(*arguments: str) -> None:
    """Let pip fetch or build them; what builds them is held to the constraints, too."""
    held = {"PIP_CONSTRAINT": "constraints.txt", "PIP_BUILD_CONSTRAINT": "constraints.txt"}
    argv = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(PARTS), *arguments]
    subprocess.run(argv, check=True, env={**os.environ, **held})


def packages(extras: list[str]) -> None:
    """What `pyproject.toml` names."""
    if unknown := set(extras) - set(EXTRAS):
        sys.exit(f"EXTRAS: {', '.join(sorted(unknown))}: choose among {', '.join(EXTRAS)}")
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    alone = [one for one in wanted if one.startswith(ALONE)]
    wheels(*(one for one in wanted if one not in alone), *(NEEDED_BY_ALONE if alone else ()))
    if alone:
        wheels("--no-deps", *alone)


def contents() -> None:
    """The hashes of it all, which go into the image: podman's cache does not look into what is mounted."""
    files = [*sorted(PARTS.glob("*.whl")), Path("deploy/image/install.py")]
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (PARTS / "contents.txt").write_text("".join(lines))


if sys.argv[1] == "packages":
    packages([one for one in sys.argv[2].split(",") if one])
else:
    wheels("--no-deps", ".")
    contents()
