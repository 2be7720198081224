"""What loopcam needs as wheels for the Python of a Debian tree, its build too, kept in `.tools/wheels`."""

import hashlib
import subprocess
import sys
from pathlib import Path

from tests.deploy.kept import kept

ROOT = Path(__file__).parents[3]
LOCK, BUILD = ROOT / "locks/loopcam.txt", ROOT / "locks/build.txt"


def wheels(version: str) -> Path:
    """A folder with all of them, for pip's --find-links; `version` is the Python's, such as 3.13."""
    stating = (ROOT / "pyproject.toml", LOCK, BUILD, Path(__file__))
    stated = b"".join(one.read_bytes() for one in stating)
    name = f"{version}-{hashlib.sha256(stated).hexdigest()[:12]}"
    return kept("wheels", name, lambda place: _download(place, version))


def _download(place: Path, version: str) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--dest", place, "--no-deps", "--require-hashes", "--python-version", version),
            *("--only-binary", ":all:", "--requirement", LOCK, "--requirement", BUILD),
        ],
        check=True,
    )
