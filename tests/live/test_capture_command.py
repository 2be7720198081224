"""`loopcam capture`: now, once, without a daemon."""

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.capture import Outcome, WindowEnd
from tests.live.captures import assert_private, recorder
from tests.reports import assert_valid_report, finished_report
from tests.targets import PATIENCE_S, Program, Targets, wait_until

LOOPCAM = [sys.executable, "-m", "daemon", "capture"]


def capture(*arguments: object) -> "subprocess.CompletedProcess[bytes]":
    command = [*LOOPCAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE_S)


@contextmanager
def capturing(target: Program, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A capture of an hour that has been recording for a while; ended with the block."""
    command = [*LOOPCAM, "--pid", str(target.pid), "--for", "1h", "--out", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, process_group=0) as process:
        try:
            wait_until(lambda: recorder(process.pid) or process.poll() is not None, "it records")
            assert process.poll() is None
            time.sleep(0.5)  # of samples
            yield process
        finally:
            process.kill()


def only_report(folder: Path) -> Path:
    (file,) = folder.rglob("manifest.json")
    return file.parent


def test_a_report_is_left_in_the_folder(targets: Targets, tmp_path: Path) -> None:
    target = targets.start("stalled.py", 3)
    done = capture("--pid", target.pid, "--for", "1s", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert b"capturing process" in done.stderr
    assert b"the_culprit" in done.stderr
    report = only_report(tmp_path / "out")
    assert str(report).encode() in done.stderr
    manifest = assert_valid_report(report)
    assert_private(report)
    assert manifest.capture.outcome is Outcome.COMPLETE
    assert manifest.capture.trigger.kind == "manual"
    assert manifest.top_stacks[0].function == "the_culprit"


def test_a_tar_comes_on_standard_output(targets: Targets, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    done = capture("--pid", target.pid, "--for", "500ms", "--out", "-", "--target", "scaler")
    assert done.returncode == 0, done.stderr
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tmp_path, filter="data")
    report = only_report(tmp_path)
    assert "-scaler-" in report.name
    assert assert_valid_report(report).rendering.rendered


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_taken(targets: Targets, tmp_path: Path, number: signal.Signals) -> None:
    target = targets.start("stalled.py")
    with capturing(target, tmp_path / "out") as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    manifest = assert_valid_report(only_report(tmp_path / "out"))
    assert manifest.capture.outcome is Outcome.PARTIAL
    assert manifest.capture.window.end is WindowEnd.SHUTDOWN
    assert manifest.top_stacks[0].function == "the_culprit"


def test_ctrl_c_on_a_terminal_does_not_reach_py_spy_first(targets: Targets, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    with capturing(target, tmp_path / "out") as process:
        os.killpg(process.pid, signal.SIGINT)  # all of its group, as a terminal does
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert assert_valid_report(only_report(tmp_path / "out")).top_stacks[0].function == "the_culprit"


def test_a_target_that_exits_leaves_a_report(targets: Targets, tmp_path: Path) -> None:
    target = targets.start("stalled.py")
    with capturing(target, tmp_path / "out") as process:
        target.tell("exit")
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    assert b"target_exited" in said
    manifest = assert_valid_report(only_report(tmp_path / "out"))
    assert manifest.capture.outcome is Outcome.TARGET_EXITED


def test_a_pid_that_does_not_exist_is_refused_with_a_remedy(targets: Targets, tmp_path: Path) -> None:
    target = targets.start("idle.py")
    target.kill()
    done = capture("--pid", target.pid, "--for", "1h", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert f"process {target.pid}: No such process".encode() in done.stderr
    assert b"give the pid of a running process" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_process_that_is_not_python_is_refused_with_a_remedy(targets: Targets, tmp_path: Path) -> None:
    target = targets.run("/bin/sh", "-c", "echo ready; read line")
    done = capture("--pid", target.pid, "--for", "1h", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert b"not a Python process" in done.stderr
    assert b"choose the Python process itself" in done.stderr
    assert f"see `loopcam doctor --pid {target.pid}`".encode() in done.stderr
    for line in done.stderr.splitlines():
        assert b"cannot be used" not in line or b"why=" in line
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("pid", ["0", "-1", "4194305", "99999999999999999999"])
def test_a_number_that_is_no_pid_is_refused(tmp_path: Path, pid: str) -> None:
    done = capture(f"--pid={pid}", "--for", "1s", "--out", tmp_path / "out")
    assert done.returncode in (1, 64)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ["--for", "30"],
        ["--for", "-1s"],
        ["--for", "0s"],
        ["--target", "../../etc"],
        ["--target", "a/b"],
        ["--target", ""],
        ["--rate", "0"],
        ["--rate", "-5"],
        ["--rate", "100000"],
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_named(targets: Targets, tmp_path: Path, wrong: list[str]) -> None:
    target = targets.start("idle.py")
    option, value = wrong
    done = capture("--pid", target.pid, "--for", "200ms", "--out", tmp_path / "out", f"{option}={value}")
    assert done.returncode == 64, done.stderr
    assert option.encode() in done.stderr
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_reports_that_are_there_already_stay(targets: Targets, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(102):
        report_id = f"20250101T{number:06d}Z-target-aaaaaa"
        made = finished_report(tmp_path, target="target", report_id=report_id)
        place = out / made.manifest.path
        place.parent.mkdir(parents=True, exist_ok=True)
        made.directory.rename(place)
    done = capture("--pid", targets.start("stalled.py").pid, "--for", "1s", "--out", out)
    assert done.returncode == 0, done.stderr
    assert len([*out.rglob("manifest.json")]) == 103
