"""A process that writes and rotates as fast as it can, beside a follower that polls (fault rows L1 to L6)."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import PATIENCE_S
from tests.logs import Following
from tests.tally import Tally, Times

PROGRAM = Path(__file__).parents[1] / "programs" / "rotating.py"
GENERATIONS, SOAK_GENERATIONS = 60, 1000  # as many as are looked at, and more than are kept open


@contextmanager
def writing(path: Path, seed: int, ways: str, generations: int) -> Iterator["subprocess.Popen[str]"]:
    argv = [sys.executable, str(PROGRAM), str(path), str(seed), str(generations), ways]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.fault("L1")
@pytest.mark.parametrize("restarts", [False, True], ids=["polled", "restarted"])
@pytest.mark.parametrize(
    ("seed", "ways"), [(1, "rename,late,burst,half"), (2, "rename,pack,late,burst,half")]
)
def test_in_a_storm_of_rotations_nothing_is_lost_and_nothing_comes_twice(
    ext4: Path, seed: int, ways: str, restarts: bool, tally: Tally, times: Times
) -> None:
    path, chance = ext4 / "app.log", random.Random(seed)
    path.touch()
    one = Following(path)
    one.turn()
    tally.tries = times(GENERATIONS, SOAK_GENERATIONS)
    with writing(path, seed, ways, tally.tries) as child:
        while child.poll() is None:
            one.turn()
            time.sleep(chance.choice([0.001, 0.02, 0.1]))
            if restarts and chance.random() < 0.2:
                one.restart()
        assert child.stdout is not None
        count = int(child.stdout.read())
    until_s = time.monotonic() + PATIENCE_S
    while len(one.heard.lines) < count and time.monotonic() < until_s:
        one.turn()
        time.sleep(0.1)  # a rotation is waited for, and a line that has no end
    one.stop()
    heard = [int(line.split()[1]) for line in one.heard.lines]
    tally.lost = count - len(set(heard))
    tally.duplicated = len(heard) - len(set(heard))
    assert heard == list(range(count)), one.heard.gaps
