"""The austin that is installed: which version it is, and whether it starts here at all."""

import functools
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import msgspec

from collectors.trusted import checked
from model.capture import Outcome
from model.errors import CollectorError

PROBE_DEADLINE_S = 10.0
OLDEST, NEWEST = (3, 7), (4,)  # the versions that were tried
MOJO_ONLY = (4,)  # from here on there is no other format, and no option for it

_VERSION = re.compile(r"austin (\d+)\.(\d+)\.(\d+)")
_NEWER_GLIBC = re.compile(r"GLIBC_([\d.]+)\W+not found")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_INSTALL = "pip install 'loopcam[austin]'"
_OLDER = "pip install 'austin-dist<4' (3.7 runs from glibc 2.17 on), or use a system with a newer glibc"


class Program(msgspec.Struct, frozen=True):
    """An austin that starts."""

    path: str
    version: tuple[int, int, int]


class Unusable(msgspec.Struct, frozen=True):
    """Why an austin cannot be used."""

    why: str
    remedy: str


def probed() -> Program:
    """The austin that was installed with us, else the one on the path; it is asked for its version once.

    Raises CollectorError when there is none (outcome `nothing`), none that we can use (`unsupported`), or one
    that others could have put there.
    """
    own = Path(sysconfig.get_path("scripts"), "austin")
    path = str(own) if own.exists() else shutil.which("austin")
    if not path:
        raise CollectorError(Outcome.NOTHING, "austin is not installed", remedy=_INSTALL)
    checked(Path(path), "austin_dist" if own.exists() else None)
    found = probe(path, Path(path).stat().st_mtime_ns)
    if isinstance(found, Unusable):
        raise CollectorError(Outcome.UNSUPPORTED, found.why, remedy=found.remedy)
    return found


@functools.lru_cache(maxsize=8)
def probe(path: str, changed_ns: int) -> Program | Unusable:
    """What a program says of itself; `changed_ns` tells it from what was there before an upgrade."""
    remedy = f"put an austin from 3.7 to 4 in the place of {path}"
    try:
        code, said = _ask(path)
    except subprocess.TimeoutExpired:
        return Unusable(f"austin does not tell its version within {PROBE_DEADLINE_S:g} s", remedy)
    except OSError as error:
        return Unusable(f"austin does not start: {error.strerror}", remedy)
    if wanted := _NEWER_GLIBC.search(said):
        return Unusable(f"austin does not start: it needs glibc {wanted[1]} or newer", _OLDER)
    told = _VERSION.match(said)
    if code or not told:
        return Unusable(f"austin does not start: exit {code}: {first_line(said)}", remedy)
    version = int(told[1]), int(told[2]), int(told[3])
    if version < OLDEST or version[:1] > NEWEST:
        return Unusable(f"austin {told[1]}.{told[2]} is not known here", remedy)
    return Program(path, version)


def _ask(path: str) -> tuple[int, str]:
    """Its exit code and what it says to `--version`."""
    argv = [path, "--version"]
    ended = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_DEADLINE_S, env={}, check=False
    )
    return ended.returncode, (ended.stdout[:1000] + ended.stderr[:1000]).decode(errors="replace")


def plain(text: str) -> str:
    """What it says, without colours."""
    return _COLOURS.sub("", text)


def first_line(text: str) -> str:
    """What it says first, below its name in big letters."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if re.search(r"[A-Za-z]{3}", line) and "[gcc" not in line), "")[:300]
