import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.config.settings import Config
from daemon.limits import admission
from daemon.limits.admission import Admission, limit_rules
from daemon.limits.file import LimitsFile
from daemon.limits.rates import Instant
from daemon.targets.held import Held
from daemon.targets.possible import UNKNOWN, Possible
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from model.errors import RefusedError
from model.events import PlanName, Refusal, Trigger, TriggerKind
from tests.unit.spool.entries import opened_spool, put

OVERRUN, MANUAL = TriggerKind.OVERRUN, TriggerKind.MANUAL
CONFIG = """
targets:
  - {{name: demo, process: {{pid: 1}}, max_loop_time: 2s, cooldown: 10m, captures_per_hour: 3}}
  - {{name: other, process: {{pid: 1}}, max_loop_time: 2s, cooldown: 10m}}
capture_disabled_file: {folder}/disable
captures_at_once: {at_once}
spool: {{path: {folder}/spool}}
"""


def configured(folder: Path, at_once: int = 1) -> Config:
    return parse(CONFIG.format(folder=folder, at_once=at_once), "a test")


class Scene:
    """An admission and its targets, at a time that the test sets."""

    def __init__(self, folder: Path, *, at_once: int = 1, max_reports: int = 100) -> None:
        self.config = configured(folder, at_once)
        self.now_s = 1000.0
        self.spool = opened_spool(folder / "spool", max_reports=max_reports)
        self.file = LimitsFile(folder / "spool" / "state" / "limits.json")
        self.admission = Admission(self.config, self.file, self.spool)
        self.demo, self.other = (Target(one, lambda target: None) for one in self.config.targets)
        for target in (self.demo, self.other):
            target.held, target.possible = HeldProcess(os.getpid()), Possible(True, "ok")

    def refused(self, target: Target | None = None, kind: TriggerKind = OVERRUN) -> str:
        said = self.admission.refusal(target or self.demo, kind)
        return "" if said is None else said.reason

    def admit(self, target: Target | None = None, kind: TriggerKind = OVERRUN) -> Held:
        target = target or self.demo
        return self.admission.admit(
            target, Trigger(target=target.name, kind=kind, reason="a test", at_s=self.now_s)
        )

    def close(self) -> None:
        self.spool.close()
        for target in (self.demo, self.other):
            if target.process is not None:
                target.process.close()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    monkeypatch.setattr(admission, "now", lambda: Instant(boot_s=scene.now_s, wall_s=1e9 + scene.now_s))
    yield scene
    scene.close()


def test_what_nothing_speaks_against_is_admitted(scene: Scene) -> None:
    assert scene.refused() == ""
    assert scene.admit() is scene.demo.process


def test_a_drill_keeps_no_place_from_an_overrun_and_takes_one_that_is_free(scene: Scene) -> None:
    drill = Trigger(target="demo", kind=MANUAL, reason="", at_s=1.0, plan=PlanName.DRILL)
    scene.admission.admit(scene.demo, drill)
    assert scene.refused() == Refusal.BUSY  # the same target's: it ends for it
    assert scene.refused(scene.other) == ""
    scene.admit(scene.other)
    scene.admission.done("demo")
    busy = scene.admission.refusal(scene.demo, MANUAL, PlanName.DRILL)
    assert busy is not None
    assert busy.reason is Refusal.BUSY


def test_the_switch_refuses_everything_while_it_exists(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "disable").touch()
    assert scene.refused() == scene.refused(kind=MANUAL) == Refusal.DISABLED
    (tmp_path / "disable").unlink()
    assert scene.refused() == ""


