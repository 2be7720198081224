"""Real journal files, written live by systemd-journal-remote from its export format."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.prerequisites import JOURNAL_REMOTE

UNIT = "autoscaler.service"
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")


class Journal:
    """A journal file that is written now."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self.child = child

    def write(
        self, *messages: bytes, unit: str = UNIT, boot: str = BOOT, age_s: float = 0.0, key: str = "MESSAGE"
    ) -> None:
        """One entry with these messages."""
        now_us, monotonic_us = time.time_ns() // 1000, time.monotonic_ns() // 1000 - int(age_s * 1e6)
        fields = {"__REALTIME_TIMESTAMP": now_us, "__MONOTONIC_TIMESTAMP": monotonic_us, "_BOOT_ID": boot}
        lines = [f"{name}={value}\n".encode() for name, value in fields.items()]
        lines.append(f"_SYSTEMD_UNIT={unit}\n".encode())
        for message in messages:  # as bytes with their length, so that anything may stand in them
            lines.append(key.encode() + b"\n" + len(message).to_bytes(8, "little") + message + b"\n")
        assert self.child.stdin is not None
        self.child.stdin.write(b"".join(lines) + b"\n")
        self.child.stdin.flush()


def shown(folder: Path) -> str:
    """The messages in a folder's journals."""
    argv = ["journalctl", f"--directory={folder}", "--merge", "--output=cat", "--quiet", "--no-pager"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout


@contextmanager
def journal(folder: Path, name: str = "app") -> Iterator[Journal]:
    """A journal `NAME.journal` in a folder, until it is closed."""
    argv = [JOURNAL_REMOTE, "-o", str(folder / f"{name}.journal"), "-"]
    folder.mkdir(exist_ok=True)
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield Journal(child)
    finally:
        child.communicate()
