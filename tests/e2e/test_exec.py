"""`loopcam exec` around real commands."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.daemon import PATIENCE_S, until
from tests.prerequisites import require
from tests.reports import assert_valid_report

SENDER = str(Path(__file__).parents[1] / "programs" / "sender.py")
CLIENT = Path(__file__).parents[2] / "deploy" / "clients" / "loopcam.sh"
LOOP = (sys.executable, SENDER)
TIMES = ("--max-loop-time", "500ms", "--collection-time", "1s")


@contextmanager
def started(folder: Path, *arguments: str, **options: object) -> Iterator["subprocess.Popen[str]"]:
    """`loopcam exec` in a session of its own, which is ended with all that is in it."""
    child = subprocess.Popen(
        [sys.executable, "-m", "daemon", "exec", "--out", str(folder / "out"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )
    try:
        yield child
    finally:
        for pid in members(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.communicate()


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(name))
    return found


def executed(folder: Path, *arguments: str, stdin: str = "", **options: object) -> tuple[int, str, str]:
    """The exit code, and what was said on both streams."""
    with started(folder, *arguments, **options) as child:
        out, error = child.communicate(stdin, timeout=2 * PATIENCE_S)
        assert "Traceback" not in error, error
        return child.returncode, out, error


def reports(folder: Path) -> list[Path]:
    """Where the reports are."""
    return [file.parent for file in (folder / "out").glob("target/*/*/*/*/manifest.json")]


def test_an_overrun_of_a_command_is_captured_and_breaks_the_check(tmp_path: Path) -> None:
    require("ptrace")
    junit = tmp_path / "new" / "junit.xml"
    checks = ("--fail-on-overrun", "--sla", "max=1s", "--sla", "max=1h", "--junit", str(junit))
    code, _, error = executed(tmp_path, *TIMES, *checks, "--", *LOOP, "0.01", "3", "0.01")
    assert code == 3
    (report,) = reports(tmp_path)
    manifest = assert_valid_report(report)
    assert manifest.top_stacks[0].function == "the_culprit"
    assert manifest.capture.trigger.iteration == "1"
    assert "3 iterations, p50 " in error
    assert f"report of iteration 1: {report}" in error
    failures = ElementTree.parse(junit).findall(".//failure")
    assert [failure.get("type") for failure in failures] == ["overrun", "sla"]
    for failure in failures:
        assert str(report) in (failure.text or "")
        assert "iteration 1 took " in (failure.text or "")


def test_a_command_that_keeps_its_times_passes(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    checks = ("--max-loop-time", "1h", "--fail-on-overrun", "--sla", "p99=1h", "--junit", str(junit))
    code, _, error = executed(tmp_path, *checks, "--", *LOOP, "0.01", "0.01")
    assert code == 0
    assert "2 iterations" in error
    assert ElementTree.parse(junit).getroot().get("failures") == "0"
    assert reports(tmp_path) == []


def test_the_exit_code_of_the_command_comes_before_the_check(tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    code, _, error = executed(
        tmp_path, *TIMES, "--sla", "max=1ms", "--junit", str(junit), "--", *LOOP, "0.05", "--exit", "7"
    )
    assert code == 7
    assert "broken: max within 1ms" in error
    types = [failure.get("type") for failure in ElementTree.parse(junit).findall(".//failure")]
    assert types == ["exit", "sla"]


def test_a_check_of_a_command_that_says_nothing_is_broken_and_tells_the_remedy(tmp_path: Path) -> None:
    code, _, error = executed(tmp_path, *TIMES, "--sla", "p99=1h", "--", "true")
    assert code == 3
    assert "no iteration was seen" in error
    assert "LOOPCAM_SOCKET" in error
    assert executed(tmp_path, *TIMES, "--", "true")[0] == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["no-such-command"], 127),
        (["./no/such/file"], 127),
        (["/etc/passwd"], 126),
        (["sh", "-c", "exit 5"], 5),
        (["sh", "-c", "kill -KILL $$"], 128 + signal.SIGKILL),
    ],
    ids=str,
)
def test_exit_codes_are_those_of_a_shell(command: list[str], code: int, tmp_path: Path) -> None:
    ended, _, error = executed(tmp_path, *TIMES, "--", *command)
    assert ended == code
    if code in (126, 127):
        assert error.startswith(f"loopcam: {command[0]}: ")
        assert not (tmp_path / "out").exists()


def test_the_command_has_our_streams_umask_descriptors_and_arguments(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        script = f'cat; umask; echo "$@"; echo err >&2; echo through >/proc/self/fd/{writing}'
        code, out, error = executed(
            tmp_path,
            *TIMES,
            "--",
            *("sh", "-c", script, "sh", "--max-loop-time", "--", "-x"),
            stdin="in\n",
            pass_fds=[writing],
            umask=0o027,
        )
        assert (code, out) == (0, "in\n0027\n--max-loop-time -- -x\n")
        assert error.startswith("err\n")
        assert os.read(reading, 100) == b"through\n"
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda one: one.name)
def test_a_signal_is_passed_on_and_loopcam_waits(number: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path, *TIMES, "--", *LOOP, "0.01", "--wait") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        _, error = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 40 + number
        assert "1 iteration, " in error


def test_the_command_outlives_loopcam(tmp_path: Path) -> None:
    with started(tmp_path, *TIMES, "--", *LOOP, "0.01", "--wait") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.kill()
        child.wait()
        (command,) = until(lambda: members(child.pid), "it lives")
        os.kill(command, signal.SIGTERM)
        until(lambda: not members(child.pid), "it ended by the signal it was sent")


def test_one_that_a_wrapper_starts_is_found_by_its_heartbeats(tmp_path: Path) -> None:
    require("ptrace")
    command = ("sh", "-c", f"{sys.executable} {SENDER} 3; exit 4")
    code, _, _ = executed(tmp_path, *TIMES, "--peer", "--", *command)
    assert code == 4
    (report,) = reports(tmp_path)
    assert assert_valid_report(report).top_stacks[0].function == "the_culprit"


@pytest.mark.parametrize("wrapper", [("timeout", "60"), ("env", "nice", "-n", "1", "timeout", "60")], ids=str)
def test_a_plain_wrapper_is_looked_through(wrapper: tuple[str, ...], tmp_path: Path) -> None:
    require("ptrace")
    code, _, error = executed(tmp_path, *TIMES, "--", *wrapper, *LOOP, "0.01", "3", "--exit", "4")
    assert code == 4
    assert "2 iterations, " in error
    (report,) = reports(tmp_path)
    assert assert_valid_report(report).top_stacks[0].function == "the_culprit"


def test_what_cannot_be_captured_is_told_what_helps_a_command(tmp_path: Path) -> None:
    tell = f"{sys.executable} {SENDER} 4; exit 0"
    _, _, error = executed(tmp_path, *TIMES, "--", "sh", "-c", tell)
    assert "give --peer, or write `exec` before the Python command" in error
    script = f". {CLIENT}; loopcam_start; sleep 4; loopcam_end"
    _, _, error = executed(tmp_path, *TIMES, "--", "sh", "-c", script)
    assert "this is no Python program, so overruns are counted, not captured" in error
    assert "in `process`" not in error


def test_an_overrun_that_cannot_be_captured_is_refused_once(tmp_path: Path) -> None:
    require("perl")
    script = f". {CLIENT}; loopcam_start; sleep 3; loopcam_end"
    code, _, error = executed(tmp_path, *TIMES, "--", "sh", "-c", script)
    assert code == 0
    assert "1 iteration, " in error
    assert "captures refused: 1 unsupported" in error


def test_a_capture_in_progress_is_kept_when_the_command_ends(tmp_path: Path) -> None:
    require("ptrace")
    times = ("--max-loop-time", "300ms", "--collection-time", "1m", "--cooldown", "1m")
    code, _, error = executed(tmp_path, *times, "--", *LOOP, "3")
    assert code == 0
    (report,) = reports(tmp_path)
    assert assert_valid_report(report).capture.window.end in ("target_exited", "iteration_ended")
    assert str(report) in error


def test_a_second_run_is_not_held_to_the_cooldown_of_the_first(tmp_path: Path) -> None:
    require("ptrace")
    for count in (1, 2):
        assert executed(tmp_path, *TIMES, "--", *LOOP, "2")[0] == 0
        assert len(reports(tmp_path)) == count


def test_nothing_of_the_private_folder_stays(tmp_path: Path) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    assert executed(tmp_path, *TIMES, "--", *LOOP, "0.01", env=environ)[0] == 0
    assert list((tmp_path / "tmp").iterdir()) == []


def test_every_iteration_of_a_fast_loop_is_heard(tmp_path: Path) -> None:
    code, _, error = executed(tmp_path, "--max-loop-time", "1h", "--", *LOOP, *["0"] * 3000)
    assert code == 0
    assert "3000 iterations, " in error


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_shell_is_heard_to_its_last_word(shell: str, tmp_path: Path) -> None:
    require("perl", shell)
    script = f". {CLIENT}; for n in 1 2 3 4 5 6 7; do loopcam_start; loopcam_end; done"
    code, _, error = executed(tmp_path, "--max-loop-time", "1h", "--", shell, "-c", script)
    assert code == 0
    assert "7 iterations, " in error


def test_ctrl_c_in_a_terminal_reaches_the_command_and_loopcam_waits_for_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "daemon", "exec", "--out", str(tmp_path / "out"), *TIMES]
    child = subprocess.Popen(
        [*argv, "--", *LOOP, "0.01", "--wait"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        os.write(ours, b"\x03")
        _, error = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 40 + signal.SIGINT
        assert "1 iteration, " in error
    finally:
        for pid in members(child.pid):
            os.kill(pid, signal.SIGKILL)
        child.communicate()
        os.close(ours)
        os.close(theirs)


def test_heartbeats_that_were_refused_are_told_with_the_reason(tmp_path: Path) -> None:
    send = (
        "import os, socket\n"
        "one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "for kind in ('start', 'end'):\n"
        "    said = kind + ' ' + os.environ['LOOPCAM_TARGET'] + ' \\x01'\n"
        "    one.sendto(said.encode(), os.environ['LOOPCAM_SOCKET'])\n"
    )
    code, _, error = executed(tmp_path, *TIMES, "--fail-on-overrun", "--", sys.executable, "-c", send)
    assert code == 3
    assert "2 heartbeats were refused, and no other came" in error
    assert "2 malformed" in error
