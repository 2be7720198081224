"""The doctor's judgement against what the kernel then does, for each rung that can be made here."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.live.doctors import HIDDEN, IDLE, NONE, ONLY, OTHER, PLAIN, SYSTEM_PYTHON, USER, as_user, doctor
from tests.prerequisites import require
from tests.targets import Targets, children

# how the target is started, how the doctor is, and what comes of it
RUNGS: dict[str, tuple[list[str], list[str], bool, str]] = {
    "same user and group": ([*PLAIN, *IDLE], [*PLAIN, *NONE], True, ""),
    "same user, other group": ([*PLAIN, *IDLE], [*as_user(USER, OTHER), *NONE], False, "group"),
    "other user": ([*PLAIN, *IDLE], [*as_user(OTHER, OTHER), *NONE], False, "user"),
    "SYS_PTRACE alone": ([*PLAIN, *IDLE], [*as_user(OTHER, OTHER), *ONLY], True, ""),
    "SYS_PTRACE alone and no_new_privs": (
        [*PLAIN, *IDLE],
        [*as_user(OTHER, OTHER), *ONLY, "--no-new-privs"],
        True,
        "",
    ),
    "root that dropped all": ([*PLAIN, *IDLE], ["setpriv", *NONE], False, "user"),
    "root that dropped all, and root": (IDLE, ["setpriv", *NONE], False, "capabilities"),
    "root with SYS_PTRACE only": (IDLE, ["setpriv", "--bounding-set=-all,+sys_ptrace"], True, ""),
    "not dumpable": ([*PLAIN, *HIDDEN], [*PLAIN, *NONE], False, "dumpable"),
    "not dumpable, with SYS_PTRACE": ([*PLAIN, *HIDDEN], [*PLAIN, *ONLY], True, ""),
    "root of a user namespace of its own": (IDLE, ["unshare", "--user", "-r"], False, "user_namespace"),
    "a target in a user namespace below": (["unshare", "--user", *IDLE], ["env"], True, ""),
}


@pytest.mark.threat("rungs")
@pytest.mark.parametrize("rung", RUNGS)
def test_the_judgement_is_what_the_kernel_then_does(
    targets: Targets, environment: Mapping[str, str], rung: str
) -> None:
    start, before, works, check = RUNGS[rung]
    if "unshare" in (start[0], before[0]):
        require("unshare")
    target = targets.run(*start)
    code, said = doctor(environment, before, "--pid", str(target.pid))
    (one,) = said["tries"]
    assert one["predicted"] is works, said
    assert one["outcome"] == ("complete" if works else "not_permitted"), said
    assert (code == 0) is works
    assert said["works"] is works
    problems = [finding for finding in said["findings"] if finding["level"] == "problem"]
    assert [finding["check"] for finding in problems] == ([check] if check else [])
    assert said["headline"].startswith("READY: " if works else f"NOT READY: process {target.pid}: ")
    for finding in problems:
        assert finding["why"]
        assert {"kubernetes", "systemd", "docker"} <= finding["remedy"].keys()


def test_it_tells_what_a_capture_would_cost(targets: Targets, environment: Mapping[str, str]) -> None:
    target = targets.start("stalled.py", 20, 10, python=SYSTEM_PYTHON)
    code, said = doctor(environment, ["env"], "--pid", str(target.pid))
    assert code == 0
    (one,) = said["tries"]
    assert one["threads"] == 22
    assert one["frames"] > 200
    assert one["milliseconds"] > 0
    assert 0 < one["cpu_share"] <= 0.25
    assert one["rate_hz"] >= 1


def test_a_process_in_another_pid_namespace_is_out_of_sight(
    targets: Targets, environment: Mapping[str, str]
) -> None:
    require("unshare")
    target = targets.run(*IDLE)
    code, said = doctor(environment, ["unshare", "--pid", "--fork", "--mount-proc"], "--pid", str(target.pid))
    assert code == 1
    assert not said["tries"]
    found = {finding["check"]: finding for finding in said["findings"] if finding["level"] != "ok"}
    assert "shareProcessNamespace: true" in found["process"]["remedy"]["kubernetes"]
    assert "--pid container:" in found["process"]["remedy"]["docker"]
    assert found["pid_namespace"]["level"] == "warning"


def test_a_process_in_a_pid_namespace_below_ours_can_be_looked_at(
    targets: Targets, environment: Mapping[str, str]
) -> None:
    require("unshare")
    outer = targets.run("unshare", "--pid", "--fork", "--kill-child", *IDLE)
    (inner,) = children(outer.pid)
    code, said = doctor(environment, ["env"], "--pid", str(inner))
    assert code == 0, said
    assert "pid_namespace" in {finding["check"] for finding in said["findings"]}


def test_without_arguments_it_looks_at_itself(environment: Mapping[str, str]) -> None:
    code, said = doctor(environment, ["env"])
    assert code == 0
    assert said["tries"][0]["outcome"] == "complete"


def test_a_shell_points_to_the_python_below_it(targets: Targets, environment: Mapping[str, str]) -> None:
    shell = targets.run("/bin/sh", "-c", f"{' '.join(IDLE)}; :")
    (inner,) = children(shell.pid)
    code, said = doctor(environment, ["env"], "--pid", str(shell.pid))
    assert code == 1
    (problem,) = [finding for finding in said["findings"] if finding["level"] == "problem"]
    assert f"--pid {inner}" in problem["remedy"]["command"]


def test_a_daemon_that_may_not_look_says_why(
    targets: Targets, environment: Mapping[str, str], tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    for place in tmp_path.parents:
        if place.stat().st_uid == os.getuid() and place.is_relative_to("/tmp"):
            place.chmod(0o755) if place != Path("/tmp") else None
    target = targets.run(*PLAIN, *IDLE)
    flags = ["--pid", str(target.pid), "--max-loop-time", "1s", "--listen", "127.0.0.1:0"]
    command = [*as_user(OTHER, OTHER), *NONE, SYSTEM_PYTHON, "-B", "-m", "daemon", "run", *flags]
    with subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--log-format", "json"],
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd="/",
        text=True,
    ) as daemon:
        assert daemon.stderr is not None
        try:
            lines = (json.loads(line) for line in daemon.stderr if line.startswith("{"))
            said = next(line for line in lines if line["message"] == "no capture possible")
        finally:
            daemon.terminate()
    assert f"runs as user {USER}:{USER}, loopcam as {OTHER}:{OTHER}" in said["why"]
    assert f"loopcam doctor --pid {target.pid}" in said["remedy"]
