"""The demonstration as a user sees it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.commands import demo
from daemon.demo.stalls import STALLS
from model.errors import LoopcamError
from tests.daemon import PATIENCE_S, loopcam, until
from tests.prerequisites import require


@pytest.mark.parametrize("stall", ["sleep", "network_wait", "backoff"])
def test_it_ends_with_a_verdict_that_names_the_injected_cause(stall: str, tmp_path: Path) -> None:
    require("ptrace")
    done = loopcam("demo", "--stall", stall, "--threads", "2", "--depth", "5", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    verdict, cause, evidence = done.stdout.partition("\n\n")[2].splitlines()[:3]
    assert verdict.startswith("Verdict  ")
    assert cause.startswith(f"Cause         {STALLS[stall].cause} ("), done.stdout
    assert cause.endswith("that is what was injected")
    assert evidence.startswith("Evidence  ")
    assert "Traceback" not in done.stderr


def test_all_stalls_are_listed_without_a_daemon(tmp_path: Path) -> None:
    done = loopcam("demo", "--list", "--out", str(tmp_path / "nothing"))
    assert done.returncode == 0
    assert all(name in done.stdout for name in STALLS)
    assert not (tmp_path / "nothing").exists()


def test_an_unknown_stall_is_refused() -> None:
    done = loopcam("demo", "--stall", "boredom")
    assert done.returncode == 64
    assert "loopcam demo --list" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_can_be_ended_in_its_stall_and_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    require("ptrace")
    command = [sys.executable, "-m", "daemon", "demo", "--stall", "child_process", "--seconds", "50"]
    with subprocess.Popen([*command, "--out", str(tmp_path)], start_new_session=True) as playing:
        try:
            until(lambda: len(_session(playing.pid)) >= 4, "its daemon, its program and that one's child run")
        finally:
            playing.send_signal(number)
        assert playing.wait(PATIENCE_S) == (-number if number == signal.SIGKILL else 130)
    until(lambda: not _session(playing.pid), "they end")
    assert not list(tmp_path.glob("autoscaler-*"))


def test_without_a_report_it_fails(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        with pytest.raises(LoopcamError, match="the daemon ended with 0") as error:
            demo._wait_for_report(tmp_path, set(), ended, healthy=1)
    assert error.value.exit_code == 1


def _session(leader: int) -> list[int]:
    """The processes of a session that live."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(name))
    return found
