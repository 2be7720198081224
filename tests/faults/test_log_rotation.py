"""What happens to log files, on a disk that gives an inode away at once (fault rows L1 to L6)."""

import os
from pathlib import Path

import pytest

from tests.logs import Following, Writer
from tests.tally import Tally, Times


@pytest.fixture
def path(ext4: Path) -> Path:
    return ext4 / "app.log"


@pytest.mark.fault("L1")
def test_a_writer_that_keeps_the_old_file_is_heard_to_its_end(path: Path, tally: Tally, times: Times) -> None:
    writer, one = Writer(path, most_kept=8), Following(path)
    one.turn()
    tally.tries = times(200, 1000)
    for _ in range(tally.tries):
        writer.write(5)
        writer.rename(reopen=False)
        path.touch()
        one.turn()
        writer.write(5)  # still into the old one
        writer.reopen()
        writer.write(1)
    one.turn(2)
    writer.close()
    tally.lost = len(set(writer.lines) - set(one.heard.lines))
    tally.duplicated = len(one.heard.lines) - len(set(one.heard.lines))
    assert sorted(one.heard.lines) == writer.lines
    assert one.heard.gaps == []


@pytest.mark.fault("L2")
def test_a_log_that_is_copied_and_cut_is_read_on_in_the_copy(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    for _ in range(50):
        writer.write(20)
        one.turn()
        writer.write(20)
        writer.copytruncate()
        writer.write(3)
        one.turn()
    writer.close()
    first = one.heard.lines[0]
    assert one.heard.lines == writer.lines[writer.lines.index(first) :]
    assert len(one.heard.gaps) == 50  # what is written between copy and cut nobody can know
    assert all("may be lost" in gap for gap in one.heard.gaps)


@pytest.mark.fault("L3")
@pytest.mark.parametrize("down", [False, True])
def test_a_log_that_was_cut_and_grew_beyond_is_read_from_its_start(path: Path, down: bool) -> None:
    path.write_bytes(b"")
    one = Following(path)
    one.turn()
    for number in range(100):
        text = [b"%03d before %03d" % (number, line) for line in range(20)]
        with path.open("ab") as file:
            file.write(b"\n".join(text) + b"\n")
        one.turn()
        if down:
            one.stop()
        os.truncate(path, 0)
        after = [b"%03d after %03d" % (number, line) for line in range(200)]
        with path.open("ab") as file:
            file.write(b"\n".join(after) + b"\n")
        if down:
            one.start()
        one.turn()
        assert one.heard.lines[-220:] == text + after
        assert len(one.heard.gaps) == number + 1
        os.truncate(path, 0)
        one.turn()
        one.heard.gaps = one.heard.gaps[: number + 1]


@pytest.mark.fault("L4")
def test_a_new_file_with_the_old_ones_inode_is_never_read_from_the_old_place(
    path: Path, tally: Tally, times: Times
) -> None:
    path.write_bytes(b"")
    one = Following(path)
    one.turn()
    reused, tally.tries, tally.wrong = 0, times(50, 200), 0
    for number in range(tally.tries):
        one.stop()
        inode = path.stat().st_ino
        path.unlink()
        new = [b"%03d line %03d" % (number, line) for line in range(100)]
        path.write_bytes(b"\n".join(new) + b"\n")
        reused += path.stat().st_ino == inode
        one.start()
        one.turn()
        tally.wrong += one.heard.lines[-100:] != new
        assert not tally.wrong
    assert reused > 0.8 * tally.tries  # else this disk shows nothing
    assert len(one.heard.gaps) == tally.tries - 1  # each but the first, of which nothing had been read


@pytest.mark.fault("L5")
def test_generations_that_were_rotated_and_packed_meanwhile_are_read_in_order(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    for down in (False, True):
        writer.write(10)
        one.turn()
        if down:
            one.stop()
        writer.write(10)
        for _ in range(4):
            writer.rename()
            writer.pack(2)
            writer.write(10)
        if down:
            one.start()
        one.turn()
    writer.close()
    assert one.heard.lines == writer.lines
    assert one.heard.gaps == []


@pytest.mark.fault("L5")
def test_a_generation_that_is_gone_is_a_gap(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    writer.write(10)
    one.turn()
    one.stop()
    writer.write(10)
    writer.rename()
    path.with_name("app.log.1").unlink()
    writer.write(10)
    one.start()
    one.turn()
    writer.close()
    assert one.heard.lines == writer.lines[:10] + writer.lines[20:]
    assert len(one.heard.gaps) == 1


@pytest.mark.fault("L5")
def test_a_packed_generation_that_is_broken_is_a_gap_and_the_next_are_read(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    writer.write(10)
    one.turn()
    one.stop()
    writer.write(1000)
    writer.rename()
    writer.pack(1)
    packed = path.with_name("app.log.1.gz")
    packed.write_bytes(packed.read_bytes()[:-200])
    os.utime(packed, (0, 0))
    writer.write(10)
    one.start()
    one.turn()
    for _ in range(2):  # nor is it read again
        writer.rename()
        one.turn()
    writer.close()
    assert one.heard.lines[-10:] == writer.lines[-10:]
    assert len(one.heard.lines) == len(set(one.heard.lines)) > 500
    assert set(one.heard.lines) <= set(writer.lines)  # the line in which it ends is left out
    assert len(one.heard.gaps) == 1


@pytest.mark.fault("L6")
def test_a_link_that_moves_is_followed_to_the_next_file(path: Path) -> None:
    pods = path.parent / "pods"
    pods.mkdir()
    link = path.parent / "containers.log"
    first = Writer(pods / "0.log")
    link.symlink_to(pods / "0.log")
    one = Following(link)
    one.turn()
    first.write(10)
    (pods / "1.log").write_bytes(b"second\n")
    moved = path.parent / "moved"
    moved.symlink_to(pods / "1.log")
    moved.rename(link)
    one.turn()
    first.close()
    assert one.heard.lines == [*first.lines, b"second"]


@pytest.mark.fault("L13")
def test_a_hole_of_gigabytes_costs_no_time(path: Path) -> None:
    path.write_bytes(b"")
    one = Following(path)
    one.turn()
    with path.open("ab") as file:
        file.write(b"before\n")
        file.flush()
        os.truncate(path, 2**36)
        file.write(b"after\n")
    one.turn()
    assert one.heard.lines == [b"before", b"after"]
    assert one.heard.largest < 2**20


def test_a_bomb_is_unpacked_in_small_pieces(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    writer.write(10)
    one.turn()
    one.stop()
    with path.open("ab") as file:
        file.write(b"\n" * (64 * 2**20))
    writer.rename()
    writer.pack(1)
    writer.write(1)
    one.start()
    one.turn()
    writer.close()
    assert one.heard.lines[-1] == writer.lines[-1]
    assert one.heard.largest <= 256 * 1024


def test_a_line_that_began_before_a_rotation_is_ended_in_the_old_file(path: Path) -> None:
    writer, one = Writer(path), Following(path)
    one.turn()
    writer.write(3)
    writer.begin_line()
    one.turn()
    writer.rename(reopen=False)
    path.touch()
    one.turn()
    writer.end_line()
    writer.reopen()
    writer.write(3)
    one.turn()
    writer.close()
    assert one.heard.lines == writer.lines


@pytest.mark.fault("L3")
def test_two_texts_that_begin_the_same_are_told_apart_by_the_copy(path: Path) -> None:
    path.write_bytes(b"")
    one = Following(path)
    one.turn()
    path.write_bytes(b"begin\n")
    one.turn()
    path.with_name("app.log.1").write_bytes(b"begin\nfirst\n")
    os.truncate(path, 0)
    with path.open("ab") as file:
        file.write(b"begin\nsecond\n")
    one.turn()
    assert one.heard.lines == [b"begin", b"first", b"begin", b"second"]


@pytest.mark.fault("L13")
def test_a_file_that_comes_into_sight_long_after_it_was_written_is_old(path: Path) -> None:
    one = Following(path)
    one.turn()  # nothing is there: a process that is not found, a right that is missing
    path.write_bytes(b"begin of another, long ago\n")
    long_ago_s = path.stat().st_mtime - 60
    os.utime(path, (long_ago_s, long_ago_s))
    one.turn()
    assert one.heard.lines == []
    with path.open("ab") as file:
        file.write(b"begin\n")
    one.turn()
    assert one.heard.lines == [b"begin"]


def test_a_file_that_appears_is_read_from_its_start(path: Path) -> None:
    one = Following(path)
    one.turn()
    path.write_bytes(b"begin\n")
    one.turn()
    assert one.heard.lines == [b"begin"]
