"""Units of systemd: what is made of its words, and how often it is asked."""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from daemon.config.load import parse
from daemon.config.selector import Selector
from daemon.config.settings import Target
from daemon.config.walker import convert
from daemon.targets import fleet, units
from daemon.targets.find import find
from daemon.targets.units import SystemdError, Unit, Units, absence, asked, parsed
from model.errors import Fault

ME = os.getpid()
RUNS = Unit(name="a.service", load="loaded", active="active", sub="running", main_pid=ME)
SHOWN = """\
LoadState=loaded
ActiveState=active
SubState=running
Result=success
Type=simple
MainPID=47

LoadState=not-found
ActiveState=inactive
SubState=dead
Result=success
Type=
MainPID=0
"""


class Systemd:
    """Answers, and counts the questions."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}
        self.broken = ""
        self.asked: list[Sequence[str]] = []

    def __call__(self, names: Sequence[str]) -> Mapping[str, Unit]:
        self.asked.append(names)
        if self.broken:
            raise SystemdError(self.broken, "mend it")
        return {name: self.units.get(name, Unit(name=name, load="not-found")) for name in names}


class Clock:
    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(units, "time", made)
    return made


def test_what_systemctl_prints_is_read() -> None:
    found = parsed(["a.service", "b.service"], SHOWN)
    assert found["a.service"].main_pid == 47
    assert found["b.service"].load == "not-found"


def test_another_answer_than_was_asked_for_is_an_error() -> None:
    with pytest.raises(SystemdError):
        parsed(["a.service"], SHOWN)


def test_all_units_are_asked_for_at_once_and_those_that_run_are_found(clock: Clock) -> None:
    systemd = Systemd()
    systemd.units = {"a.service": RUNS}
    selectors = {"one": Selector(systemd="a"), "two": Selector(systemd="b.service"), "me": Selector(pid=ME)}
    assert find(selectors, Units(systemd)) == {"one": ME, "me": ME}
    assert systemd.asked == [["a.service", "b.service"]]


def test_a_unit_that_stays_away_is_asked_for_more_seldom(clock: Clock) -> None:
    systemd = Systemd()
    asked = Units(systemd)
    for _ in range(120):
        asked.main_pids(["b.service"])
        clock.now_s += 1.0
    assert 12 < len(systemd.asked) < 18


def test_a_unit_whose_process_ended_is_asked_for_at_once(clock: Clock) -> None:
    systemd = Systemd()
    asked = Units(systemd)
    for _ in range(30):
        asked.main_pids(["a.service"])
        clock.now_s += 1.0
    clock.now_s += 10.0
    systemd.units = {"a.service": RUNS}
    assert asked.main_pids(["a.service"]) == {"a.service": ME}
    systemd.units = {}
    assert asked.main_pids(["a.service"]) == {}
    clock.now_s += 1.0
    systemd.units = {"a.service": RUNS}
    assert asked.main_pids(["a.service"]) == {"a.service": ME}


def test_a_process_that_cannot_be_seen_is_none(clock: Clock) -> None:
    systemd = Systemd()
    systemd.units = {"a.service": Unit(name="a.service", load="loaded", active="active", main_pid=2**22 + 1)}
    asked = Units(systemd)
    assert asked.main_pids(["a.service"]) == {}
    assert "cannot be seen from here" in asked.absence("a.service").detail


def test_that_systemd_cannot_be_asked_is_told(clock: Clock) -> None:
    systemd = Systemd()
    systemd.broken = "there is no program systemctl"
    asked = Units(systemd)
    assert asked.main_pids(["a.service"]) == {}
    assert asked.absence("a.service").detail == "there is no program systemctl"
    assert asked.absence("a.service").reason == "no_process"


def test_without_systemctl_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(units._ENVIRONMENT, "PATH", "/nowhere")
    with pytest.raises(SystemdError, match="there is no program systemctl"):
        units.asked(["a.service"])


@pytest.mark.parametrize(
    ("unit", "words", "remedy"),
    [
        ({"load": "not-found"}, "there is no unit a.service", "list-units"),
        ({"load": "masked"}, "is masked", "unmask a.service"),
        ({"load": "bad-setting"}, "cannot be loaded (bad-setting)", "status"),
        ({"load": "loaded", "active": "failed", "result": "oom-kill"}, "has failed (oom-kill)", "journalctl"),
        ({"load": "loaded", "active": "inactive", "sub": "dead"}, "is inactive", "start a.service"),
        (
            {"load": "loaded", "active": "activating", "sub": "auto-restart", "result": "signal"},
            "ended (signal) and waits for its restart",
            "journalctl",
        ),
        (
            {"load": "loaded", "active": "activating", "sub": "start-pre"},
            "is activating (start-pre)",
            "journalctl",
        ),
        (
            {"load": "loaded", "active": "active", "sub": "running", "kind": "forking"},
            "active without a main process: none known",
            "PIDFile=",
        ),
        ({"load": "loaded", "active": "active", "sub": "exited"}, "RemainAfterExit", "`match`"),
    ],
)
def test_each_state_has_its_words_and_a_remedy(unit: dict[str, str], words: str, remedy: str) -> None:
    why = absence(Unit(name="a.service", **unit))
    assert not why.possible
    assert words in why.detail
    assert remedy in why.remedy


@pytest.mark.parametrize("name", ["a", "worker@1", "a.b", "a:b_c-d\\x2d", "worker@1.service", "x.service"])
def test_the_name_of_a_service_may_be_short(name: str) -> None:
    selector = Selector(systemd=name)
    assert list(selector.check()) == []
    assert selector.unit == (name if name.endswith(".service") else f"{name}.service")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("worker@", "a template: name an instance"),
        ("worker@.service", "a template: name an instance"),
        ("a.timer", "only a service has a main process"),
        ("system.slice", "only a service has a main process"),
        ("-a", "the name of one unit"),
        ("a*", "the name of one unit"),
        ("/dev/sda", "the name of one unit"),
        ("a b", "the name of one unit"),
        ("a\n", "the name of one unit"),
    ],
)
def test_what_is_no_service_is_refused(name: str, rule: str) -> None:
    faults: list[Fault] = []
    raw = {"name": "x", "process": {"systemd": name}, "max_loop_time": "1s"}
    convert(raw, Target, "targets[0]", faults)
    (fault,) = map(str, faults)
    assert fault.startswith("targets[0].process.systemd: ")
    assert rule in fault


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("printf '\\377\\376garbage\\n\\nmore'", "answered otherwise"),
        ("echo 'no such bus' >&2; exit 1", "cannot be asked: no such bus"),
        ("exec /bin/sleep 60", "did not answer within"),
    ],
)
def test_a_systemctl_that_misbehaves_is_told(
    script: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _systemctl(tmp_path, monkeypatch, script).chmod(0o755)
    monkeypatch.setattr(units, "PATIENCE_S", 0.2 if "sleep" in script else 30.0)
    known = Units()
    assert known.main_pids(["a.service"]) == {}
    assert words in known.absence("a.service").detail


def test_a_systemctl_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _systemctl(tmp_path, monkeypatch, "").chmod(0o644)
    with pytest.raises(SystemdError, match="systemctl cannot be run: Permission denied"):
        asked(["a.service"])


def test_the_callers_path_names_no_systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "systemctl"
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    Units().main_pids(["a.service"])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("pid", ["9" * 5000, "\u0664\u0667", "-1", "x", ""])
def test_a_number_that_is_none_names_no_process(pid: str) -> None:
    assert parsed(["a.service"], f"LoadState=loaded\nMainPID={pid}\n")["a.service"].main_pid == 0


def _systemctl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    monkeypatch.setattr(units, "_ENVIRONMENT", {"PATH": str(folder)})
    return program


async def test_a_systemd_that_hangs_holds_up_no_look_and_is_heard_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()

    def systemd(names: Sequence[str]) -> Mapping[str, Unit]:
        answers.wait(30)
        return {"a.service": RUNS}

    monkeypatch.setattr(units, "asked", systemd)
    monkeypatch.setattr(fleet, "FINDING_PATIENCE_S", 0.01)
    (config,) = parse("targets: [{name: a, process: {systemd: a}, max_loop_time: 2m}]", "a test").targets
    watched = fleet.Fleet([config], lambda _target: None)
    await watched.look()
    await watched.look()
    assert watched["a"].pid is None
    answers.set()
    monkeypatch.setattr(fleet, "FINDING_PATIENCE_S", 30.0)
    await watched.look()
    assert watched["a"].pid == ME
    watched["a"].let_go()
