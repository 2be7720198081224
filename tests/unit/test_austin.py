"""What we say to austin, and what its ends mean: texts and codes as 3.7.0 and 4.0.0 gave them."""

import os
from pathlib import Path

import pytest

from collectors import austin_program
from collectors.austin import Austin
from collectors.austin_program import Program, Unusable, probe
from collectors.contract import Cost, Exit
from model.capture import Outcome
from model.errors import CollectorError

BANNER = "\x1b[1m              _   _      \x1b[0m \n"
BANNER += "\x1b[1m\\__,_|\\_,_/__/\\__|_|_||_|\x1b[0m \x1b[36;1m3.7.0\x1b[0m [gcc 9.4.0]\n\n"
PYTHON = "🐍 \x1b[1mPython\x1b[0m version: \x1b[33;1m{}\x1b[0m\n"
BEGAN = BANNER + PYTHON.format("3.11.7") + "🕑 Sampling for 7 seconds\n"
LONG = "🐢 Long sampling rate : \x1b[1m{}\x1b[0m (\x1b[1m9 %\x1b[0m) samples took longer\n"
RATE_3 = LONG.format("0/705") + "💀 Error rate : \x1b[1m{}\x1b[0m (\x1b[1m0.00 %\x1b[0m) invalid samples\n"
RATE_4 = "      Error rate\x1b[0;30m . . . . . . . . \x1b[0m\x1b[1m{}\x1b[0m (\x1b[1m0.00%\x1b[0m)\n"
NO_PROCESS = BANNER + "🛑 Cannot attach to the given process. Make sure that the PID you have provided\n"


