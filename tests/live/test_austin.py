"""Captures with real austin on real processes."""

import asyncio
import os
import signal
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.austin import Austin
from collectors.austin_program import Program
from collectors.contract import Command
from daemon.capture import trials
from daemon.capture.window import CaptureWindow
from daemon.targets.process import HeldProcess
from model.capture import Outcome, WindowEnd
from model.samples import State
from report.evidence.austin import CONVERTER
from tests.live.austins import program, with_austin
from tests.live.captures import Studio, Taken, until
from tests.live.test_pythons import VERSIONS, interpreter
from tests.targets import Targets, children

__all__ = ["program"]


def knows(program: Program, version: str) -> bool:
    return program.version < (4,) or version != "3.8"


def names(taken: Taken) -> set[str]:
    return {thread.name for thread in taken.table.threads}


def austins() -> list[int]:
    return [child for child, line in children().items() if ".mojo" in line and "austin_converter" not in line]


def until_written(folder: Path, least_bytes: int = 2 * 4096) -> Callable[[CaptureWindow], object]:
    """Open the window until austin has written so much; it writes 4 KiB at once."""

    async def end(window: CaptureWindow) -> None:
        def written() -> bool:
            return any(file.stat().st_size >= least_bytes for file in folder.rglob("*.mojo"))

        await until(written, "austin has written", within_s=40)
        window.end(WindowEnd.COLLECTION_TIME)

    tasks: list[asyncio.Task[None]] = []
    return lambda window: tasks.append(asyncio.create_task(end(window)))


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_stall_is_seen_with_its_threads_and_their_states(
    targets: Targets, studio: Studio, program: Program, version: str, tmp_path: Path
) -> None:
    python = interpreter(version)
    if python is None or not knows(program, version):
        pytest.skip(f"no Python {version} here that this austin knows; the tests' own stands for it")
    target = targets.start("stalled.py", 2, 3, python=python)
    taken = await studio.take(target.pid, 40, sampling=with_austin(), began=until_written(tmp_path))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.recording.sampler == "austin"
    assert taken.recording.version == ".".join(map(str, program.version))
    assert {segment.sampler for segment in taken.recording.segments} == {"austin"}
    top = taken.manifest.top_stacks[0]
    assert top.function == "the_culprit"
    assert sum("descend" in frame for frame in top.frames) == 4
    assert names(taken) == {"MainThread", "patient-0", "patient-1", "commands"}
    main = [run for run in taken.table.runs() if taken.table.threads[run.thread].name == "MainThread"]
    assert {State.RUNNING, State.RUNNING_GIL} & {run.state for run in main}


@pytest.mark.parametrize("threads", [1, 50])
async def test_all_threads_are_sampled(
    targets: Targets, studio: Studio, program: Program, threads: int, tmp_path: Path
) -> None:
    target = targets.start("stalled.py", threads - 1, 20)
    began = until_written(tmp_path)
    taken = await studio.take(target.pid, 40, sampling=with_austin(Austin(rate_hz=20)), began=began)
    assert taken.capture.outcome is Outcome.COMPLETE
    segments = taken.recording.segments
    assert {segment.sampler for segment in segments} == {"austin"}
    assert sum(segment.taken or 0 for segment in segments) >= threads + 1  # with the one that obeys
    assert {thread.os_id for thread in taken.table.threads} == tasks(target.pid)
    assert taken.manifest.top_stacks[0].function == "the_culprit"


def tasks(pid: int) -> set[int]:
    return {int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()}


async def test_its_times_are_the_machines(
    targets: Targets, studio: Studio, program: Program, tmp_path: Path
) -> None:
    target = targets.start("phased.py")
    began = until_written(tmp_path, 4 * 4096)
    taken = await studio.take(target.pid, 40, sampling=with_austin(Austin(rate_hz=100)), began=began)
    target.tell("stop")
    turns = []
    while (line := await asyncio.to_thread(target.hear)) != "over":
        name, began_s = line.split()
        turns.append((name, float(began_s)))
    late_s = []
    for run in taken.table.runs():
        function = taken.table.frames[taken.table.tops[run.stack]].function
        began_s = run.start_us / 1_000_000
        own = [turn_s for name, turn_s in turns if name == function]
        nearest_s = min((abs(began_s - turn_s) for turn_s in own), default=1.0)
        if nearest_s < 0.2:  # neither the first run of a segment nor a change of line
            late_s.append(nearest_s)
    assert len(late_s) >= 4
    assert statistics.median(late_s) < 0.05


