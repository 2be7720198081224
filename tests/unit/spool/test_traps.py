"""What others laid into a folder that anybody may write to is no part of a spool."""

import os
from pathlib import Path

import pytest

from daemon.spool.spool import Spool
from disk.durable import write_atomic
from model.errors import SpoolError
from tests.prerequisites import require

pytestmark = pytest.mark.threat("links")

STRANGER = 54321


def opened(path: Path) -> Spool:
    return Spool(path, max_bytes=1 << 20, max_reports=10)


@pytest.mark.parametrize("name", ["state", "incoming", "reports", "damaged"])
def test_a_strangers_link_in_a_spools_folder_is_refused(tmp_path: Path, name: str) -> None:
    require("root")
    theirs, spool = tmp_path / "theirs", tmp_path / "spool"
    theirs.mkdir(mode=0o755)
    spool.mkdir()
    spool.chmod(0o777)  # as an emptyDir is
    (spool / name).symlink_to(theirs)
    os.chown(spool / name, STRANGER, STRANGER, follow_symlinks=False)
    with pytest.raises(SpoolError, match="a link that another user made"):
        opened(spool)
    assert list(theirs.iterdir()) == []
    (spool / name).unlink()
    opened(spool).close()


def test_a_part_that_anybody_may_write_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spool" / "state").mkdir(parents=True)
    (tmp_path / "spool" / "state").chmod(0o777)
    with pytest.raises(SpoolError, match="anybody may write to"):
        opened(tmp_path / "spool")


def test_the_lock_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "lock").symlink_to(tmp_path / "foreign")
    with pytest.raises(SpoolError):
        opened(tmp_path / "spool")
    assert not (tmp_path / "foreign").exists()


@pytest.mark.parametrize("lay", [os.link, os.symlink])
def test_what_lies_in_the_place_of_a_temporary_file_is_not_written(tmp_path: Path, lay) -> None:
    foreign, place = tmp_path / "foreign", tmp_path / "limits.json"
    foreign.write_text("theirs")
    lay(foreign, tmp_path / f".limits.json.{os.getpid()}.tmp")
    write_atomic(place, b"ours")
    assert (foreign.read_text(), place.read_text()) == ("theirs", "ours")
    assert not place.is_symlink()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["foreign", "limits.json"]