def fake(folder: Path, script: str) -> str:
    """A program that stands where austin would."""
    path = folder / "austin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def probed(folder: Path, script: str) -> Program | Unusable:
    path = fake(folder, script)
    return probe(path, Path(path).stat().st_mtime_ns)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder where the austin of this test belongs; there is no other."""
    monkeypatch.setattr(austin_program.sysconfig, "get_path", lambda _name: str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "binary"), [("3.7.0", True), ("3.7.12", True), ("4.0.0", False), ("4.12.3", False)]
)
def test_only_3_7_is_asked_for_the_binary_format(installed: Path, version: str, binary: bool) -> None:
    path = fake(installed, f"echo austin {version}")
    sampler = Austin()
    assert sampler.version() == version
    command = sampler.record(17, 40, 4.2, Path("/x/a.mojo"))
    assert command.argv[0] == path
    assert ("--binary" in command.argv) is binary
    assert " ".join(command.argv).endswith(
        "--timeout 2s --interval 25000us --exposure 7 --output /x/a.mojo --pid 17"
    )
    assert command.deadline_s > 7
    assert command.ready_within_s < command.deadline_s


def test_the_program_is_asked_once_and_again_after_an_upgrade(installed: Path, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    path = fake(installed, f"echo again >> {asked}; echo austin 3.7.0")
    assert [Austin().version() for _ in range(3)] == ["3.7.0"] * 3
    assert asked.read_text() == "again\n"
    fake(installed, "echo austin 4.0.0")
    os.utime(path, ns=(1, 1))
    assert Austin().version() == "4.0.0"


def test_without_austin_there_is_nothing_to_complain_about(installed: Path) -> None:
    with pytest.raises(CollectorError, match="austin is not installed") as caught:
        Austin().version()
    assert caught.value.outcome == Outcome.NOTHING
    assert "loopcam[austin]" in caught.value.remedy


def test_an_older_glibc_is_named_with_the_austin_that_runs_on_it(installed: Path) -> None:
    fake(
        installed,
        'echo "austin: /lib/libc.so.6: version \\`GLIBC_2.38\' not found (required by austin)" >&2; exit 1',
    )
    with pytest.raises(CollectorError, match=r"it needs glibc 2\.38 or newer") as caught:
        Austin().version()
    assert caught.value.outcome == Outcome.UNSUPPORTED
    assert "austin-dist<4" in caught.value.remedy


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo austin 3.6.1", "austin 3.6 is not known here"),
        ("echo austin 5.0.0", "austin 5.0 is not known here"),
        ("echo another program 3.7.0", "another program"),
        ("echo austin 3.7.0; exit 3", "exit 3"),
        ("kill -SEGV $$", "exit -11"),
    ],
)
def test_what_is_no_austin_that_we_know_is_not_used(tmp_path: Path, script: str, why: str) -> None:
    found = probed(tmp_path, script)
    assert isinstance(found, Unusable)
    assert why in found.why
    assert str(tmp_path) in found.remedy


def test_a_program_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(austin_program, "PROBE_DEADLINE_S", 0.2)
    found = probed(tmp_path, "exec sleep 600")
    assert isinstance(found, Unusable)
    assert "within 0.2 s" in found.why


def test_what_is_no_program_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "austin").write_text("no program")
    found = probe(str(tmp_path / "austin"), 1)
    assert isinstance(found, Unusable)
    assert found.why == "austin does not start: Permission denied"


@pytest.mark.parametrize(
    ("code", "output", "outcome", "taken"),
    [
        (254, BEGAN + RATE_3.format("0/705"), Outcome.COMPLETE, 705),
        (254, BEGAN + RATE_4.format("5/985"), Outcome.COMPLETE, 980),
        (254, BEGAN + RATE_4.format("0/0"), Outcome.NOTHING, 0),
        (254, BANNER, Outcome.ENDED_BEFORE_ATTACH, None),
        (0, BEGAN + RATE_3.format("0/705"), Outcome.TARGET_EXITED, 705),
        (0, BEGAN + RATE_4.format("0/9"), Outcome.TARGET_EXITED, 9),
        (0, BEGAN, Outcome.TARGET_EXITED, None),
        (0, BANNER + PYTHON.format("3.11.7"), Outcome.COMPLETE, None),  # a look
        (0, BANNER + PYTHON.format("3.7.0"), Outcome.UNSUPPORTED, None),  # whose stacks it cannot read
        (254, BEGAN + RATE_3.format("99/99"), Outcome.UNSUPPORTED, 0),
        (1, NO_PROCESS, Outcome.TARGET_EXITED, None),
        (36, NO_PROCESS, Outcome.TARGET_EXITED, None),
        (2, BANNER, Outcome.NOT_PERMITTED, None),
        (37, BANNER, Outcome.NOT_PERMITTED, None),
        (10, BANNER, Outcome.UNSUPPORTED, None),
        (32, BANNER, Outcome.UNSUPPORTED, None),
        (5, "", Outcome.FAILED, None),
        (255, "Unable to create the given output file\n", Outcome.FAILED, None),
        (64, "invalid option", Outcome.FAILED, None),
        (241, BEGAN, Outcome.FAILED, None),
        (99, BANNER + "something new", Outcome.FAILED, None),
        (-2, "", Outcome.ENDED_BEFORE_ATTACH, None),
        (-9, BEGAN, Outcome.FAILED, None),
        (-11, BANNER, Outcome.FAILED, None),
        (-9, BANNER + PYTHON.format("3.6.15"), Outcome.UNSUPPORTED, None),  # in which it searched for ever
    ],
)
def test_ends_are_told_apart(code: int, output: str, outcome: Outcome, taken: int | None) -> None:
    judged = Austin().judge(Exit(code=code, output=output))
    assert (judged.outcome, judged.taken) == (outcome, taken)
    assert bool(judged.detail) is (outcome is not Outcome.COMPLETE)
    if outcome in (Outcome.UNSUPPORTED, Outcome.NOT_PERMITTED):
        assert judged.remedy


@pytest.mark.parametrize(
    ("rate", "outcome", "passing"),
    [
        ("4/4", Outcome.FAILED, True),
        ("5/5", Outcome.UNSUPPORTED, False),
    ],
)
def test_a_few_stacks_that_changed_while_they_were_read_tell_nothing_of_the_python(
    rate: str, outcome: Outcome, passing: bool
) -> None:
    judged = Austin().judge(Exit(code=254, output=BEGAN + RATE_3.format(rate)))
    assert (judged.outcome, judged.passing, judged.taken) == (outcome, passing, 0)


def test_what_is_new_is_quoted() -> None:
    judged = Austin().judge(Exit(code=99, output=f"{BANNER}💥 Something new\nand more"))
    assert judged.detail == "austin: exit 99: 💥 Something new"


@pytest.mark.parametrize(("late", "behind"), [("0/705", False), ("70/705", False), ("71/705", True)])
def test_falling_behind_is_what_every_tenth_sample_shows(late: str, behind: bool) -> None:
    output = BEGAN + LONG.format(late) + "💀 Error rate : \x1b[1m2/705\x1b[0m invalid samples\n"
    judged = Austin().judge(Exit(code=254, output=output))
    assert (judged.behind, judged.missed, judged.taken) == (behind, 2, 703)


def test_it_is_ready_when_it_names_the_python() -> None:
    assert not Austin().ready(BANNER.encode())
    assert Austin().ready(BEGAN.encode())
    assert Austin().ready(BEGAN.encode()[: BEGAN.encode().index(b"7 seconds")])
    assert Austin().zero_s(1.0, 1.5) == 1.5


def test_4_costs_far_less_than_3_7(installed: Path) -> None:
    cost = Cost(threads=202, frames=11_500)
    path = fake(installed, "echo austin 3.7.0")
    assert Austin().sample_s(cost) == pytest.approx(0.035, rel=0.2)
    fake(installed, "echo austin 4.0.0")
    os.utime(path, ns=(2, 2))
    assert Austin().sample_s(cost) < 0.2 * 0.035
    assert not Austin().pauses_target()
