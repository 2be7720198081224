"""Finding processes by their command line, among real ones."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.targets import Targets, children, wait_until

# Somebody else looks: our own children are ours, and never a target.
ASK = """
import sys, json
from daemon.config.settings import Selector
from daemon.targets.find import find
from daemon.targets.units import Units
print(json.dumps(find({"demo": Selector(match=sys.stdin.read())}, Units())))
"""
SAYS_READY = "print('ready', flush=True); import sys; sys.stdin.read()"


def found(pattern: str, *wrapper: str) -> int | None:
    asked = subprocess.run(
        [*wrapper, sys.executable, "-c", ASK], input=pattern, capture_output=True, text=True, check=True
    )
    pid: int | None = json.loads(asked.stdout).get("demo")
    return pid


@pytest.fixture
def name(tmp_path: Path) -> str:
    """A program whose name nobody else bears; its path. It ends when its standard input does."""
    path = tmp_path / f"scaler-{secrets.token_hex(8)}.py"
    path.write_text(SAYS_READY)
    return str(path)


def test_a_process_is_found_by_its_command_line(name: str, targets: Targets) -> None:
    program = targets.run(sys.executable, name)
    assert found(Path(name).name) == program.pid
    assert found(rf"{Path(name).stem}\.p[y]$") == program.pid
    program.kill()
    assert found(Path(name).name) is None


def test_a_process_is_found_by_its_executable(targets: Targets, tmp_path: Path) -> None:
    shell = tmp_path / f"shell-{secrets.token_hex(8)}"
    shell.write_bytes(Path("/bin/sh").read_bytes())
    shell.chmod(0o700)
    renamed = 'exec -a renamed "$0" -c "echo ready; read line"'
    program = targets.run("bash", "-c", renamed, str(shell))
    assert shell.name not in Path(f"/proc/{program.pid}/cmdline").read_text()
    assert found(shell.name) == program.pid


def test_of_several_the_oldest_is_found(name: str, targets: Targets) -> None:
    first = targets.run(sys.executable, name)
    wait_for_a_later_tick()
    second = targets.run(sys.executable, name)
    assert found(name) == first.pid
    first.kill()
    assert found(name) == second.pid


@pytest.mark.parametrize(
    "wrapper",
    [("timeout", "60"), ("sh", "-c", '"$@"; true', "sh"), ("sh", "-c", 'timeout 60 "$@"; true', "sh")],
    ids=" ".join,
)
def test_a_wrapper_is_looked_through(name: str, targets: Targets, wrapper: tuple[str, ...]) -> None:
    outside = targets.run(*wrapper, sys.executable, name)
    (inside,) = [pid for pid, line in descendants(outside.pid).items() if line.startswith(sys.executable)]
    assert found(name) == inside


def test_a_wrapper_of_a_program_without_arguments_is_looked_through(targets: Targets, tmp_path: Path) -> None:
    program = tmp_path / f"bare-{secrets.token_hex(8)}"
    program.write_bytes(Path("/bin/cat").read_bytes())
    program.chmod(0o700)
    outside = targets.run("sh", "-c", f"echo ready; {program}; true")
    wait_until(lambda: children(outside.pid), "the program runs")
    assert [found(program.name)] == list(children(outside.pid))


def test_a_forked_child_does_not_take_its_parents_place(name: str, targets: Targets) -> None:
    Path(name).write_text(f"import os; pid = os.fork()\nif pid: {SAYS_READY}\nelse: os.read(0, 1)")
    parent = targets.run(sys.executable, name)
    wait_until(lambda: children(parent.pid), "it has forked")
    assert found(name) == parent.pid


def test_whoever_looks_is_not_found_nor_whoever_started_it(name: str, targets: Targets) -> None:
    token = secrets.token_hex(8)
    assert found(token, "sh", "-c", f'"$@"; : {token}', "sh") is None


def descendants(pid: int) -> dict[int, str]:
    below = children(pid)
    for child in list(below):
        below |= descendants(child)
    return below


def wait_for_a_later_tick() -> None:
    """Until a process that starts now is younger, in the clock ticks in which the kernel tells ages."""
    before = Path("/proc/uptime").read_text().split()[0]
    wait_until(lambda: Path("/proc/uptime").read_text().split()[0] != before, "a hundredth of a second")
