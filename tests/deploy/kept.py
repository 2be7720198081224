"""What takes long to make, made once and kept in `.tools`, whoever asks for it at the same time."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

_TOOLS = Path(__file__).parents[2] / ".tools"


def kept(kind: str, name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name, whole: `make` fills one that takes its place when it is done."""
    place = _TOOLS / kind / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            fresh = place.with_name(f"{name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            make(fresh)
            fresh.rename(place)
    return place
