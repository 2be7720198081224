"""A place for Unix sockets: their paths may have 107 bytes, which a clone's own folder may exceed."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def socket_place() -> Iterator[Path]:
    """A path on which a socket may be made."""
    with tempfile.TemporaryDirectory(prefix="loopcam-") as folder:
        yield Path(folder, "beat.sock")
