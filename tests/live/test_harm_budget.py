"""What taking stacks costs a target and its machine stays within the budgets, whatever the target is like."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from collectors.contract import Command, Sampler
from collectors.pyspy import PySpy
from daemon.capture.budget import Limits
from daemon.capture.choice import Sampling
from daemon.capture.plan import try_out
from daemon.capture.window import CaptureWindow
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from tests.live.captures import Studio, Taken, recorder, until
from tests.prerequisites import require
from tests.tally import Tally
from tests.targets import Program, Targets, wait_until

BUDGET = 0.25
JITTER = 1.25  # of measured CPU time, where other work takes caches and cores
LATE_S = 8.0  # a last sample and its file, on a machine that has other work
WINDOW_S = 8.0
MEBIBYTE = 2**20
ROOT = Path(__file__).parents[2]
HELD_S = 0.25 + 0.75  # until a stopped blocking sampler is noticed and killed, with a busy daemon


def with_austin(asked: str = "auto") -> Sampling:
    from collectors.austin import Austin

    others: dict[str, Sampler] = {"austin": Austin()}
    return Sampling(name="pyspy", looker=PySpy(), others=others, asked=asked, limits=Limits(cpu=BUDGET))


async def observed(studio: Studio, target: Program, how: Sampling, seconds: float) -> tuple[Taken, set[str]]:
    """A capture, and every state in which the target's main thread was seen meanwhile."""
    states: set[str] = set()

    async def watch() -> None:
        while True:
            states.add(target.state())
            await asyncio.sleep(0.01)

    process = HeldProcess(target.pid)
    await try_out(how, process)
    watching = asyncio.create_task(watch())
    taken = await studio.take(process, seconds, sampling=how)
    watching.cancel()
    return taken, states


@pytest.mark.fault("T1")
@pytest.mark.parametrize("others", ["alone", "austin"])
@pytest.mark.parametrize(("threads", "depth"), [(1, 1), (4, 500), (50, 60), (200, 20)])
async def test_taking_stacks_stays_within_the_budget_and_never_stops_the_target(
    targets: Targets, studio: Studio, threads: int, depth: int, others: str
) -> None:
    if others == "austin":
        require("austin")
    target = targets.start("stalled.py", threads, depth)
    plain = Sampling(name="pyspy", looker=PySpy(), limits=Limits(cpu=BUDGET))
    taken, states = await observed(studio, target, with_austin() if others == "austin" else plain, WINDOW_S)
    recording = taken.recording
    assert recording.cpu_share is not None
    assert recording.cpu_share <= BUDGET * JITTER
    spent_s = [one.cpu_s for one in (*recording.segments, *recording.dumps)]
    assert sum(cpu_s or 0.0 for cpu_s in spent_s) == pytest.approx(
        recording.cpu_share * taken.seconds, rel=0.3, abs=0.2
    )
    assert states <= {"R", "S", "D"}
    assert taken.seconds < WINDOW_S + LATE_S
    assert sum(artifact.size_bytes for artifact in taken.capture.evidence) < 16 * MEBIBYTE
    assert taken.part.outcome is Outcome.COMPLETE
    assert b"the_culprit" in taken.text()


@pytest.mark.fault("T11")
@pytest.mark.parametrize(("threads", "depth"), [(1000, 1), (0, 950)])
async def test_evidence_of_enormous_targets_is_bounded_and_so_is_our_memory(
    targets: Targets, studio: Studio, threads: int, depth: int
) -> None:
    target = targets.start("stalled.py", threads, depth)
    taken = await studio.take(target.pid, 5)
    assert taken.capture.outcome in (
        Outcome.COMPLETE,
        Outcome.PARTIAL,
    )  # looks alone, where samples cost too much
    assert taken.recording.dumps
    assert taken.manifest.top_stacks
    assert sum(artifact.size_bytes for artifact in taken.capture.evidence) < 16 * MEBIBYTE


def peak_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.fault("T11")
@pytest.mark.parametrize(("threads", "depth"), [(1000, 1), (0, 950)])
def test_capturing_enormous_targets_takes_little_memory_of_ours(
    targets: Targets, tmp_path: Path, threads: int, depth: int
) -> None:
    target = targets.start("stalled.py", threads, depth)
    ours = targets.start("recording.py", target.pid, tmp_path / "spool", env={"PYTHONPATH": str(ROOT)})
    before_bytes = peak_bytes(ours.pid)
    wait_until(lambda: len(list(tmp_path.rglob("*.states.json"))) >= 2, "it has looked twice", 45)
    assert peak_bytes(ours.pid) - before_bytes < 64 * MEBIBYTE
    ours.kill()


