import os
import time
from pathlib import Path

import pytest

from daemon.targets import commands, procfs
from daemon.targets.commands import Commands

LONG_AGO = 100


class Processes:
    """A tree like that of /proc, as far as a selector reads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, pid: int, *argv: str, parent: int = 1, start_ticks: int = LONG_AGO) -> None:
        """A process begins, or becomes another program."""
        folder = self._folder / str(pid)
        folder.mkdir(exist_ok=True)
        rest = ["S", str(parent), *["0"] * 17, str(start_ticks), "0"]
        (folder / "stat").write_text(f"{pid} (a) b) {' '.join(rest)}")
        (folder / "cmdline").write_bytes(b"".join(f"{one}\0".encode() for one in argv))
        (folder / "exe").unlink(missing_ok=True)
        (folder / "exe").symlink_to(f"/bin/{argv[0] if argv else 'kernel'}")

    def end(self, pid: int) -> None:
        """A process is gone."""
        for file in (self._folder / str(pid)).iterdir():
            file.unlink()
        (self._folder / str(pid)).rmdir()


@pytest.fixture
def processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    monkeypatch.setattr(procfs, "PROC", tmp_path)
    return Processes(tmp_path)


@pytest.fixture
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not read again."""
    monkeypatch.setattr(commands, "READ_SHARE", 1e-12)


@pytest.mark.usefixtures("_seldom")
def test_the_oldest_is_found_then_the_next_and_in_the_end_nobody(processes: Processes) -> None:
    known = Commands()
    assert known.oldest(["scaler"]) == {}
    processes.put(20, "python", "scaler.py", start_ticks=300)
    processes.put(30, "python", "scaler.py", start_ticks=200)
    assert known.oldest(["scaler", "other"]) == {"scaler": 30}
    processes.end(30)
    assert known.oldest(["scaler", "other"]) == {"scaler": 20}
    processes.end(20)
    assert known.oldest(["scaler", "other"]) == {}


def test_one_that_becomes_another_program_is_found_when_all_are_read_again(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Commands()
    processes.put(20, "sh", "-c", "exec")
    assert known.oldest(["scaler"]) == {}
    processes.put(20, "python", "scaler.py")
    monkeypatch.setattr(commands, "READ_SHARE", 1e-12)
    assert known.oldest(["scaler"]) == {}
    monkeypatch.setattr(commands, "READ_SHARE", 1e12)
    assert known.oldest(["scaler"]) == {"scaler": 20}


@pytest.mark.usefixtures("_seldom")
def test_one_that_has_just_begun_is_read_again_at_once(processes: Processes) -> None:
    known = Commands()
    now_ticks = int(time.clock_gettime(time.CLOCK_BOOTTIME) * procfs.TICKS_PER_S)
    processes.put(20, "sh", "-c", "exec", start_ticks=now_ticks)
    assert known.oldest(["scaler"]) == {}
    processes.put(20, "python", "scaler.py", start_ticks=now_ticks)
    assert known.oldest(["scaler"]) == {"scaler": 20}


@pytest.mark.usefixtures("_seldom")
def test_a_number_that_was_given_to_another_process_is_not_taken(processes: Processes) -> None:
    known = Commands()
    processes.put(20, "python", "scaler.py")
    assert known.oldest(["scaler"]) == {"scaler": 20}
    processes.put(20, "python", "else.py", start_ticks=LONG_AGO + 1)
    assert known.oldest(["scaler"]) == {}
    processes.put(30, "python", "scaler.py")
    assert known.oldest(["scaler"]) == {"scaler": 30}


@pytest.mark.usefixtures("_seldom")
def test_a_pattern_that_is_new_is_looked_for_among_all(processes: Processes) -> None:
    known = Commands()
    processes.put(20, "python", "scaler.py")
    assert known.oldest(["other"]) == {}
    assert known.oldest(["other", "scaler"]) == {"scaler": 20}


def test_neither_wrappers_nor_we_and_ours_nor_the_kernels_own_are_found(processes: Processes) -> None:
    processes.put(os.getpid(), "loopcam", "run", "--match", "scaler")
    processes.put(20, "py-spy", "scaler", parent=os.getpid())
    processes.put(25)
    processes.put(30, "timeout", "9", "python", "scaler.py", start_ticks=200)
    processes.put(40, "python", "scaler.py", parent=30, start_ticks=300)
    assert Commands().oldest(["scaler", "kernel"]) == {"scaler": 40}
