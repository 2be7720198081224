"""What becomes of samplers that do not answer, or answer wrongly."""

from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from collectors.contract import Command, Exit, Judgement
from collectors.pyspy import PySpy
from daemon.capture import trials
from daemon.targets.process import HeldProcess
from model.capture import Outcome
from tests.live.captures import Studio
from tests.targets import Targets


class Silent(PySpy, frozen=True):
    """Searches the process for ever."""

    tried: ClassVar[list[int]] = []

    def trial(self, pid: int) -> Command:
        """A minute of nothing."""
        self.tried.append(pid)
        return Command(argv=("sleep", "60"), deadline_s=0.2)


async def test_a_trial_that_is_killed_at_its_deadline_is_not_tried_again(
    targets: Targets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "_unfit", {})
    held = HeldProcess(targets.start("idle.py").pid)
    for _ in range(3):
        await trials.attempt("silent", Silent(), held, wanted=True)
    assert trials.unfit("silent", held) == "no stacks within 0.2 s"
    assert len(Silent.tried) == 1
    held.close()


class Blind(PySpy, frozen=True):
    """Says of a process that lives that it is gone."""

    recorded: ClassVar[list[int]] = []

    def record(self, pid: int, rate_hz: int, seconds: float, file: Path) -> Command:
        """Says it at once."""
        self.recorded.append(pid)
        real = super().record(pid, rate_hz, seconds, file)
        return msgspec.structs.replace(real, argv=("echo", "no such process"))

    def judge(self, ended: Exit) -> Judgement:
        """As it says."""
        gone = Judgement(outcome=Outcome.TARGET_EXITED, detail="the process is gone")
        return gone if "no such process" in ended.output else super().judge(ended)


async def test_a_sampler_that_does_not_see_a_living_process_is_not_started_at_once_again(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 1.5, Blind())
    assert 1 <= len(Blind.recorded) <= 8
    assert taken.capture.outcome is Outcome.PARTIAL
    assert taken.manifest.top_stacks[0].function == "the_culprit"
