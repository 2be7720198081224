"""What a planted environment would have run: children of the daemon have one of their own."""

import subprocess
from pathlib import Path

import pytest

from tests.daemon import Daemon, looping, target
from tests.prerequisites import require

pytestmark = pytest.mark.threat("environment")

TOLD = "loopcam-planted"
PROGRAMS = ("py-spy", "austin", "python", "python3", "sh", "journalctl", "getent", "systemctl", "go", "perf")
LIBRARY = r"""
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void mark(void) {
    char line[4096];
    int from = open("/proc/self/cmdline", O_RDONLY), to = open(MARKS, O_WRONLY | O_APPEND);
    ssize_t length = read(from, line, sizeof line - 1);
    line[length < 0 ? 0 : length] = '\n';
    write(to, line, (length < 0 ? 0 : length) + 1);
    close(from);
    close(to);
}
"""
MODULE = "import sys\nopen({marks!r}, 'a').write('\\0'.join(sys.orig_argv) + '\\n')\n"


def planted(folder: Path) -> tuple[dict[str, str], dict[str, Path]]:
    """An environment that leads to programs, a library and modules which leave marks, and the marks."""
    marks = {name: folder / f"marks-{name}" for name in ("programs", "library", "modules")}
    for file in marks.values():
        file.touch()
    programs, modules = folder / "programs", folder / "modules"
    programs.mkdir()
    modules.mkdir()
    for name in PROGRAMS:
        (programs / name).write_text(f'#!/bin/bash\necho "$0 $*" >> {marks["programs"]}\n')
        (programs / name).chmod(0o755)
    for name in ("sitecustomize", "startup"):
        (modules / f"{name}.py").write_text(MODULE.format(marks=str(marks["modules"])))
    library = folder / "planted.so"
    command = ["cc", "-shared", "-fPIC", f'-DMARKS="{marks["library"]}"', "-o", str(library), "-xc", "-"]
    subprocess.run(command, input=LIBRARY, text=True, check=True)
    return {
        "PATH": f"{programs}:/usr/bin:/bin",
        "LD_PRELOAD": str(library),
        "PYTHONPATH": str(modules),
        "PYTHONSTARTUP": str(modules / "startup.py"),
    }, marks


def test_nothing_planted_is_run_by_samplers_and_renderers(tmp_path: Path) -> None:
    require("cc")
    (tmp_path / "planted").mkdir()
    environment, marks = planted(tmp_path / "planted")
    with looping() as child:
        cam = Daemon(tmp_path, [target("one", child.pid, collectors=["pyspy", "host"])])
        cam.environment = environment
        try:
            cam.start().beat("start", "one", 1)
            assert cam.report().capture.recording
        finally:
            cam.close()
    assert marks["programs"].read_text() == ""
    started = {name: marks[name].read_text().splitlines() for name in ("library", "modules")}
    # The daemon is what was started with that environment, and a store finds its credentials there.
    assert [line for line in started["library"] if "py-spy" in line or "\0render" in line] == []
    assert [line for line in started["library"] if "\0store" not in line and "\0run\0" not in line] == []
    assert [line for line in started["modules"] if "\0run\0" not in line] == []
    assert started["modules"]  # the trap works
    assert started["library"]
