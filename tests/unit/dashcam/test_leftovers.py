"""What an earlier daemon left where the rings are."""

import os
from pathlib import Path

import pytest

from daemon.dashcam import leftovers


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file that is none of ours, and only linked to."""
    file = tmp_path / "elsewhere" / "one" / "precious"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def swept(spool: Path) -> None:
    leftovers.set_aside(spool)
    assert not (spool / "ring").exists()
    leftovers.remove(spool)
    assert not list(spool.glob("ring*"))


def test_rings_are_removed_and_links_in_them_not_followed(tmp_path: Path, precious: Path) -> None:
    spool = tmp_path / "spool"
    ring = spool / "ring" / "one" / "7-7"
    ring.mkdir(parents=True)
    (ring / "lock").touch()
    (ring.parent / "linked").symlink_to(precious.parent)
    (ring.parent.parent / "linked").symlink_to(precious.parent.parent)
    for place in (ring, ring.parent, ring.parent.parent):
        os.mkfifo(place / "fifo")  # to open one would take for ever
    swept(spool)
    assert precious.exists()


def test_a_link_or_a_fifo_in_the_rings_place_is_no_more_than_that(tmp_path: Path, precious: Path) -> None:
    (tmp_path / "ring").symlink_to(precious.parent.parent)
    swept(tmp_path)
    os.mkfifo(tmp_path / "ring")
    swept(tmp_path)
    assert precious.exists()


def test_what_an_interrupted_removal_left_goes_with_the_next(tmp_path: Path) -> None:
    (tmp_path / "ring" / "one").mkdir(parents=True)
    leftovers.set_aside(tmp_path)
    (tmp_path / "ring" / "two").mkdir(parents=True)
    swept(tmp_path)


def test_without_rings_there_is_nothing_to_do(tmp_path: Path) -> None:
    swept(tmp_path)
