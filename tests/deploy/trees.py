"""Debian trees, kept in `.tools/trees`: what images and booted systems start from."""

import shutil
import subprocess
from pathlib import Path

from tests.deploy.kept import kept

SUITE = "trixie"  # glibc 2.41: what python:3.13-slim-trixie has
_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


def debian(name: str, *packages: str) -> Path:
    """The root of a minimal Debian with these packages; needs root and debootstrap."""
    return kept("trees", name, lambda place: _bootstrap(place, packages))


def _bootstrap(place: Path, packages: tuple[str, ...]) -> None:
    include = ",".join(("ca-certificates", *packages))
    argv = ["debootstrap", "--variant=minbase", f"--include={include}", SUITE, place, _mirror()]
    subprocess.run(argv, check=True, capture_output=True, text=True)
    for leftover in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(place / leftover)
        (place / leftover).mkdir()


def _mirror() -> str:
    """Where this machine gets its own packages from."""
    if _SOURCES.exists():
        for line in _SOURCES.read_text().splitlines():
            if line.startswith("URIs:"):
                return line.split()[1]
    listed = Path("/etc/apt/sources.list").read_text().split("\n")
    return next(line.split()[1] for line in listed if line.startswith("deb "))
