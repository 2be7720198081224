"""The rings of a daemon that was killed: set aside at once, and removed beside the work of the next."""

import logging
import shutil
import time
from pathlib import Path

from daemon.dashcam.ring import RINGS_DIR

_LOG = logging.getLogger(__name__)
_ASIDE = f"{RINGS_DIR}.old-"


def set_aside(spool: Path) -> None:
    """Have no rings, however many there were: it takes one rename.

    A sampler that outlived that daemon ends with a file less.
    """
    rings = spool / RINGS_DIR
    try:
        rings.rename(spool / f"{_ASIDE}{time.monotonic_ns()}")
    except FileNotFoundError:
        return
    except OSError as error:
        _LOG.warning("old rings stay", extra={"folder": str(rings), "error": error.strerror})


def remove(spool: Path) -> None:
    """Remove what was set aside, in a thread: there may be many files. No link is followed."""
    for aside in spool.glob(f"{_ASIDE}*"):
        try:
            if aside.is_dir() and not aside.is_symlink():
                shutil.rmtree(aside)
            else:
                aside.unlink()
        except OSError as error:
            _LOG.warning("old rings not removed", extra={"folder": str(aside), "error": error.strerror})
