"""What is kept of targets is bounded."""

import os
import time
from pathlib import Path

import pytest

from daemon.baseline import leftovers


def test_what_was_written_long_ago_goes(tmp_path: Path) -> None:
    for name, age_s in (("old.json", leftovers.OLDEST_S + 60), ("new.json", 60.0)):
        (tmp_path / name).write_bytes(b"{}")
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    leftovers.remove(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["new.json"]


def test_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MOST_FILES", 2)
    for number in range(5):
        (tmp_path / f"{number}.json").write_bytes(b"{}")
        os.utime(tmp_path / f"{number}.json", (time.time() - 100 + number,) * 2)
    leftovers.remove(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["3.json", "4.json"]


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    leftovers.remove(tmp_path / "nothing")
