"""A profiler that somebody could replace is not run by a whole daemon, which says so before it is needed."""

import shutil
import sysconfig
from pathlib import Path

import pytest

from model.capture import Outcome
from tests.daemon import Daemon, looping, target, until


@pytest.mark.threat("profiler")
def test_a_profiler_in_a_folder_that_anybody_may_write_to_is_told_and_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    shutil.copy(Path(sysconfig.get_path("scripts"), "py-spy"), folder)
    marks = folder / "marks"
    with looping() as child:
        cam = Daemon(tmp_path, [target("one", child.pid, collectors=["pyspy"])])
        cam.environment = {"LOOPCAM_PYSPY": str(folder / "py-spy")}
        try:
            cam.start().finds("one")
            until(lambda: cam.target("one")["capture_possible"], "the program is fine")
            (folder / "py-spy").write_text(f'#!/bin/sh\necho "$@" >> {marks}\n')
            folder.chmod(0o777)
            cam.beat("start", "one", 1)
            (part,) = cam.report().capture.parts
            assert part.outcome is Outcome.FAILED
            assert "anybody may put another program in its place" in part.detail
            assert part.remedy.endswith(f"chmod go-w {folder}")
            assert not marks.exists()
        finally:
            cam.close()
