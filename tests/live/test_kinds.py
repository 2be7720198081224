"""Targets of every kind: what a report says of each, and that what cannot be looked at says so at once."""

import os
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

from collectors.pyspy import PySpy
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from model.manifest import TopStack
from tests.live.captures import Studio, Taken
from tests.live.test_pythons import VERSIONS, interpreter
from tests.prerequisites import require
from tests.targets import Program, Targets, children

PROMPT_S = 1.0
CPU_PATIENCE = 10  # a machine whose cores are all taken is so many times slower
KINDS = {  # the function of ours that is the culprit, and what its thread does
    "asleep": "waiting",
    "receiving": "waiting",
    "locked": "waiting",
    "holding_the_gil": "waiting_gil",
}


def main_thread(taken: Taken) -> TopStack:
    """What the report says first."""
    return taken.manifest.top_stacks[0]


def text(taken: Taken) -> str:
    """All threads at the trigger."""
    return (taken.directory / "stacks.txt").read_text()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_loop_that_is_blocked_is_seen_where_it_is(
    targets: Targets, studio: Studio, kind: str
) -> None:
    target = targets.start("kinds.py", kind)
    taken = await studio.take(target.pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    top = main_thread(taken)
    assert top.function == kind
    assert top.state == KINDS[kind]
    assert top.share > 0.9
    assert taken.recording.segments


@pytest.mark.alone
async def test_who_holds_the_gil_in_c_is_named_and_who_wants_it_too(targets: Targets, studio: Studio) -> None:
    target = targets.start("kinds.py", "holding_the_gil")
    taken = await studio.take(target.pid, 2)
    assert "the GIL: MainThread" in text(taken)
    wanting = next(top for top in taken.manifest.top_stacks if top.function == "wanting")
    assert wanting.state in ("wanting_gil", "waiting", "running_gil")
    assert wanting.state != "running_gil", "it got the GIL although another thread held it"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["asleep", "locked"])
async def test_every_python_is_seen_blocked(
    targets: Targets, studio: Studio, kind: str, version: str
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"pyenv has no Python {version}; the tests' own stands for it")
    taken = await studio.take(targets.start("kinds.py", kind, python=python).pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert (main_thread(taken).function, main_thread(taken).state) == (kind, "waiting")


async def test_an_asyncio_loop_shows_the_synchronous_call_that_blocks_it(
    targets: Targets, studio: Studio
) -> None:
    taken = await studio.take(targets.start("kinds.py", "asynchronous").pid, 2)
    top = main_thread(taken)
    assert top.function == "synchronous_call"
    assert "iteration (" in top.frames[-2]
    assert any(function.endswith("run_forever") for function in taken.functions())


async def test_of_greenlets_the_running_one_is_seen(targets: Targets, studio: Studio) -> None:
    taken = await studio.take(targets.start("kinds.py", "greenlets").pid, 2)
    top = main_thread(taken)
    assert top.function.endswith("busy_greenlet")
    assert top.state == "running_gil"
    assert not [function for function in taken.functions() if function.endswith("waiting_greenlet")]


async def test_two_hundred_threads_and_five_hundred_frames(targets: Targets, studio: Studio) -> None:
    wide, deep = targets.start("stalled.py", 200, 3), targets.start("stalled.py", 2, 500)
    taken = await studio.take(wide.pid, 3)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert len([thread for thread in taken.table.threads if thread.name.startswith("patient")]) == 200
    taken = await studio.take(deep.pid, 3)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert main_thread(taken).function == "the_culprit"
    assert sum("descend" in frame for frame in main_thread(taken).frames) == 501


@pytest.fixture
def forked(targets: Targets) -> tuple[Program, int]:
    """A server that forked, and the child with the loop."""
    server = targets.start("kinds.py", "forking")
    return server, int(server.hear().split()[1])


async def test_a_forked_child_is_captured_by_its_own_number(
    forked: tuple[Program, int], studio: Studio
) -> None:
    taken = await studio.take(forked[1], 1)
    assert main_thread(taken).function == "loop_of_the_child"


async def test_with_subprocesses_a_forked_child_is_seen_beside_its_parent(
    forked: tuple[Program, int], studio: Studio
) -> None:
    server, child = forked
    taken = await studio.take(server.pid, 2, PySpy(subprocesses=True))
    assert {thread.pid for thread in taken.table.threads} == {server.pid, child}
    assert "loop_of_the_child" in {top.function for top in taken.manifest.top_stacks}


@pytest.fixture(params=["pypy3", "go", "static"])
def foreign(request: pytest.FixtureRequest, targets: Targets, tmp_path: Path) -> Program:
    """A program that is no CPython."""
    if request.param == "pypy3":
        require("pypy3")
        return targets.start("kinds.py", "idle", python=str(shutil.which("pypy3")))
    require("gcc" if request.param == "static" else "go")
    return targets.run(str(_built(tmp_path, request.param)))


def _built(folder: Path, kind: str) -> Path:
    """A static C program, or one in Go, that says `ready` and waits."""
    import subprocess

    program = folder / "idle"
    if kind == "static":
        source = folder / "idle.c"
        source.write_text(
            '#include <stdio.h>\nint main(void) { puts("ready"); fflush(stdout); getchar(); }\n'
        )
        command = ["gcc", "-static", "-o", str(program), str(source)]
    else:
        source = folder / "idle.go"
        source.write_text(
            'package main\nimport ("fmt"; "os")\n'
            'func main() { fmt.Println("ready"); os.Stdin.Read(make([]byte, 1)) }\n'
        )
        command = ["go", "build", "-o", str(program), str(source)]
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    subprocess.run(command, check=True, env=environment, cwd=folder)
    return program


@pytest.mark.fault("T9")
async def test_what_is_no_cpython_is_unsupported_at_once_and_says_what_to_do(
    foreign: Program, studio: Studio
) -> None:
    started_s = time.monotonic()
    taken = await studio.take(HeldProcess(foreign.pid), 10)
    took_s = time.monotonic() - started_s
    assert taken.capture.outcome is Outcome.UNSUPPORTED
    assert taken.part.detail == "not a Python process"
    assert taken.part.remedy
    assert taken.capture.recording is None
    assert taken.seconds < PROMPT_S or took_s < PROMPT_S * CPU_PATIENCE


def test_the_doctor_names_what_it_is(foreign: Program, request: pytest.FixtureRequest) -> None:
    from daemon.doctor import gather

    expected = {"pypy3": "pypy"}.get(request.node.callspec.params["foreign"])
    kind = gather.subject(foreign.pid).runtime.kind
    assert kind == (expected or request.node.callspec.params["foreign"])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_doctor_names_the_version_of_a_python(targets: Targets, version: str) -> None:
    from daemon.doctor import gather

    python = interpreter(version)
    if python is None:
        pytest.skip(f"pyenv has no Python {version}; the tests' own stands for it")
    subject = gather.subject(targets.start("kinds.py", "idle", python=python).pid)
    assert ".".join(map(str, subject.runtime.version or ())) == version


@pytest.mark.fault("T9")
async def test_a_shell_around_python_is_unsupported_and_its_child_is_the_one(
    targets: Targets, studio: Studio
) -> None:
    idle = shlex.join([sys.executable, str(Path(__file__).parents[1] / "programs" / "idle.py")])
    shell = targets.run("/bin/sh", "-c", f"{idle}; :")
    assert (await studio.take(shell.pid, 10)).capture.outcome is Outcome.UNSUPPORTED
    (inner,) = children(shell.pid)
    assert (await studio.take(inner, 2)).capture.outcome is Outcome.COMPLETE
