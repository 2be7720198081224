"""loopcam as a wheel, and what it needs for the Python of a Debian tree, kept in `.tools/wheels`."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.trees import TOOLS

ROOT = Path(__file__).parents[3]
_PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def wheels(version: str) -> Path:
    """A folder with all of them, for pip's --find-links; `version` is the Python's, such as 3.13."""
    stated = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    place = TOOLS / "wheels" / f"{version}-{hashlib.sha256(stated).hexdigest()[:12]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            fresh = place.with_name(f"{place.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            own = built(fresh)
            _pip(
                *("download", "--dest", fresh, "--constraint", ROOT / "constraints.txt"),
                *("--python-version", version, "--only-binary", ":all:", own),
            )
            own.unlink()
            fresh.rename(place)
    return place


def built(place: Path) -> Path:
    """Our own wheel of this checkout."""
    _pip("wheel", "--no-deps", "--wheel-dir", place, ROOT)
    (own,) = place.glob("loopcam-*.whl")
    return own


def _pip(*arguments: str | Path) -> None:
    subprocess.run([*_PIP, *map(str, arguments)], check=True)
