"""Files of targets that are known no longer: names come and go with addresses and configurations."""

import time
from pathlib import Path
from typing import Final

MOST_FILES: Final = 2000
OLDEST_S: Final = 30 * 86400.0


def remove(folder: Path) -> None:
    """Remove a folder's files that were written long ago, or are too many; raises OSError."""
    files = [(file.stat().st_mtime, file) for file in folder.iterdir()] if folder.is_dir() else []
    oldest_s = time.time() - OLDEST_S
    for number, (written_s, file) in enumerate(sorted(files, reverse=True)):
        if number >= MOST_FILES or written_s < oldest_s:
            file.unlink(missing_ok=True)
