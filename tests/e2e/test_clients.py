import itertools
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.beats import sockets
from tests.daemon import Daemon, daemon, looping, target, until
from tests.prerequisites import require

CLIENTS = Path(__file__).parents[2] / "deploy" / "clients"
SENDERS = ["perl", "python3", "socat", "curl"]
SHELL = """
. "$1"
set -eu
echo ready
while read -r words; do
    loopcam_$words
    echo told
done
"""
GO = """
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"example.com/loop/loopcam"
)

func main() {
	cam := loopcam.New("", "")
	tell := map[string]func(string){"start": cam.Start, "end": cam.End, "beat": cam.Beat, "idle": cam.Idle}
	tell["hurry"] = func(many string) {
		for left, _ := strconv.Atoi(many); left > 0; left-- {
			cam.Start("")
			cam.End("")
		}
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); fmt.Println("told") {
		event, iteration, _ := strings.Cut(lines.Text(), " ")
		tell[event](iteration)
	}
}
"""


class Loop:
    """A program that tells what it is told to tell."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.pid = process.pid
        self._process = process
        assert self._line() == "ready"

    def say(self, words: str) -> None:
        """It says so, and goes on."""
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        assert self._line() == "told"

    def _line(self) -> str:
        assert self._process.stdout is not None
        late = threading.Timer(60, self._process.kill)
        late.start()
        try:
            return self._process.stdout.readline().strip()
        finally:
            late.cancel()


@contextmanager
def running(argv: list[str], env: Mapping[str, str]) -> Iterator[Loop]:
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, env={**os.environ, **env}) as process:
        try:
            yield Loop(process)
        finally:
            process.kill()


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program around the Go client, by the real toolchain."""
    require("go")
    folder = tmp_path_factory.mktemp("go")
    (folder / "loopcam").mkdir()
    shutil.copy(CLIENTS / "loopcam.go", folder / "loopcam")
    (folder / "go.mod").write_text("module example.com/loop\n\ngo 1.19\n")
    (folder / "main.go").write_text(GO)
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    for command in (["vet", "./..."], ["build", "-o", "program", "."]):
        done = subprocess.run(
            ["go", *command], cwd=folder, env=env, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
    return folder / "program"


@pytest.fixture(params=["python", "go", "shell"])
def client(request: pytest.FixtureRequest) -> list[str]:
    """The command of a program around each client."""
    if request.param == "go":
        return [str(request.getfixturevalue("go_program"))]
    if request.param == "shell":
        require("perl")
        return ["sh", "-c", SHELL, "sh", str(CLIENTS / "loopcam.sh")]
    return [sys.executable, str(Path(__file__).parents[1] / "programs" / "beating.py")]


def environment(folder: Path) -> dict[str, str]:
    return {"LOOPCAM_SOCKET": str(folder / "beat.sock"), "LOOPCAM_TARGET": "one"}


def patient(pid: int, **options: object) -> dict[str, object]:
    return target("one", pid, max_loop_time="1h", **options)


def ran(cam: Daemon) -> int:
    count: int = cam.target("one")["iterations"]
    return count


def test_each_client_is_heard_also_by_a_daemon_that_started_again(tmp_path: Path, client: list[str]) -> None:
    with (
        running(client, environment(tmp_path)) as loop,
        daemon(tmp_path, patient(loop.pid), unix=sockets(tmp_path)) as cam,
    ):
        cam.finds("one")
        loop.say("start 1")
        until(lambda: cam.target("one")["in_flight"], "its start")
        loop.say("end 1")
        until(lambda: ran(cam) == 1, "its end")
        cam.kill()
        loop.say("start 2")  # nobody listens
        cam.start()
        cam.finds("one")

        numbers = itertools.count(3)

        def heard_again() -> bool:
            loop.say(f"start {next(numbers)}")
            return bool(cam.target("one")["in_flight"])

        until(heard_again, "it is heard again")


def test_each_client_does_without_anybody_who_listens(tmp_path: Path, client: list[str]) -> None:
    for env in (environment(tmp_path), {"LOOPCAM_SOCKET": "", "LOOPCAM_TARGET": ""}):
        with running(client, env) as loop:
            for _ in range(100):
                loop.say("start")
                loop.say("end")


def test_without_a_name_the_only_target_is_meant(tmp_path: Path, client: list[str]) -> None:
    env = {**environment(tmp_path), "LOOPCAM_TARGET": ""}
    with (
        running(client, env) as loop,
        daemon(tmp_path, patient(loop.pid), unix=sockets(tmp_path)) as cam,
    ):
        cam.finds("one")
        loop.say("start 17")
        until(lambda: cam.target("one")["in_flight"], "its start")
        assert cam.target("one")["in_flight"]["iteration"] == "17"


@contextmanager
def beside_a_clock(folder: Path, client: list[str]) -> Iterator[tuple[Loop, Daemon]]:
    """A loop that rests in the end, until another that is as patient has overrun since: it has not."""
    with running(client, environment(folder)) as loop, looping() as clock:
        both = [target(*of, max_loop_time="2s") for of in (("one", loop.pid), ("clock", clock.pid))]
        with daemon(folder, *both, unix=sockets(folder)) as cam:
            cam.finds("one")
            cam.finds("clock")
            yield loop, cam
            cam.beat("start", "clock")
            until(lambda: cam.metric("loopcam_overruns_total", target="clock"), "time has passed")
            assert cam.metric("loopcam_overruns_total", target="one") == 0
            assert not cam.target("one")["in_flight"]
            assert ran(cam)


@pytest.mark.parametrize("client", ["python", "go"], indirect=True)
def test_a_loop_that_rests_after_a_flood_has_not_overrun(tmp_path: Path, client: list[str]) -> None:
    with beside_a_clock(tmp_path, client) as (loop, _):
        loop.say("hurry 400")


def test_a_loop_that_rests_while_the_daemon_is_stopped_has_not_overrun(
    tmp_path: Path, client: list[str]
) -> None:
    with beside_a_clock(tmp_path, client) as (loop, cam), cam.paused(1.0):
        for number in range(100):
            loop.say(f"start {number}")
            loop.say(f"end {number}")


def only(folder: Path, sender: str) -> dict[str, str]:
    """The environment of a shell that has one tool to send with."""
    require(sender)
    tools = folder / "tools"
    tools.mkdir()
    for name in ("sh", "mktemp", "mkfifo", "sleep", "rm", "timeout", sender):
        there = sys.executable if name == "python3" else str(shutil.which(name))
        (tools / name).symlink_to(os.path.realpath(there) if name == "python3" else there)
    return {
        "PATH": str(tools),
        "LOOPCAM_SOCKET": str(folder / "beat.sock"),
        "LOOPCAM_HTTP_SOCKET": str(folder / "http.sock"),
        "LOOPCAM_TARGET": "one",
        "TMPDIR": str(folder),
    }


@pytest.mark.parametrize("sender", SENDERS)
def test_the_shell_uses_what_is_there(tmp_path: Path, sender: str) -> None:
    argv = [str(shutil.which("sh")), "-c", SHELL, "sh", str(CLIENTS / "loopcam.sh")]
    env = only(tmp_path, sender)
    with looping() as child, daemon(tmp_path, patient(child.pid), unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        with running(argv, env) as loop:
            loop.say("start a/b&c")
            until(lambda: cam.target("one")["in_flight"], "its start")
            assert cam.target("one")["in_flight"]["iteration"] == "a/b&c"
            loop.say("end")
            until(lambda: ran(cam) == 1, "its end, by the name of its start")


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_a_shell_tells_all_iterations_in_order_also_the_last_one(
    tmp_path: Path, shell: str, sender: str
) -> None:
    require(shell)
    env = only(tmp_path, sender)
    with looping() as child, daemon(tmp_path, patient(child.pid), unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        done = hurrying(shell, env)
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
        until(lambda: ran(cam) == 20, "all of them")
        assert cam.metric("loopcam_stray_events_total") == 0
    until(lambda: not list(tmp_path.glob("loopcam.*/events")), "the sender is gone, with its FIFO")


def hurrying(shell: str, env: Mapping[str, str], before: str = "") -> "subprocess.CompletedProcess[str]":
    """A shell that runs twenty iterations as fast as it can, and ends."""
    script = f"""
        set -eu
        . "$1"
        {before}
        i=0
        while [ $i -lt 20 ]; do loopcam_start; loopcam_end; i=$((i + 1)); done
        wait
        echo done
    """
    argv = [str(shutil.which(shell)), "-c", script, "sh", str(CLIENTS / "loopcam.sh")]
    return subprocess.run(argv, env={**os.environ, **env}, capture_output=True, text=True, timeout=60)


def test_a_shell_whose_sender_was_killed_starts_another(tmp_path: Path) -> None:
    env = only(tmp_path, "perl")
    kill = (
        'loopcam_idle; kill -9 "$_loopcam_sender"; while kill -0 "$_loopcam_sender"; do :; done 2>/dev/null'
    )
    with looping() as child, daemon(tmp_path, patient(child.pid), unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        done = hurrying("sh", env, kill)
        assert (done.returncode, done.stdout) == (0, "done\n")
        until(lambda: ran(cam) == 20, "all of them")
