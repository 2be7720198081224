"""Stalls that wait for a disk."""

import os
import shutil
from pathlib import Path

from daemon.demo.guard import guarding
from daemon.demo.stalls.contract import Setting, lasting

_RECORD = b"pod is pending\n" * 300


def keep_journal(setting: Setting) -> None:
    """Writes small records, and waits for the disk after each of them."""
    with (setting.folder / "journal").open("wb") as file:
        for _ in lasting(setting.seconds):
            append(file.fileno())
            if file.seek(0, os.SEEK_END) > 2**22:
                file.truncate(0)


def append(file: int) -> None:
    """One record, on disk when it is back."""
    os.write(file, _RECORD)
    os.fsync(file)


def without_loop_mount() -> str:
    """What `keep_journal_elsewhere` needs."""
    if os.geteuid() != 0:
        return "needs root, for a file system of its own"
    lacking = [name for name in ("unshare", "mkfs.ext4", "mount", "umount") if not shutil.which(name)]
    if lacking:
        return f"needs {', '.join(lacking)}"
    return "" if Path("/dev/loop-control").exists() else "needs loop devices"


def keep_journal_elsewhere(setting: Setting) -> None:
    """Writes to a file system that is frozen: what waits for it cannot even be killed."""
    with guarding("freeze_disk", setting.folder, setting.seconds, unshared=True) as helper:
        disk = Path(f"/proc/{helper}/root{setting.folder / 'disk'}")
        with (disk / "journal").open("wb") as file:
            for _ in lasting(setting.seconds):
                append(file.fileno())