async def test_a_target_that_exits_leaves_what_was_seen(
    targets: Targets, studio: Studio, program: Program
) -> None:
    target = targets.start("stalled.py")

    async def leave() -> None:
        await until(austins, "it records")
        await asyncio.sleep(0.5)
        target.tell("exit")

    leaving = asyncio.create_task(leave())
    taken = await studio.take(target.pid, 30, sampling=with_austin())
    await leaving
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert taken.capture.window.end is WindowEnd.TARGET_EXITED
    assert taken.recording.segments
    assert "the_culprit" in taken.functions()


async def test_an_interrupt_right_after_the_start_is_no_failure(
    targets: Targets, studio: Studio, program: Program
) -> None:
    target = targets.start("stalled.py")
    tasks = []

    async def interrupt(window: CaptureWindow) -> None:
        await until(austins, "it was spawned")
        window.end(WindowEnd.SHUTDOWN)

    def began(window: CaptureWindow) -> None:
        tasks.append(asyncio.create_task(interrupt(window)))

    taken = await studio.take(target.pid, 30, sampling=with_austin(), began=began)
    assert taken.capture.outcome is Outcome.PARTIAL
    assert taken.part.outcome in (Outcome.COMPLETE, Outcome.PARTIAL)
    assert taken.seconds < 10


async def test_an_austin_that_is_killed_leaves_what_it_had_written(
    targets: Targets, studio: Studio, program: Program, tmp_path: Path
) -> None:
    target = targets.start("stalled.py", 10, 20)

    async def kill() -> None:
        def written() -> bool:
            return any(file.stat().st_size >= 3 * 4096 for file in tmp_path.rglob("*.mojo"))

        await until(written, "it has written")
        os.kill(austins()[0], signal.SIGKILL)

    killing = asyncio.create_task(kill())
    taken = await studio.take(target.pid, 8.0, sampling=with_austin(Austin(rate_hz=100)), flawed=True)
    await killing
    first, *rest = taken.recording.segments
    assert first.sampler == "austin"
    assert {segment.sampler for segment in rest} <= {"pyspy"}  # which went on in its place
    assert any(
        "pyspy instead of austin: austin was ended by signal 9" in one for one in taken.recording.adjusted
    )
    within = [run for run in taken.table.runs() if run.segment == 0]
    assert "the_culprit" in {taken.table.frames[taken.table.tops[run.stack]].function for run in within}
    assert taken.manifest.rendering.detail in (
        "",
        f"{first.path} is damaged, and read as far as it is whole: the file ends",
    )


class Slow(Austin, frozen=True, kw_only=True):
    """Looks for the target's Python for ever."""

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Does not say anything."""
        argv = (sys.executable, "-I", "-c", "import time; time.sleep(600)", "austin", str(file))
        return Command(argv=argv, deadline_s=600, ready_within_s=0.5)


async def test_an_austin_that_hangs_while_it_attaches_gives_way_to_py_spy(
    targets: Targets, studio: Studio, program: Program
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 6.0, sampling=with_austin(Slow()))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert any("no samples within 0.5 s" in one for one in taken.recording.adjusted)
    assert taken.manifest.top_stacks[0].function == "the_culprit"
    assert taken.recording.sampler == "pyspy"
    assert {segment.sampler for segment in taken.recording.segments} <= {"pyspy"}


@pytest.mark.parametrize("version", ["3.6", "3.7"])
async def test_an_older_python_is_left_to_py_spy(
    targets: Targets, studio: Studio, program: Program, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"pyenv has no Python {version}")
    monkeypatch.setattr("collectors.austin.TRIAL_DEADLINE_S", 3.0)  # 3.7 may search it for ever
    monkeypatch.setattr("collectors.austin.READY_WITHIN_S", 1.0)
    target = targets.start("stalled.py", python=python)
    held = HeldProcess(target.pid)
    await trials.attempt("austin", Austin(), held, wanted=True)
    assert trials.unfit("austin", held)
    taken = await studio.take(held, 8.0, sampling=with_austin())
    assert taken.recording.sampler == "pyspy"
    told = (taken.recording.choice, *taken.recording.adjusted)
    assert any("austin cannot be used" in one or "instead of austin" in one for one in told)
    assert taken.manifest.top_stacks[0].function == "the_culprit"


async def test_without_austin_python_the_evidence_is_delivered_as_it_was_taken(
    targets: Targets, studio: Studio, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = tmp_path / "without.py"
    without.write_text(CONVERTER.read_text().replace("from austin.format", "from not_there.format"))
    monkeypatch.setattr("report.evidence.austin.CONVERTER", without)
    target = targets.start("stalled.py")
    began = until_written(tmp_path)
    taken = await studio.take(target.pid, 40, sampling=with_austin(), flawed=True, began=began)
    assert "install loopcam[austin] where reports are drawn" in taken.manifest.rendering.detail
    assert any(artifact.path.endswith(".mojo") for artifact in taken.manifest.artifacts)
    assert "the_culprit" in (taken.directory / "stacks.txt").read_text()  # looks are py-spy's
