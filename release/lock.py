"""Writes `locks/*.txt` anew: `python -m release.lock [--upgrade]`.

Versions are those of `constraints.txt`; with `--upgrade` the newest that `pyproject.toml` allows, which
`constraints.txt` then names. A lock holds for every platform and every Python that we support, and names no
index.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from release import CONSTRAINTS, EXTRAS, LOCKS, ROOT, locks

PYTHON = "3.11"
HEAD = "# Written by `make lock`: each package, and the hashes of all files that may be installed as it.\n"
DEVELOPMENT = "dev"
BESIDE = {"build": ("hatchling>=1.25",), "fuzz": ("atheris>=3",), "lock": ("uv>=0.9",)}


def main() -> None:
    """Every lock; that of development first, whose versions the others are held to."""
    if "--upgrade" in sys.argv[1:]:
        CONSTRAINTS.write_text("")
    LOCKS.mkdir(exist_ok=True)
    _write(
        DEVELOPMENT, ["pyproject.toml", *(f"--extra={one}" for one in (DEVELOPMENT, *EXTRAS))], CONSTRAINTS
    )
    held = LOCKS / f"{DEVELOPMENT}.txt"
    _write("loopcam", ["pyproject.toml"], held)
    for extra in EXTRAS:
        _write(extra, ["pyproject.toml", f"--extra={extra}"], held)
    for name, wanted in BESIDE.items():
        _write(name, ["-"], held, wanted)
    CONSTRAINTS.write_text("".join(f"{line}\n" for line in pins(LOCKS.glob("*.txt"))))


def pins(files: Iterable[Path]) -> list[str]:
    """`name==version` of all that locks name, in order."""
    found = {one for file in files for one in locks.read(file).values()}
    return sorted({f"{one.name}=={one.version}" for one in found})


def _write(name: str, sources: Sequence[str], held: Path, wanted: Sequence[str] = ()) -> None:
    argv = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", PYTHON, "--generate-hashes"]
    argv += [
        "--no-header",
        "--no-annotate",
        "--constraint",
        str(CONSTRAINTS),
        "--constraint",
        str(held),
        *sources,
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = "\n".join(wanted)
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        input=given,
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    (LOCKS / f"{name}.txt").write_text(HEAD + done.stdout)


if __name__ == "__main__":
    main()
