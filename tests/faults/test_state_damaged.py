"""Whatever stands where the daemon keeps what it knows: it starts, captures and ends."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import Daemon, target, until


def flipped(file: Path) -> None:
    data = bytearray(file.read_bytes()) if file.exists() else bytearray(b'{"boot_id": "x"}')
    for place in range(0, len(data), 7):
        data[place] ^= 0x40
    file.write_bytes(data)


def endless(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to("/dev/zero")


def fifo(file: Path) -> None:
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def folder(file: Path) -> None:
    file.unlink(missing_ok=True)
    (file / "inside").mkdir(parents=True)


def huge(file: Path) -> None:
    with file.open("wb") as out:
        out.truncate(4 * 2**30)


def foreign(file: Path) -> None:
    file.write_text('{"format": "another", "targets": [1, 2, 3], "durations": {"a": null}}')


KINDS = (flipped, endless, fifo, folder, huge, foreign)
FILES = ("limits.json", "history/one.json", "baselines/one.json")


@pytest.mark.fault("S11")
@pytest.mark.parametrize("damage", KINDS)
def test_damaged_state_costs_what_it_held_and_no_more(
    tmp_path: Path, stuck: int, damage: Callable[[Path], None]
) -> None:
    cam = Daemon(tmp_path, [target("one", stuck, cooldown="1s")])
    state = cam.spool / "state"
    for name in FILES:
        (state / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        damage(state / name)
    try:
        cam.start()
        until(lambda: cam.target("one")["limits"]["would_refuse"] is None, "the cooldown is over")
        for number in range(3):
            cam.beat("start", "one", number)
            if number < 2:
                cam.beat("end", "one", number)
        cam.stored(1)
        assert cam.stop() == 0
        assert cam.process.returncode == 0
    finally:
        cam.close()
