"""Puts wheels into /parts: `gather.py packages [EXTRA,...]` what loopcam needs, then `gather.py loopcam`.

Apart from each other, so that a change of ours does not fetch the packages again.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PARTS = Path("/parts")
EXTRAS = ("austin", "gcs")
LOCKS = Path("locks")
BUILDER = Path("/builder")


def pip(*arguments: str | Path) -> None:
    """Let pip fetch or build what is named, and nothing else."""
    argv = [sys.executable, "-m", "pip", *map(str, arguments)]
    subprocess.run(argv, check=True, env={**os.environ, "PYTHONPATH": str(BUILDER)})


def packages(extras: list[str]) -> None:
    """What the locks name, each file by its hash."""
    if unknown := set(extras) - set(EXTRAS):
        sys.exit(f"EXTRAS: {', '.join(sorted(unknown))}: choose among {', '.join(EXTRAS)}")
    locks = [f"--requirement={LOCKS / one}.txt" for one in ("loopcam", *extras)]
    locked = ("--quiet", "--no-deps", "--require-hashes")
    pip("wheel", *locked, "--wheel-dir", PARTS, *locks)
    pip("install", *locked, "--target", BUILDER, "--requirement", LOCKS / "build.txt")


def loopcam() -> None:
    """Ours, by what was fetched before."""
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", PARTS, ".")


def contents() -> None:
    """What it all is: podman's cache does not look into what is mounted, and a bill is made of it."""
    files = [*sorted(PARTS.glob("*.whl")), Path("deploy/image/install.py")]
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    tini = ["dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}\n", "tini"]
    lines.append(subprocess.run(tini, check=True, capture_output=True, text=True).stdout)
    (PARTS / "contents.txt").write_text("".join(lines))


if sys.argv[1] == "packages":
    packages([one for one in sys.argv[2].split(",") if one])
else:
    loopcam()
    contents()
