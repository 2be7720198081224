"""Whose spool it is, for users that cannot open each other's files."""

import logging
import os
from pathlib import Path

import pytest

from daemon.spool.place import place
from daemon.spool.spool import Spool
from model.errors import SpoolError
from tests.prerequisites import require

STRANGER = 54321


def test_a_spool_that_is_missing_or_ours_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "spool"
    assert place(path) == path
    Spool(path, max_bytes=2**20, max_reports=1).close()
    assert place(path) == path


def test_what_whoever_opens_it_will_tell_is_left_to_that(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "spool"
    assert place(path) == path
    with pytest.raises(SpoolError, match="Not a directory"):
        Spool(path, max_bytes=2**20, max_reports=1)


@pytest.mark.parametrize("part", ["", "lock", "reports"])
def test_one_that_another_user_closed_stays_and_ours_is_beside_it(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    require("root")
    path = tmp_path / "spool"
    Spool(path, max_bytes=2**20, max_reports=1).close()
    os.chown(path / part, STRANGER, STRANGER)
    monkeypatch.setattr("daemon.spool.place._open", lambda at: _refused_at(path / part, at))
    with caplog.at_level(logging.WARNING):
        assert place(path) == tmp_path / "spool-of-user-0"
    (record,) = caplog.records
    assert f"chown -R 0 {path}" in vars(record)["remedy"]
    assert place(tmp_path / "spool-of-user-0") == tmp_path / "spool-of-user-0"


def test_below_a_folder_that_is_shut_there_is_no_place_beside_it_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(*_: object, **__: object) -> None:
        raise PermissionError

    path = tmp_path / "spool"
    monkeypatch.setattr(Path, "stat", shut)
    assert place(path) == path


def _refused_at(closed: Path, path: Path) -> None:
    """What the kernel says to a root without CAP_DAC_OVERRIDE."""
    if path == closed:
        raise PermissionError


def test_one_of_another_user_that_is_open_to_us_is_taken(tmp_path: Path) -> None:
    require("root")
    path = tmp_path / "spool"
    Spool(path, max_bytes=2**20, max_reports=1).close()
    os.chown(path, STRANGER, STRANGER)
    assert place(path) == path


@pytest.mark.threat("links")
@pytest.mark.parametrize("trap", ["link", "dangling", "stranger", "open", "file"])
def test_a_folder_beside_it_that_another_user_laid_is_refused(
    trap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("root")
    path, beside, away = tmp_path / "spool", tmp_path / "spool-of-user-0", tmp_path / "away"
    path.mkdir()
    os.chown(path, STRANGER, STRANGER)
    monkeypatch.setattr("daemon.spool.place._open", lambda at: _refused_at(path, at))
    if trap in ("link", "dangling"):
        beside.symlink_to(away)
    elif trap == "file":
        beside.touch()
    else:
        beside.mkdir()
    if trap == "link":
        away.mkdir()
    if trap == "stranger":
        os.chown(beside, STRANGER, STRANGER)
    if trap == "open":
        beside.chmod(0o777)
    with pytest.raises(SpoolError, match="spool-of-user-0 was made by another user") as caught:
        place(path)
    assert "spool.path" in caught.value.remedy
