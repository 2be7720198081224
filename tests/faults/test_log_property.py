"""A writer that numbers its lines and rotates at random, and a follower that is restarted at random."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.logs import Following, Heard, Writer

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


@pytest.mark.fault("L8")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=40))
def test_no_line_is_lost_and_none_comes_twice(folders: Iterator[Path], steps: list[str]) -> None:
    run(next(folders), steps)


def run(folder: Path, steps: list[str]) -> None:
    story = Story(folder / "app.log")
    for step in steps:
        story.take(step)
    heard, written = story.close()
    assert heard.lines == written, (heard.gaps, sorted(one.name for one in folder.iterdir()))


class Story:
    """A writer, a follower, and what may come next between them."""

    def __init__(self, path: Path) -> None:
        self.writer, self.one = Writer(path), Following(path)
        self.half, self.late, self.down, self.bursts = False, False, False, 0
        self.one.turn()

    def take(self, step: str) -> None:
        """One step; what makes no sense now is left out."""
        if step in ("read", "restart", "stop"):
            self.read(step)
            return
        if self.half:
            self.writer.end_line()
            self.half = False
        self.write(step)

    def read(self, step: str) -> None:
        if self.down:
            self.one.start()
            self.down = False
        elif step == "stop":
            self.one.stop()
            self.down = True
            return
        elif step == "restart":
            self.one.restart()
        self.one.turn()

    def write(self, step: str) -> None:
        writer = self.writer
        match step:
            case "write":
                writer.write()
            case "write many":
                writer.write(200)
            case "half":
                writer.begin_line()
                self.half = True
            case "rename" | "rename, reopen later" | "copytruncate" if self.late:
                writer.reopen()
                self.late = False
            case "rename":
                writer.rename()
            case "rename, reopen later":
                writer.rename(reopen=False)
                self.late = True
            case "burst" if not self.late and self.bursts < MOST_BURSTS:
                self.bursts += 1
                for _ in range(3):
                    writer.write()
                    writer.rename()
            case "copytruncate":
                writer.copytruncate()
            case "pack" if not self.late:
                writer.pack(2)
            case "pack anew" if not self.late:
                writer.pack(1, keep_time=False)

    def close(self) -> tuple[Heard, list[bytes]]:
        """Let all that is left be read: what was heard, and what was written."""
        if self.half:
            self.writer.end_line()
        if self.late:
            self.writer.reopen()
        if self.down:
            self.one.start()
        self.writer.write()
        self.one.turn(3)
        self.writer.close()
        self.one.stop()
        return self.one.heard, self.writer.lines
