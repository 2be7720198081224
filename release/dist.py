"""What a release consists of: `python -m release.dist [FOLDER]`, into `dist/`.

Wheel, sources, both charts, a bill of materials, and the sums of them all. The same commit gives the same
bytes: times are those of SOURCE_DATE_EPOCH, else of the commit.
"""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import yaml

import daemon
from release import ROOT, bill

CHARTS = ("loopcam", "loopcam-lib")
SUMS = "SHA256SUMS"


def main() -> None:
    """All of it, in a folder that holds nothing else."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist").absolute()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    os.environ.setdefault("SOURCE_DATE_EPOCH", committed())
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (folder / ".gitignore").unlink(missing_ok=True)
    for name in CHARTS:
        chart(ROOT / "charts" / name, folder, int(os.environ["SOURCE_DATE_EPOCH"]))
    (folder / f"loopcam-{daemon.__version__}.cdx.json").write_text(bill.of_wheel())
    (folder / SUMS).write_text("".join(sums(folder)))
    print(*sorted(one.name for one in folder.iterdir()), sep="\n")


def committed() -> str:
    """The time of the commit, in seconds."""
    asked = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or sys.exit("not a checkout: name a time in SOURCE_DATE_EPOCH")


def chart(source: Path, folder: Path, time_s: int) -> None:
    """A chart as `helm package` would pack it, but with times that are given; links are followed."""
    version = yaml.safe_load((source / "Chart.yaml").read_text())["version"]
    with (
        (folder / f"{source.name}-{version}.tgz").open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, time_s) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, data in sorted(_files(source)):
            entry = tarfile.TarInfo(f"{source.name}/{name}")
            entry.size, entry.mtime, entry.mode = len(data), time_s, 0o644
            archive.addfile(entry, io.BytesIO(data))


def _files(source: Path, below: str = "") -> Iterator[tuple[str, bytes]]:
    for one in source.iterdir():
        name = f"{below}{one.name}"
        if one.is_dir():
            yield from _files(one, f"{name}/")
        else:
            yield name, one.read_bytes()


def sums(folder: Path) -> Iterator[str]:
    """A line for each file, as `sha256sum --check` reads them."""
    for one in sorted(folder.iterdir()):
        yield f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n"


if __name__ == "__main__":
    main()
