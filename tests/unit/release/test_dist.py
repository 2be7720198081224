"""What a release consists of: the same bytes each time, and charts that Helm takes."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import daemon
from release import ROOT
from tests.prerequisites import require

VERSION = daemon.__version__
FILES = [
    "SHA256SUMS",
    f"loopcam-{VERSION}-py3-none-any.whl",
    f"loopcam-{VERSION}.cdx.json",
    f"loopcam-{VERSION}.tar.gz",
    "loopcam-0.1.0.tgz",
    "loopcam-lib-0.1.0.tgz",
]


def made(folder: Path, time_s: int) -> Path:
    argv = [sys.executable, "-m", "release.dist", str(folder)]
    subprocess.run(argv, cwd=ROOT, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(time_s)})
    return folder


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("dist") / "first", 1_700_000_000)


def test_two_builds_are_equal(dist: Path, tmp_path: Path) -> None:
    again = made(tmp_path / "second", 1_700_000_000)
    assert sorted(one.name for one in dist.iterdir()) == sorted(FILES)
    assert {one.name: one.read_bytes() for one in again.iterdir()} == {
        one.name: one.read_bytes() for one in dist.iterdir()
    }


def test_the_sums_are_those_of_the_files(dist: Path) -> None:
    said = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=dist, check=True, capture_output=True, text=True
    )
    assert said.stdout.count(": OK") == len(FILES) - 1


def test_the_wheel_is_loopcam_alone(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"loopcam-{VERSION}-py3-none-any.whl") as wheel:
        folders = {name.partition("/")[0] for name in wheel.namelist()}
    ours = {"collectors", "daemon", "disk", "fetch", "model", "plugins", "report", "sinks"}
    assert folders == {*ours, f"loopcam-{VERSION}.dist-info"}


def test_helm_takes_the_chart(dist: Path) -> None:
    require("helm")
    here, packed = (
        subprocess.run(["helm", "show", "all", place], check=True, capture_output=True, text=True).stdout
        for place in (ROOT / "charts/loopcam", dist / "loopcam-0.1.0.tgz")
    )
    assert here == packed
