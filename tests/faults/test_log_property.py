"""A writer that numbers its lines and rotates at random, and a follower that is restarted at random."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.logs import Following, Writer

STEPS = (
    "write",
    "write many",
    "half",
    "rename",
    "rename, reopen later",
    "burst",
    "copytruncate",
    "pack",
    "pack anew",
    "read",
    "restart",
    "stop",
)
MOST_BURSTS = 10  # else more generations than are kept
STEP = st.sampled_from(STEPS)


@pytest.fixture
def folders(ext4: Path) -> Iterator[Path]:
    def made() -> Iterator[Path]:
        for number in range(1_000_000):
            folder = ext4 / str(number)
            folder.mkdir()
            yield folder

    return made()


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=40))
def test_no_line_is_lost_and_none_comes_twice(folders: Iterator[Path], steps: list[str]) -> None:
    run(next(folders), steps)


def run(folder: Path, steps: list[str]) -> None:
    path = folder / "app.log"
    writer, half, late, down, bursts = Writer(path), False, False, False, 0
    one = Following(path)
    one.turn()
    for step in steps:
        if half and not step.startswith(("read", "restart", "stop")):
            writer.end_line()
            half = False
        match step:
            case "write":
                writer.write()
            case "write many":
                writer.write(200)
            case "half":
                writer.begin_line()
                half = True
            case "rename" | "rename, reopen later" | "copytruncate" if late:
                writer.reopen()
                late = False
            case "rename":
                writer.rename()
            case "rename, reopen later":
                writer.rename(reopen=False)
                late = True
            case "burst" if not late and bursts < MOST_BURSTS:
                bursts += 1
                for _ in range(3):
                    writer.write()
                    writer.rename()
            case "copytruncate":
                writer.copytruncate()
            case "pack" if not late:
                writer.pack(2)
            case "pack anew" if not late:
                writer.pack(1, keep_time=False)
            case "stop" if not down:
                one.stop()
                down = True
            case "restart" | "read" | "stop" if down:
                one.start()
                down = False
                one.turn()
            case "restart":
                one.restart()
                one.turn()
            case "read":
                one.turn()
    if half:
        writer.end_line()
    if late:
        writer.reopen()
    if down:
        one.start()
    writer.write()
    one.turn(3)
    writer.close()
    one.stop()
    assert one.heard.lines == writer.lines, (one.heard.gaps, sorted(p.name for p in folder.iterdir()))
