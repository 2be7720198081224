"""An austin that crashes, hangs, prints garbage or is no program: py-spy serves, and the dashcam goes on."""

import sysconfig
from pathlib import Path

import pytest

from tests.daemon import Daemon, target, until
from tests.faults.test_dashcam import ALWAYS, dashcam, samplers

# As if this had been installed with us, in the place of the real one.
INSTALLED = """
import sys, sysconfig
real = sysconfig.get_path
sysconfig.get_path = lambda name, *more: {folder!r} if name == "scripts" else real(name, *more)
from daemon.__main__ import main
sys.exit(main())
"""
VERSION = 'case "$1" in --version) echo "austin 3.7.0"; exit 0;; esac\n'
LOOKS = 'case "$*" in *--where*) echo "Python version: 3.11.7"; exit 0;; esac\n'
FAKES = {
    "crashes": VERSION + "kill -SEGV $$",
    "crashes when it records": VERSION + LOOKS + "kill -SEGV $$",
    "hangs": VERSION + "exec sleep 1000",
    "hangs when it records": VERSION + LOOKS + "exec sleep 1000",
    "floods": VERSION + "exec yes garbage",
    "has no version": "exit 3",
}


@pytest.mark.fault("T10")
@pytest.mark.parametrize("how", FAKES)
def test_an_austin_that_does_not_do_what_it_should(tmp_path: Path, stuck: int, how: str) -> None:
    fake = tmp_path / "bin" / "austin"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\n{FAKES[how]}\n")
    fake.chmod(0o755)
    cam = Daemon(tmp_path, [target("one", stuck, **ALWAYS)])
    (fake.parent / "py-spy").symlink_to(Path(sysconfig.get_path("scripts")) / "py-spy")
    cam.command = ["-c", INSTALLED.format(folder=str(fake.parent))]
    try:
        cam.start()
        until(lambda: float(str(dashcam(cam)["held_s"])) > 3 and samplers(cam), "it samples")
        until(lambda: dashcam(cam)["sampler"] == "pyspy", "by py-spy")
        assert cam.stop() == 0
    finally:
        cam.close()
