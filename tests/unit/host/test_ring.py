"""The rows in memory: bounded, followed, and none of a successor's."""

from pathlib import Path

import msgspec
import pytest

from collectors.host.ring import Ring
from model.host_rows import Header, Row
from tests.unit.host.trees import MACHINE, Tree


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def rows(lines: list[bytes]) -> list[float]:
    return [msgspec.json.decode(line, type=Row).at_s for line in lines if line.startswith(b"[")]


def filled(tree: Tree, seconds: int, **bounds: int) -> list[float]:
    clock = Clock()
    ring = Ring(tree.reader(), lambda: True, clock=clock, **bounds)
    for at_s in range(seconds):
        clock.now_s = float(at_s)
        assert ring.read(16)
    lines: list[bytes] = []
    ring.follow(lines.append)
    return rows(lines)


def test_it_holds_the_last_seconds(tree: Tree) -> None:
    assert filled(tree, 50, keep_s=10) == [float(at_s) for at_s in range(39, 50)]


def test_it_holds_so_many_bytes(tree: Tree) -> None:
    one = len(filled(tree, 2))
    kept = filled(tree, 50, keep_bytes=2000)
    assert one < len(kept) < 20
    assert kept[-1] == 49.0


def test_what_was_read_of_a_process_that_ended_is_not_kept(tree: Tree) -> None:
    alive = [True, True, False]
    ring = Ring(tree.reader(), lambda: alive.pop(0), clock=Clock())
    assert [ring.read(16) for _ in range(3)] == [True, True, False]
    assert ring.rows == 2


def test_a_follower_gets_the_past_and_what_comes(tree: Tree) -> None:
    clock = Clock()
    ring = Ring(tree.reader(), lambda: True, clock=clock)
    ring.read(16)
    lines: list[bytes] = []
    stop = ring.follow(lines.append)
    assert ring.followed
    clock.now_s = 1.0
    ring.read(16)
    stop()
    clock.now_s = 2.0
    ring.read(16)
    assert not ring.followed
    assert rows(lines) == [0.0, 1.0]
    assert lines[0].startswith(b"{")


def test_another_header_follows_what_becomes_readable(tree: Tree) -> None:
    (tree.proc / "vmstat").unlink()
    clock = Clock()
    ring = Ring(tree.reader(), lambda: True, clock=clock)
    ring.read(16)
    lines: list[bytes] = []
    ring.follow(lines.append)
    clock.now_s = 1.0
    tree.write(tree.proc, {"vmstat": MACHINE["vmstat"]})
    ring.read(16)
    headers = [msgspec.json.decode(line, type=Header) for line in lines if line.startswith(b"{")]
    assert ["host.swapped" in header.missing for header in headers] == [True, False]
