"""Reports of a real Go program that only its HTTP is within reach of: they name what made it stall."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model.manifest import Manifest
from tests.autoscaler import Autoscaler
from tests.prerequisites import require
from tests.reports import assert_valid_report

PATIENCE_S = 120.0
WINDOW = "3s"


def captured(target: Autoscaler, folder: Path) -> tuple[Path, Manifest]:
    """The report of a capture by address."""
    arguments = ("--address", target.address, "--for", WINDOW, "--out", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "daemon", "capture", *arguments],
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    (file,) = folder.rglob("manifest.json")
    return file.parent, assert_valid_report(file.parent)


@pytest.mark.parametrize(
    ("kind", "culprit", "state"),
    [
        ("cpu", "main.binpackingScore", "running"),
        ("mutex", "main.(*autoscaler).refreshNodeGroups", "waiting"),
        ("http", "main.(*autoscaler).fetchInstanceTypes", "waiting"),
        ("syscall", "main.(*autoscaler).readInstanceFile", "waiting"),
    ],
)
def test_the_first_stack_names_what_made_it_stall(
    autoscaler: Callable[..., Autoscaler], tmp_path: Path, kind: str, culprit: str, state: str
) -> None:
    target = autoscaler("-log", str(tmp_path / "log"))
    target.stall(kind)
    home, manifest = captured(target, tmp_path / "out")
    assert manifest.rendering.detail == ""
    first = manifest.top_stacks[0]
    assert (first.function, first.state) == (culprit, state)
    assert first.thread.endswith(" main.(*autoscaler).run")
    assert any("main.(*autoscaler).runOnce" in frame for frame in first.frames)
    text = (home / "stacks.txt").read_text()
    assert re.search(r"^the loop's goroutine \d+ in ", text, re.MULTILINE)
    page = (home / "report.html").read_text()
    assert "The loop&#x27;s goroutine (" in page
    assert culprit in page


def test_the_cpu_profile_names_it_too_and_blocked_goroutines_are_one_group(
    autoscaler: Callable[..., Autoscaler], tmp_path: Path
) -> None:
    require("go")
    target = autoscaler("-blocked", "40", "-log", str(tmp_path / "log"))
    target.stall("cpu")
    home, manifest = captured(target, tmp_path / "out")
    lane = next(top for top in manifest.top_stacks if top.thread == "CPU 1")
    assert (lane.function, lane.state) == ("main.binpackingScore", "running")
    text = (home / "stacks.txt").read_text()
    crowd = re.search(r"^(\d+) goroutines in net/http\.\(\*persistConn\)\.roundTrip", text, re.MULTILINE)
    assert crowd is not None
    assert int(crowd[1]) > 1
    tool = ["go", "tool", "pprof", "-top", "-tagfocus=thread=CPU 1", str(home / "profile.pb.gz")]
    done = subprocess.run(tool, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert "main.binpackingScore" in done.stdout, done.stderr
