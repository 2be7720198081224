"""A daemon without the rights that its log needs (fault row L11): it runs as a user who is nobody."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beats import STRANGER, shared
from tests.daemon import Daemon, target, until
from tests.prerequisites import require


@pytest.fixture
def cam(stuck: int) -> Iterator[Daemon]:
    """Its log is `logs/app.log`, in a folder of root."""
    require("root", "setpriv")
    with shared() as place:
        (place / "logs").mkdir(mode=0o755)
        log = {"path": str(place / "logs" / "app.log"), "start": "begin", "end": "done"}
        one = Daemon(place, [target("scaler", stuck, max_loop_time="1h", iterations=[{"log": log}])])
        for path in (place, one.file):
            os.chown(path, STRANGER, STRANGER)
        one.python = "setpriv"
        one.command = [f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", sys.executable]
        one.command += ["-m", "daemon"]
        try:
            yield one
        finally:
            one.close()


@pytest.fixture
def log(cam: Daemon) -> Path:
    path = cam.folder / "logs" / "app.log"
    path.touch(mode=0o644)
    return path


def turns(cam: Daemon, log: Path, count: int) -> None:
    """One more turn, the last of so many, is heard."""
    with log.open("a") as file:
        file.write("begin\ndone\n")
    until(lambda: cam.metric("loopcam_iterations_total", target="scaler") == count, f"turn {count}")


@pytest.mark.fault("L11")
def test_a_file_that_may_not_be_read_is_waited_for_and_says_what_to_do(cam: Daemon, log: Path) -> None:
    log.chmod(0o600)
    cam.start()
    until(lambda: cam.source("scaler")["detail"].endswith("app.log: Permission denied"), "it is said")
    assert "let loopcam's user read the file" in cam.source("scaler")["remedy"]
    log.chmod(0o644)
    until(lambda: cam.source("scaler")["up"], "it is heard")
    turns(cam, log, 1)


@pytest.mark.fault("L11")
def test_generations_in_a_folder_that_may_not_be_listed_are_a_gap_and_told_once(
    cam: Daemon, log: Path
) -> None:
    log.parent.chmod(0o711)
    cam.start()
    until(lambda: cam.source("scaler")["up"], "it is heard")
    for number in (1, 2):
        turns(cam, log, 2 * number - 1)
        log.rename(log.with_name(f"app.log.{number}"))
        log.touch(mode=0o644)
        turns(cam, log, 2 * number)
        assert cam.metric("loopcam_log_gaps_total", target="scaler") == number
    levels = [line["level"] for line in cam.said("a part of the log may have been missed")]
    assert [level.lower() for level in levels] == ["warning", "info"]
    assert "cannot be listed" in cam.said("a part of the log may have been missed")[0]["why"]