@pytest.mark.fault("T10")
async def test_a_sampler_that_takes_far_too_much_is_ended_early_and_what_it_saw_is_kept(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py", 10, 60)
    hot = Sampling(name="pyspy", looker=Misjudged(), limits=Limits(cpu=0.05))
    taken = await studio.take(target.pid, 10, sampling=hot)
    first, *_ = taken.recording.segments
    assert first.rate_hz == 100
    assert first.ended_s - first.started_s < 4
    assert first.taken
    assert taken.recording.rate_hz < 100
    assert taken.recording.adjusted


class Misjudged(PySpy, frozen=True):
    """Thinks that samples cost nothing."""

    def sample_s(self, cost: object) -> float:
        """Nearly nothing."""
        return 0.0001


class Hot(PySpy, frozen=True, kw_only=True):
    """Looks like py-spy does, but records as a program that only burns CPU time."""

    code: str

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Run the code; its argument is the file."""
        real = super().record(pid, rate_hz, seconds, file)
        return Command(argv=(sys.executable, "-I", "-c", self.code, str(file)), deadline_s=real.deadline_s)


@pytest.mark.fault("T10")
async def test_a_profiler_that_hot_loops_is_not_let_run_to_the_end_of_its_window(
    targets: Targets, studio: Studio
) -> None:
    code = "import signal; signal.signal(2, 1); print('Sampling process', flush=True)\nwhile True: pass"
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 30, Hot(code=code))
    assert taken.seconds < 15
    assert taken.capture.outcome is Outcome.PARTIAL
    assert target.state() in "RS"


async def held(target: Program) -> float:
    """Stop a blocking sampler at a moment when it holds the target; for how long it still did."""
    await until(recorder, "it records")
    while True:
        sampler = recorder()
        os.kill(sampler, signal.SIGSTOP)
        for _ in range(20):
            await asyncio.sleep(0.001)
            if target.state() != "t":
                break
        else:
            started_s = time.monotonic()
            await until(lambda: target.state() != "t", "it runs again", 10)
            return time.monotonic() - started_s
        os.kill(sampler, signal.SIGCONT)
        await asyncio.sleep(0.003)


Began = Callable[[CaptureWindow], object]


def alongside(
    work: Callable[[], Coroutine[object, object, float]],
) -> tuple[list[asyncio.Task[float]], Began]:
    """What begins work with a window, and the task that it then is."""
    tasks: list[asyncio.Task[float]] = []
    return tasks, lambda window: tasks.append(asyncio.create_task(work()))


@pytest.mark.fault("T2")
@pytest.mark.rounds(100)
async def test_a_stopped_blocking_sampler_is_killed_and_the_target_runs_on(
    targets: Targets, studio: Studio, tally: Tally
) -> None:
    target = targets.start("stalled.py", 20, 30)
    tasks, began = alongside(lambda: held(target))
    generous = Sampling(name="pyspy", looker=PySpy(blocking=True, rate_hz=50), limits=Limits(pause=0.5))
    taken = await studio.take(target.pid, 6, sampling=generous, began=began)
    tally.tries = 1
    tally.took(await tasks[0])
    assert (tally.worst_s or 0.0) < HELD_S
    assert target.state() in "RS"
    assert "without pausing the target: it held the target" in taken.recording.adjusted[0]
    assert taken.capture.outcome is Outcome.COMPLETE
    assert "the_culprit" in taken.functions()  # the rest of the window went on


@pytest.mark.fault("T2")
async def test_blocking_that_takes_more_than_its_share_goes_on_without_pauses(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py", 20, 60)
    taken = await studio.take(
        target.pid,
        8,
        sampling=Sampling(
            name="pyspy", looker=Unaware(blocking=True, rate_hz=100), limits=Limits(pause=0.01)
        ),
    )
    assert "without pausing the target: it held the target" in taken.recording.adjusted[0]
    assert "the_culprit" in taken.functions()


class Unaware(PySpy, frozen=True):
    """Does not know that it pauses its target for long."""

    def pause_s(self, cost: object) -> float:
        """Nothing."""
        return 0.0


@pytest.mark.fault("T2")
async def test_blocking_is_refused_where_our_own_cpu_is_limited(
    targets: Targets, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.capture.choice.cpu_quota", lambda: 0.5)
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 1, PySpy(blocking=True, native=True))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert not taken.recording.blocking
    assert "0.5 cores" in taken.recording.adjusted[0]
