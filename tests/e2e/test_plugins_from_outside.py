"""A collector and a sink of another distribution, installed beside loopcam and used by the whole daemon."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.daemon import Daemon, looping, target, until
from tests.reports import assert_valid_report

ROOT = Path(__file__).parents[2]
MODULE = '''
import shutil
from collections.abc import Sequence
from pathlib import Path

from collectors.contract import Collector
from model.artifacts import Artifact
from sinks.contract import Sink


class Note(Collector, frozen=True, kw_only=True):
    """Writes down who was looked at."""

    words: str = "hello"

    async def collect(self, target, window, into: Path, name: str) -> Sequence[Artifact]:
        reason = await window.ended()
        (into / "note.txt").write_text(f"{self.words} {target.process.pid} {name} {reason}")
        about = {"kind": "note", "media_type": "text/plain", "size_bytes": 0, "sha256": ""}
        return [Artifact(path="evidence/note.txt", **about)]


class Broken(Collector, frozen=True, kw_only=True):
    """Fails."""

    async def collect(self, target, window, into: Path, name: str) -> Sequence[Artifact]:
        raise ValueError("of the broken one")


class Shelf(Sink, frozen=True, kw_only=True):
    """Copies reports."""

    where: Path

    def store(self, report):
        place = self.where / report.manifest.path
        shutil.copytree(report.directory, place, dirs_exist_ok=True)
        return str(place)


class Rude(Sink, frozen=True, kw_only=True):
    """Says a lot, and gives nothing back."""

    def store(self, report):
        print("not a reply")
        if report.directory.exists():
            raise RuntimeError("x" * 1_000_000)


class Gone(Sink, frozen=True, kw_only=True):
    """Ends its process."""

    def store(self, report):
        raise SystemExit(3)
'''
DISTRIBUTION = {
    "outside.py": MODULE,
    "outside-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n",
    "outside-1.0.dist-info/entry_points.txt": (
        "[loopcam.collectors]\nnote = outside:Note\nbroken = outside:Broken\n"
        "[loopcam.sinks]\nshelf = outside:Shelf\nrude = outside:Rude\ngone = outside:Gone\n"
    ),
}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with loopcam, as it is here, and that distribution."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    site = next((home / "lib").glob("python*/site-packages"))
    for name, text in DISTRIBUTION.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(text)
    (site / "loopcam.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    return str(home / "bin" / "python")


def test_plugins_of_another_distribution_are_used_and_cannot_do_harm(tmp_path: Path, python: str) -> None:
    sinks: list[object] = [{"shelf": {"where": str(tmp_path / "reports")}}, "rude", "gone"]
    collectors: list[object] = ["pyspy", {"note": {"words": "hi"}}, "broken"]
    with looping() as child:
        cam = Daemon(tmp_path, [target("one", child.pid, collectors=collectors)], sinks=sinks)
        cam.python = python
        cam.environment = {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"}  # py-spy is there
        cam.expected = ("part failed",)
        try:
            cam.start()
            cam.beat("start", "one")
            # this sink writes a manifest like any other file: it is whole when the sink says so
            until(lambda: cam.metric("loopcam_deliveries_total", sink="shelf", result="delivered"), "stored")
            home = cam.stored(1)[0]
            manifest = assert_valid_report(home)
            outcomes = {part.name: (part.outcome, part.detail) for part in manifest.capture.parts}
            assert outcomes["note"][0] == outcomes["pyspy"][0] == "complete"
            assert outcomes["broken"] == ("failed", "ValueError: of the broken one")
            assert manifest.capture.outcome == "partial"
            note = next(one for one in manifest.artifacts if one.kind == "note")
            assert note.media_type == "text/plain"
            assert (home / note.path).read_text() == f"hi {child.pid} note collection_time"

            until(lambda: cam.metric("loopcam_deliveries_total", sink="rude", result="retry"), "told")
            until(lambda: cam.sink("rude")["last_error"].startswith("RuntimeError: xxx"), "why")
            until(lambda: cam.metric("loopcam_deliveries_total", sink="gone", result="retry"), "told")
            ended = "the store process ended with exit code 3"
            until(lambda: ended in cam.sink("gone")["last_error"], "why")
            assert cam.metric("loopcam_deliveries_total", sink="shelf", result="delivered") == 1
        finally:
            cam.close()


def test_unknown_options_of_a_plugin_are_named(tmp_path: Path, python: str) -> None:
    cam = Daemon(tmp_path, [target("one", 1)], sinks=[{"shelf": {"were": "/x"}}])
    arguments = [python, "-m", "daemon", "check", str(cam.file)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "sinks[0].shelf.were" in done.stderr
    assert "where" in done.stderr
    assert sys.executable not in done.stderr
