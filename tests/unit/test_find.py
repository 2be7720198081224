import os
import re
from pathlib import Path

import pytest

from daemon.config.settings import Selector
from daemon.targets import procfs
from daemon.targets.find import STALE_PIDFILE_S, find
from daemon.targets.units import Units

ME = os.getpid()


def from_pidfile(path: Path) -> int | None:
    return find({"demo": Selector(pidfile=path)}, Units()).get("demo")


@pytest.fixture
def pidfile(tmp_path: Path) -> Path:
    path = tmp_path / "demo.pid"
    path.write_text(f"{ME}\n")
    return path


def started() -> float:
    """When this process started, as Unix time."""
    boot = float(Path("/proc/stat").read_text().partition("\nbtime ")[2].split()[0])
    return boot + procfs.start_ticks(ME) / procfs.TICKS_PER_S


def test_a_pid_names_its_process_while_there_is_one() -> None:
    assert find({"demo": Selector(pid=ME), "gone": Selector(pid=2**22 + 1)}, Units()) == {"demo": ME}


def test_nothing_is_found_for_nobody() -> None:
    assert find({}, Units()) == {}


def test_a_pidfile_names_its_process(pidfile: Path) -> None:
    assert from_pidfile(pidfile) == ME


@pytest.mark.parametrize("text", ["", "\n", "x", "12x", "-1", "0", "4194305", "9" * 400, "\0", "1.5"])
def test_a_pidfile_without_a_process_names_none(pidfile: Path, text: str) -> None:
    pidfile.write_text(text)
    assert from_pidfile(pidfile) is None


def test_a_pidfile_may_say_more_than_the_pid(pidfile: Path) -> None:
    pidfile.write_text(f"  {ME} scaler\nport 80\n")
    assert from_pidfile(pidfile) == ME


def test_a_pidfile_that_cannot_be_read_names_none(tmp_path: Path) -> None:
    assert from_pidfile(tmp_path) is None
    assert from_pidfile(tmp_path / "none.pid") is None
    (tmp_path / "bytes.pid").write_bytes(b"\xff\xfe")
    assert from_pidfile(tmp_path / "bytes.pid") is None


def test_a_pidfile_that_is_older_than_the_process_is_stale(pidfile: Path) -> None:
    """The number was given to another process since."""
    os.utime(pidfile, (0, started() - STALE_PIDFILE_S - 5))
    assert from_pidfile(pidfile) is None
    os.utime(pidfile, (0, started()))
    assert from_pidfile(pidfile) == ME


def test_we_ourselves_are_never_a_match() -> None:
    mine = Path(f"/proc/{ME}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode()
    assert find({"demo": Selector(match=f"^{re.escape(mine)}$")}, Units()).get("demo") != ME