def test_a_switch_that_cannot_be_looked_for_counts_as_thrown(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.admission.config = configured(Path("/" + "n" * 300))
    assert scene.refused() == Refusal.DISABLED
    scene.close()


def test_without_a_process_there_is_nothing_to_capture(scene: Scene) -> None:
    scene.demo.let_go()
    assert scene.refused() == Refusal.NO_PROCESS
    with pytest.raises(RefusedError, match="not there"):
        scene.admit()


@pytest.mark.parametrize("reason", [Refusal.NOT_PERMITTED, Refusal.UNSUPPORTED])
def test_a_process_that_cannot_be_looked_at_is_not_tried_again(scene: Scene, reason: Refusal) -> None:
    scene.demo.possible = Possible(False, reason, "so it is", "do this")
    refused = scene.admission.refusal(scene.demo, OVERRUN)
    assert refused is not None
    assert (refused.reason, str(refused), refused.remedy) == (reason, "so it is", "do this")
    assert scene.refused(scene.other) == ""


def test_a_process_that_was_not_checked_yet_is_tried(scene: Scene) -> None:
    scene.demo.possible = UNKNOWN
    assert scene.refused() == ""


def test_the_cooldown_holds_from_the_trigger_and_for_its_target(scene: Scene) -> None:
    scene.admit()
    scene.admission.done("demo")
    scene.now_s += 599.0
    assert scene.refused() == Refusal.COOLDOWN
    assert scene.refused(kind=MANUAL) == ""
    assert scene.refused(scene.other) == ""
    scene.now_s += 1.0
    assert scene.refused() == ""


@pytest.mark.threat("floods")
def test_captures_an_hour_hold_for_those_by_hand_as_well(scene: Scene) -> None:
    for _ in range(3):
        scene.admit(kind=MANUAL)
        scene.admission.done("demo")
    assert scene.refused() == scene.refused(kind=MANUAL) == Refusal.RATE_LIMITED


def test_one_capture_at_a_time_over_all_targets(scene: Scene) -> None:
    scene.admit()
    refused = scene.admission.refusal(scene.other, OVERRUN)
    assert refused is not None
    assert refused.reason == Refusal.BUSY
    assert str(refused) == "captures in progress: demo"
    scene.admission.done("demo")
    assert scene.refused(scene.other) == ""


def test_more_at_once_where_that_is_wanted_yet_one_a_target(tmp_path: Path) -> None:
    scene = Scene(tmp_path, at_once=2)
    scene.admit(kind=MANUAL)
    assert scene.refused(kind=MANUAL) == Refusal.BUSY
    scene.admit(scene.other)
    assert scene.admission.running == {"demo", "other"}
    scene.close()


def test_a_full_spool_refuses_but_keeps_a_slot_for_every_target(tmp_path: Path) -> None:
    put(tmp_path / "spool", 1)
    scene = Scene(tmp_path, max_reports=1)
    assert scene.refused() == Refusal.SPOOL_FULL
    assert scene.refused(scene.other) == ""
    scene.close()


def test_whoever_has_the_first_word_says_no(tmp_path: Path) -> None:
    """The reason that is told is the one that has to go first."""
    put(tmp_path / "spool", 1)
    scene = Scene(tmp_path, max_reports=1)
    (tmp_path / "disable").touch()
    held, scene.demo.held = scene.demo.held, None
    scene.demo.possible = Possible(False, Refusal.UNSUPPORTED)
    scene.admission.limits.spend("demo", OVERRUN, admission.now())
    scene.admission.running.add("demo")
    said = [scene.refused()]
    (tmp_path / "disable").unlink()
    said.append(scene.refused())
    scene.demo.held = held
    said.append(scene.refused())
    scene.demo.possible = Possible(True, "ok")
    said.append(scene.refused())
    said.append(scene.refused(kind=MANUAL))
    scene.admission.done("demo")
    said.append(scene.refused(kind=MANUAL))
    assert said == [
        Refusal.DISABLED,
        Refusal.NO_PROCESS,
        Refusal.UNSUPPORTED,
        Refusal.COOLDOWN,
        Refusal.BUSY,
        Refusal.SPOOL_FULL,
    ]
    scene.close()


def test_what_is_refused_spends_nothing(scene: Scene) -> None:
    scene.admission.running.add("other")
    with pytest.raises(RefusedError):
        scene.admit()
    assert scene.admission.limits.allowance("demo", limit_rules(scene.demo.config), 1000.0).captures_left == 3
    assert scene.admission.running == {"other"}


def test_what_was_spent_outlives_the_daemon_once_it_is_saved(scene: Scene, tmp_path: Path) -> None:
    scene.now_s = admission_clock_s()
    scene.admit()
    scene.admission.save()
    again = Admission(scene.config, scene.file, scene.spool)
    said = again.refusal(scene.demo, OVERRUN)
    assert said is not None
    assert said.reason == Refusal.COOLDOWN


def admission_clock_s() -> float:
    """The real boot clock: what is saved is read on it."""
    from daemon.limits.file import now

    return now().boot_s
