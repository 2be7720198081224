"""Profilers that do not do as they should: the capture ends, and the target is none the worse."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from collectors.contract import Collector, Command, Target, Window
from collectors.pyspy import PySpy
from daemon.capture.window import REST_S, SAMPLERS_S, CaptureWindow
from model.artifacts import Artifact
from model.capture import Outcome, WindowEnd
from tests.live.captures import Studio, recorder, until
from tests.targets import Targets, children

GRACE_S = 2.0  # from SIGINT to SIGKILL
SLACK_S = 4.0
WINDOW_S = 2.0  # a program needs a while until it is deaf

SAYS = "print('Sampling process', flush=True)"
DEAF = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"


class Fake(PySpy, frozen=True, kw_only=True):
    """Looks like py-spy does, but records as some program of the test's."""

    code: str

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Run the code; its argument is the file."""
        real = super().record(pid, rate_hz, seconds, file)
        return Command(argv=(sys.executable, "-I", "-c", self.code, str(file)), deadline_s=real.deadline_s)


@pytest.mark.fault("T10")
@pytest.mark.parametrize(
    "code",
    [
        f"{DEAF}; {SAYS}; time.sleep(60)",
        f"{DEAF}; {SAYS}\nwhile True: pass",
        f"{DEAF}; time.sleep(60)",
        f"{DEAF}\nwhile True: print('x' * 65536)",
    ],
    ids=["deaf", "deaf and hot", "never ready", "never silent"],
)
async def test_a_profiler_that_does_not_end_is_killed_two_seconds_after_the_window(
    targets: Targets, studio: Studio, code: str
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, WINDOW_S, Fake(code=code))
    hot = code.endswith("pass")  # it may be told to end before the window does, for what it costs
    assert (0 if hot else WINDOW_S) + GRACE_S <= taken.seconds < WINDOW_S + GRACE_S + SLACK_S
    assert taken.capture.outcome is Outcome.PARTIAL
    assert taken.part.detail == "py-spy was ended by signal 9"
    assert b"the_culprit" in taken.text()  # the first look stays
    assert not children_of_fake()
    assert target.state() in "RS"


def children_of_fake() -> list[str]:
    return [line for line in children().values() if " -I -c " in line]


@pytest.mark.fault("T10")
@pytest.mark.parametrize(
    ("code", "detail"),
    [
        (f"{SAYS}; import os; os.kill(os.getpid(), 9)", "py-spy was ended by signal 9"),
        ("import os; os.kill(os.getpid(), 9)", "py-spy was ended by signal 9"),
        ("import signal, os; signal.signal(2, signal.SIG_DFL); os.kill(os.getpid(), 2)", "signal 2"),
        (SAYS, "pyspy ended by itself"),
        ("print('Error: something new'); raise SystemExit(1)", "Error: something new"),
    ],
    ids=["killed", "killed early", "interrupted by others", "ends by itself", "unknown error"],
)
async def test_a_profiler_that_ends_too_soon_is_not_started_over_and_over(
    targets: Targets, studio: Studio, code: str, detail: str
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 20, Fake(code=code))
    assert taken.seconds < 6
    assert taken.capture.outcome is Outcome.PARTIAL
    assert detail in taken.part.detail
    assert len(taken.recording.dumps) == 1
    assert taken.recording.segments == ()


@pytest.mark.fault("T2")
@pytest.mark.rounds(100)
async def test_a_stopped_profiler_does_not_stop_the_target(targets: Targets, studio: Studio) -> None:
    target = targets.start("stalled.py")
    states: set[str] = set()

    async def stop() -> None:
        await until(recorder, "it records")
        pid = recorder()
        assert pid  # 0 would stop us all
        os.kill(pid, signal.SIGSTOP)
        for _ in range(50):
            states.add(target.state())
            await asyncio.sleep(0.01)

    stopping = asyncio.create_task(stop())
    taken = await studio.take(target.pid, 1.0)
    await stopping
    assert states <= {"R", "S"}
    assert taken.seconds < 1.0 + GRACE_S + SLACK_S
    assert taken.capture.outcome is Outcome.PARTIAL


class Mute(PySpy, frozen=True, kw_only=True):
    """Its looks never end."""

    def dump(self, pid: int) -> Command:
        """Sleep, and be deaf."""
        code = f"{DEAF}; print(end='[', flush=True); time.sleep(60)"
        return Command(argv=(sys.executable, "-I", "-c", code), deadline_s=30)


@pytest.mark.parametrize(
    ("why", "said"),
    [(WindowEnd.SHUTDOWN, "loopcam stops"), (WindowEnd.TARGET_EXITED, "the target is gone")],
)
async def test_a_first_look_that_hangs_is_cut_off_when_evidence_must_be_durable_soon(
    targets: Targets, studio: Studio, why: WindowEnd, said: str
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 20, Mute(), began=lambda window: window.end(why))
    assert SAMPLERS_S <= taken.seconds < REST_S + SLACK_S
    assert taken.part.detail == f"cut off, as {said}: no stacks within the deadline"
    assert not children_of_fake()


class Endless(Collector, frozen=True, kw_only=True):
    """Heeds no end of a window."""

    async def collect(self, target: Target, window: Window, into: Path, name: str) -> Sequence[Artifact]:
        """Write a file, and wait."""
        (into / f"{name}.txt").write_text("evidence")
        (into / f"{name}.txt").chmod(0o600)
        await asyncio.sleep(60)
        return []


async def test_a_collector_that_heeds_no_end_is_cut_off_then_too_and_what_it_wrote_stays(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py")

    def began(window: CaptureWindow) -> None:
        window.end(WindowEnd.COLLECTION_TIME)  # what comes later leaves less time
        window.end(WindowEnd.SHUTDOWN)

    taken = await studio.take(target.pid, 20, collectors={"endless": Endless()}, began=began)
    assert REST_S <= taken.seconds < REST_S + SLACK_S
    assert taken.capture.window.end is WindowEnd.COLLECTION_TIME
    parts = {part.name: part for part in taken.capture.parts}
    assert parts["pyspy"].outcome is not Outcome.FAILED
    assert parts["endless"].detail == "cut off, as loopcam stops: not done in time"
    assert "evidence/endless.txt" in {one.path for one in taken.capture.evidence}


def interrupting(after_s: float) -> Callable[[CaptureWindow], None]:
    """End the window so soon after py-spy was spawned that SIGINT finds it unprepared."""

    async def act(window: CaptureWindow) -> None:
        await until(recorder, "it was spawned")
        await asyncio.sleep(after_s)
        window.end(WindowEnd.SHUTDOWN)

    tasks: list[asyncio.Task[None]] = []
    return lambda window: tasks.append(asyncio.create_task(act(window)))


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.01, 0.02])
async def test_an_interrupt_right_after_the_spawn_is_no_failure(
    targets: Targets, studio: Studio, after_s: float
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 20, began=interrupting(after_s))
    assert taken.seconds < GRACE_S
    assert taken.part.outcome in (Outcome.COMPLETE, Outcome.PARTIAL)
    assert taken.capture.outcome is Outcome.PARTIAL
    assert b"the_culprit" in taken.text()


async def test_a_folder_that_cannot_be_written_is_found_before_anything_is_recorded(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py")

    def spoil(directory: Path) -> None:
        (directory / "evidence").rmdir()
        (directory / "evidence").touch()  # where nobody, root neither, makes files

    def mend(directory: Path) -> None:
        (directory / "evidence").unlink()
        (directory / "evidence").mkdir(0o700)

    began_s = time.monotonic()
    taken = await studio.take(target.pid, 20, spoil=spoil, mend=mend)
    assert time.monotonic() - began_s < GRACE_S
    assert taken.capture.outcome is Outcome.FAILED
    assert taken.part.detail.startswith("evidence cannot be written: ")
    assert taken.part.remedy
    assert taken.capture.recording is None
