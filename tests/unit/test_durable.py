"""Files that a disk failed to write back."""

import errno
import os
from pathlib import Path

import pytest

from disk.durable import sync_file


def failing(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have so many syncs fail, as a disk with a bad block does."""
    synced, left = os.fsync, [OSError(errno.EIO, "Input/output error")] * times

    def fsync(descriptor: int) -> None:
        if left:
            raise left.pop()
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def test_what_could_not_be_synced_is_written_anew_for_the_next_sync_would_only_seem_to_succeed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "evidence"
    file.write_bytes(b"stacks")
    file.chmod(0o600)
    before = file.stat()
    failing(monkeypatch, 1)
    sync_file(file)
    assert file.read_bytes() == b"stacks"
    assert file.stat().st_ino != before.st_ino
    assert file.stat().st_mode == before.st_mode
    assert [one.name for one in tmp_path.iterdir()] == ["evidence"]


def test_a_disk_that_goes_on_failing_is_told_and_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "evidence"
    file.write_bytes(b"stacks")
    failing(monkeypatch, 2)
    with pytest.raises(OSError, match="Input/output"):
        sync_file(file)
    assert [one.name for one in tmp_path.iterdir()] == ["evidence"]
