"""The py-spy that is run."""

import functools
import os
import shutil
import sysconfig
from pathlib import Path

from collectors.trusted import checked
from model.capture import Outcome
from model.errors import CollectorError

# Names another one, such as the image's copy that brings CAP_SYS_PTRACE as a file capability.
VARIABLE = "LOOPCAM_PYSPY"


def program() -> str:
    """The one that the environment names, else the one installed with us, else the one on the path.

    Raises CollectorError where there is none, or where others could have put it there.
    """
    if named := os.environ.get(VARIABLE):
        # Not a relative one: what it names would depend on the folder that we were started in.
        if Path(named).is_absolute() and Path(named).is_file() and os.access(named, os.X_OK):
            return checked(Path(named))
        remedy = f"set {VARIABLE} to the whole path of a py-spy that our user may execute, or not at all"
        raise CollectorError(Outcome.FAILED, f"{VARIABLE}: {named} is no program", remedy=remedy)
    own = Path(sysconfig.get_path("scripts"), "py-spy")
    if own.exists():
        return checked(own, "py_spy")
    found = shutil.which("py-spy")
    if not found:
        raise CollectorError(Outcome.FAILED, "py-spy is not installed", remedy="pip install 'py-spy>=0.4.1'")
    return checked(Path(found))


def version() -> str:
    """The installed one's version; raises CollectorError when there is none."""
    return _version(Path(program()).stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _version(_program_mtime_ns: int) -> str:
    """Looked up once for each: before the first look at a stall there is no time for folders."""
    found = Path(sysconfig.get_path("purelib")).glob("py_spy-*.dist-info")
    return next((folder.name.split("-")[1].removesuffix(".dist") for folder in found), "unknown")
