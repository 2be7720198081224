"""Many files made durable side by side."""

import os
from pathlib import Path

import pytest

from disk import durable


def _files(folder: Path) -> list[Path]:
    found = [folder / f"{number}.json" for number in range(10)]
    for file in found:
        file.write_text(file.name)
    return found


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The files that were synced, by their inodes."""
    seen: list[int] = []
    monkeypatch.setattr(durable.os, "fsync", lambda descriptor: seen.append(os.fstat(descriptor).st_ino))
    return seen


def test_all_are_synced_once(tmp_path: Path, synced: list[int]) -> None:
    files = _files(tmp_path)
    durable.sync_files(files)
    assert sorted(synced) == sorted(file.stat().st_ino for file in files)


def test_without_a_thread_to_be_had_all_are_synced(
    tmp_path: Path, synced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", none)
    files = _files(tmp_path)
    durable.sync_files(files)
    assert {file.stat().st_ino for file in files} <= set(synced)


def test_one_that_cannot_be_is_told(tmp_path: Path) -> None:
    files = _files(tmp_path)
    files[3].unlink()
    with pytest.raises(FileNotFoundError, match=r"3\.json"):
        durable.sync_files(files)
