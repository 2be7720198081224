"""Rotation while the follower looks: a name may mean another file a moment later (fault rows L1 to L6)."""

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.sources.log.contract import Piece
from daemon.sources.log.readers.file.family import Named
from daemon.sources.log.readers.file.siblings import Siblings
from tests.logs import Following, Writer


@pytest.fixture
def path(ext4: Path) -> Path:
    return ext4 / "app.log"


def after_listing(patch: pytest.MonkeyPatch, does: Callable[[], None]) -> None:
    """Does something once, right after the folder was listed."""
    listed, left = Siblings._named, [does]

    def named(self: Siblings) -> Iterator[Named]:
        found = list(listed(self))
        if left:
            left.pop()()
        return iter(found)

    patch.setattr(Siblings, "_named", named)


@pytest.mark.fault("L5")
@pytest.mark.parametrize("rotations", [1, 3])
def test_generations_that_are_renamed_while_they_are_looked_at_are_read_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, rotations: int
) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    for _ in range(24):  # more than are kept open
        writer.write(5)
        one.turn()
        writer.rename()
        one.turn()

    def rotate() -> None:
        for _ in range(rotations):
            writer.write(2)
            writer.rename()

    writer.rename()
    writer.write(3)
    after_listing(monkeypatch, rotate)
    one.turn()
    writer.write(3)
    one.turn(4)
    writer.close()
    assert one.heard.lines == writer.lines
    assert one.heard.gaps == []


@pytest.mark.fault("L5")
def test_a_folder_that_is_never_at_rest_is_read_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    monkeypatch.setattr(Siblings, "_named", changing(path))
    monkeypatch.setattr("daemon.sources.log.readers.file.follower.MOST_UNSETTLED_S", 0.0)
    writer.write(5)
    writer.rename()
    writer.write(5)
    one.turn(3)
    writer.close()
    assert one.heard.lines == writer.lines


def changing(path: Path) -> Callable[[Siblings], Iterator[Named]]:
    """A listing during which a generation always comes and goes."""
    listed, other = Siblings._named, path.with_name("app.log.99")

    def named(self: Siblings) -> Iterator[Named]:
        other.unlink() if other.exists() else other.touch()
        return listed(self)

    return named


@pytest.mark.fault("L5")
def test_more_generations_than_are_kept_open_are_each_read_once(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    for burst in (3, 20, 1, 30, 5):
        for _ in range(burst):
            writer.write(3)
            writer.rename()
        one.turn()
    writer.write(3)
    one.turn(2)
    writer.close()
    assert one.heard.lines == writer.lines
    assert one.heard.gaps == []


@pytest.mark.fault("L5")
def test_a_packed_generation_of_many_pieces_is_cut_only_at_ends_of_lines(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    writer.write(10)
    one.turn()
    writer.write(10)
    one.turn()
    one.stop()
    writer.write(20_000)
    writer.rename()
    writer.pack(1)
    writer.write(5)
    one.start()
    one.turn()
    writer.close()
    assert one.heard.lines == writer.lines[10:]


@pytest.mark.fault("L5")
def test_a_generation_that_is_still_being_packed_is_waited_for(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    writer.write(10)
    one.turn()
    one.stop()
    writer.write(4000)
    writer.rename()
    plain, packed = path.with_name("app.log.1"), path.with_name("app.log.1.gz")
    text = gzip.compress(plain.read_bytes())
    plain.unlink()
    packed.write_bytes(text[: len(text) // 2])
    writer.write(5)
    one.start()
    one.turn(2)
    assert one.heard.lines == writer.lines[:10]
    with packed.open("ab") as file:
        file.write(text[len(text) // 2 :])
    one.turn()
    writer.close()
    assert one.heard.lines == writer.lines
    assert one.heard.gaps == []


@pytest.mark.fault("L5")
def test_a_place_in_a_copy_that_is_read_from_within_a_line_is_the_lines_start(path: Path) -> None:
    path.write_bytes(b"")
    one, places = Following(path), []
    one.turn()
    heard = one.heard.take

    def take(piece: Piece) -> int:
        place = one.follower.whereabouts()
        places.append([file.offset for file in place.files] if place else [])
        return heard(piece)

    one.heard.take = take  # type: ignore[method-assign]
    first = b"a first line that is long enough"
    with path.open("ab", buffering=0) as file:
        file.write(first + b"\nhalf")
        one.turn()
        file.write(b" and a half")  # its end is never written
        path.with_name("app.log.1").write_bytes(path.read_bytes())
        os.truncate(path, 0)
        file.write(b"next\n")
        one.turn()
    assert one.heard.lines == [first, b"half and a half", b"next"]
    assert {at for place in places for at in place} == {0, len(first) + 1}


@pytest.mark.fault("L5")
def test_a_log_that_is_deleted_may_have_lost_what_came_and_went_since(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    writer.write(5)
    one.turn()
    writer.write(5)
    path.unlink()
    writer.reopen()
    writer.write(5)  # nobody ever sees this file
    path.unlink()
    writer.reopen()
    writer.write(5)
    one.turn()
    writer.close()
    assert one.heard.lines == writer.lines[:10] + writer.lines[15:]
    assert one.heard.gaps == ["the log was deleted: what came and went since may be lost"]
