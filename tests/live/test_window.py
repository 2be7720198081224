"""What happens while the window is open."""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from collectors.contract import Command
from collectors.pyspy import PySpy
from daemon.capture.window import CaptureWindow
from daemon.targets.process import HeldProcess, TaskState
from model.capture import Outcome, WindowEnd
from model.samples import STATES, State
from tests.live.captures import Studio, recorder, until
from tests.targets import Program, Targets, children


def later(action: Callable[[], object]) -> Callable[[CaptureWindow], None]:
    """Do something once py-spy has been recording for a while."""

    async def act() -> None:
        await until(recorder, "a recording began")
        await asyncio.sleep(0.4)
        action()

    tasks: list[asyncio.Task[None]] = []
    return lambda window: tasks.append(asyncio.create_task(act()))


async def test_the_window_is_recorded_to_its_end(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py", 3)
    taken = await studio.take(target.pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.capture.window.end is WindowEnd.COLLECTION_TIME
    top = taken.manifest.top_stacks[0]
    assert top.function == "the_culprit"
    assert top.os_thread_id == target.pid
    assert top.share > 0.8
    assert {"patient", "the_culprit"} <= taken.functions()
    assert len([thread for thread in taken.table.threads if thread.name.startswith("patient")]) == 3
    assert taken.manifest.rendering.sampled_s > 0.5
    assert taken.seconds < 15


@pytest.mark.fault("T5")
@pytest.mark.rounds(20)
async def test_a_target_that_exits_ends_the_window_and_what_was_seen_stays(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py")
    exits: list[float] = []

    def leave() -> None:
        exits.append(time.monotonic())
        target.tell("exit")

    taken = await studio.take(target.pid, 30, began=later(leave))
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert taken.capture.window.end is WindowEnd.TARGET_EXITED
    assert "the_culprit" in taken.functions()
    assert -0.5 < taken.last_seen_s() - exits[0] < 0.5
    assert taken.capture.window.ended_s - exits[0] < 3.0


@pytest.mark.fault("T5")
@pytest.mark.rounds(20)
async def test_a_killed_target_ends_the_window_too(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 30, began=later(target.kill))
    assert taken.capture.outcome is Outcome.TARGET_EXITED
    assert "the_culprit" in taken.functions()


async def test_segments_follow_each_other_and_seams_are_gaps(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 13)
    assert taken.capture.outcome is Outcome.COMPLETE
    first, second, third = taken.recording.segments
    for segment in (first, second):
        assert 4.5 < segment.ended_s - segment.started_s < 8
    assert 0.2 < third.ended_s - third.started_s < 4
    inner = [
        (start_us, end_us)
        for start_us, end_us in taken.table.gaps()
        if first.started_s * 1e6 < start_us < third.started_s * 1e6
    ]
    assert len(inner) == 2
    assert all(0 < end_us - start_us < 1_000_000 for start_us, end_us in inner)
    runs = [run for run in taken.table.runs() if run.start_us < inner[0][0] < run.end_us]
    assert not runs
    assert len(taken.recording.dumps) >= 2  # a look takes long where others work


async def test_a_look_about_once_a_second_tells_the_state_of_every_thread(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py", 2)
    taken = await studio.take(target.pid, 3.3)
    looks = taken.recording.dumps
    assert 2 <= len(looks) <= 4
    apart = [after.at_s - before.at_s for before, after in itertools.pairwise(looks)]
    assert all(0.95 < seconds < 3 for seconds in apart)
    for look in looks:
        assert look.states_path is not None
        said = (taken.directory / look.states_path).read_bytes()
        states = msgspec.json.decode(said, type=dict[int, TaskState])
        assert target.pid in states
        assert len(states) == 4
    known = [run for run in taken.table.runs() if run.state is not State.UNKNOWN]  # far from any look
    by_name = {taken.table.threads[run.thread].name: run.state for run in known}
    assert by_name["MainThread"] in (State.RUNNING, State.RUNNING_GIL)
    assert by_name["patient-0"] is State.WAITING
    assert len(STATES) == 6


async def test_the_window_closes_a_second_after_the_iteration(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py")
    windows: list[CaptureWindow] = []

    def end_iteration() -> None:
        windows[0].iteration_ended(time.monotonic())

    def began(window: CaptureWindow) -> None:
        windows.append(window)
        later(end_iteration)(window)

    taken = await studio.take(target.pid, 30, began=began)
    window = taken.capture.window
    assert window.end is WindowEnd.ITERATION_ENDED
    assert windows[0].iteration_ended_s is not None
    assert 0.99 < window.ended_s - windows[0].iteration_ended_s < 4
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.last_seen_s() > windows[0].iteration_ended_s


@pytest.mark.fault("D8")
async def test_an_iteration_that_ends_before_the_first_look_has_no_stacks(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(
        target.pid, 30, began=lambda window: window.iteration_ended(window.started_s + 0.001)
    )
    assert taken.capture.outcome is Outcome.ENDED_BEFORE_ATTACH
    assert taken.capture.recording is None
    assert taken.capture.evidence == ()
    assert taken.manifest.top_stacks == ()
    assert not list(taken.table.runs())
    assert taken.seconds < 5


@pytest.mark.fault("T5")
@pytest.mark.rounds(20)
async def test_a_target_that_becomes_another_program_is_followed(targets: Targets, studio: Studio) -> None:
    target = targets.start("changeling.py")
    taken = await studio.take(target.pid, 8, began=later(lambda: target.tell("exec")))
    assert taken.capture.window.end is WindowEnd.COLLECTION_TIME
    assert {"before_the_change", "after_the_change"} <= taken.functions()
    assert taken.seconds < 15


@pytest.mark.fault("T5")
@pytest.mark.rounds(20)
async def test_a_target_that_is_no_python_any_more_leaves_a_part(targets: Targets, studio: Studio) -> None:
    target = targets.start("changeling.py")
    taken = await studio.take(target.pid, 8, began=later(lambda: target.tell("exec-sleep")))
    assert taken.capture.outcome is Outcome.PARTIAL
    assert "before_the_change" in taken.functions()
    assert taken.part.detail
    assert taken.seconds < 15


@pytest.mark.fault("T5")
@pytest.mark.rounds(20)
async def test_a_target_that_forks_is_still_the_only_one_looked_at(targets: Targets, studio: Studio) -> None:
    target = targets.start("changeling.py")
    taken = await studio.take(target.pid, 1.5, began=later(lambda: target.tell("fork")))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert {thread.pid for thread in taken.table.threads} == {target.pid}
    assert "in_the_child" not in taken.functions()


async def test_children_are_looked_at_where_that_is_asked_for(targets: Targets, studio: Studio) -> None:
    target = targets.start("changeling.py")
    target.tell("fork")
    await until(lambda: children(target.pid), "it forked")
    (child,) = children(target.pid)
    taken = await studio.take(target.pid, 1.0, PySpy(subprocesses=True))
    assert {thread.pid for thread in taken.table.threads} == {target.pid, child}
    assert "in_the_child" in taken.functions()


class Slow(PySpy, frozen=True):
    """Takes a minute to be ready, as on a starved machine."""

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Only the minute."""
        real = super().record(pid, rate_hz, seconds, file)
        return msgspec.structs.replace(real, argv=("sleep", "60"))


@pytest.mark.parametrize(("seconds", "sampler"), [(1.0, Slow()), (0.001, PySpy())])
async def test_a_window_that_is_over_before_the_first_sample_shows_what_was_looked_at(
    targets: Targets, studio: Studio, seconds: float, sampler: PySpy
) -> None:
    target = targets.start("stalled.py", 2)
    taken = await studio.take(target.pid, seconds, sampler)
    assert taken.capture.outcome is Outcome.PARTIAL
    assert "over before pyspy took a sample; only looks were taken" in taken.part.detail
    assert taken.manifest.rendering.from_looks == len(taken.recording.dumps) > 0
    assert taken.manifest.rendering.sampled_s == 0
    assert taken.manifest.top_stacks[0].function == "the_culprit"


async def test_an_idle_target_has_nothing_to_show_of_the_gil(targets: Targets, studio: Studio) -> None:
    target = targets.start("idle.py")
    taken = await studio.take(target.pid, 2, PySpy(gil=True))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert taken.part.outcome is Outcome.NOTHING
    assert taken.part.detail == "no stacks sampled"
    assert "wait_for_ever" not in taken.functions()
    assert taken.recording.dumps


async def test_an_idle_target_shows_where_it_waits(targets: Targets, studio: Studio) -> None:
    target = targets.start("idle.py")
    taken = await studio.take(target.pid, 2)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert "wait_for_ever" in taken.functions()


async def test_a_busy_target_is_seen_holding_the_gil(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 2, PySpy(gil=True))
    assert taken.part.outcome is Outcome.COMPLETE
    assert "the_culprit" in taken.functions()


async def test_two_captures_of_one_process_do_not_disturb_each_other(
    targets: Targets, studio: Studio
) -> None:
    target: Program = targets.start("stalled.py")
    held = HeldProcess(target.pid)
    first, second = await asyncio.gather(studio.take(held.share(), 2), studio.take(held, 2))
    assert first.capture.outcome is second.capture.outcome is Outcome.COMPLETE
    assert "the_culprit" in first.functions() & second.functions()
