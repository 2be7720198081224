"""`loopcam doctor` run as other users than ourselves, on targets of theirs."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.prerequisites import prefer, require
from tests.targets import PATIENCE_S, PROGRAMS

ROOT = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
USER, OTHER = 65534, 65533
NONE = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
ONLY = ["--inh-caps=-all,+sys_ptrace", "--ambient-caps=-all,+sys_ptrace", "--bounding-set=-all,+sys_ptrace"]


def as_user(uid: int, gid: int) -> list[str]:
    """What runs a command as this user and group."""
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]


PLAIN = as_user(USER, USER)
IDLE = [SYSTEM_PYTHON, str(PROGRAMS / "idle.py")]
HIDDEN = [
    SYSTEM_PYTHON,
    "-c",
    "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print('ready', flush=True); input()",
]


def environment_of(make: Callable[[str], Path]) -> Mapping[str, str]:
    """A loopcam and a py-spy that every user of this machine may run, by the system's Python."""
    require("setpriv", "CAP_SYS_PTRACE")
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = [SYSTEM_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    if not Path(SYSTEM_PYTHON).exists() or subprocess.check_output(asked, text=True).strip() != ours:
        prefer(f"{SYSTEM_PYTHON} {ours}", "the rungs with facts made up")
    folder = make("bin")
    shutil.copy(Path(sysconfig.get_path("scripts"), "py-spy"), folder)
    for place in (folder, *folder.parents):
        if place == Path(tempfile.gettempdir()):
            break
        place.chmod(0o755)
    libraries = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return {"PATH": f"{folder}:/usr/bin:/bin:/usr/sbin:/sbin", "PYTHONPATH": libraries, "HOME": "/"}


def doctor(environment: Mapping[str, str], before: Sequence[str], *arguments: str) -> tuple[int, Any]:
    """Its exit code and what it said."""
    command = [*before, SYSTEM_PYTHON, "-B", "-m", "daemon", "doctor", "--json", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=dict(environment), cwd="/", timeout=PATIENCE_S
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
