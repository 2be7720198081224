"""The doctor's judgement against what the kernel then does, for each rung that can be made here."""

import json
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.prerequisites import prefer, require
from tests.targets import PATIENCE_S, PROGRAMS, Targets, children

ROOT = Path(__file__).parents[2]
SYSTEM_PYTHON = "/usr/bin/python3"
USER, OTHER = 65534, 65533
NONE = ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
ONLY = ["--inh-caps=-all,+sys_ptrace", "--ambient-caps=-all,+sys_ptrace", "--bounding-set=-all,+sys_ptrace"]


def as_user(uid: int, gid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]


PLAIN = as_user(USER, USER)
IDLE = [SYSTEM_PYTHON, str(PROGRAMS / "idle.py")]
HIDDEN = [
    SYSTEM_PYTHON,
    "-c",
    "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print('ready', flush=True); input()",
]
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


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A loopcam and a py-spy that every user of this machine may run, by the system's Python."""
    require("setpriv", "CAP_SYS_PTRACE")
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = [SYSTEM_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    if not Path(SYSTEM_PYTHON).exists() or subprocess.check_output(asked, text=True).strip() != ours:
        prefer(f"{SYSTEM_PYTHON} {ours}", "the rungs with facts made up")
    folder = tmp_path_factory.mktemp("bin")
    shutil.copy(Path(sysconfig.get_path("scripts"), "py-spy"), folder)
    for place in (folder, *list(folder.parents)[:2]):
        place.chmod(0o755)
    libraries = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return {"PATH": f"{folder}:/usr/bin:/bin:/usr/sbin:/sbin", "PYTHONPATH": libraries, "HOME": "/"}


def doctor(environment: Mapping[str, str], before: Sequence[str], *arguments: str) -> tuple[int, Any]:
    """Its exit code and what it said."""
    command = [*before, SYSTEM_PYTHON, "-B", "-m", "daemon", "doctor", "--json", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, env=dict(environment), cwd="/", timeout=PATIENCE_S
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


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


def test_a_configuration_is_looked_at_as_a_whole(
    targets: Targets, environment: Mapping[str, str], tmp_path: Path
) -> None:
    target = targets.start("idle.py", python=SYSTEM_PYTHON)
    spool = tmp_path / "no folder"
    spool.write_text("")
    file = tmp_path / "loopcam.yaml"
    options: dict[str, Any] = {
        "targets": [
            {"name": "there", "process": {"pid": target.pid}, "max_loop_time": "1s"},
            {"name": "missing", "process": {"match": "never to be seen"}, "max_loop_time": "1s"},
        ],
        "spool": {"path": str(spool)},
        "sinks": [{"s3": {"bucket": "stalls", "endpoint_url": "http://127.0.0.1:1"}}],
    }
    file.write_text(json.dumps(options))
    file.chmod(0o600)
    code, said = doctor(environment, ["env"], "--config", str(file), "--sinks")
    assert code == 1
    levels = {(one["subject"], one["check"]): one["level"] for one in said["findings"]}
    assert levels["missing", "process"] == "problem"
    assert levels["spool", "spool"] == "problem"
    assert levels["sink s3", "sink"] == "warning"
    assert levels["there", "access"] == "ok"
    assert [(one["subject"], one["outcome"]) for one in said["tries"]] == [("there", "complete")]
    assert said["headline"].startswith(f"NOT READY: spool: {spool} is no folder")


def test_a_read_only_root_is_told_with_the_volume_that_is_missing(
    targets: Targets, environment: Mapping[str, str], tmp_path: Path
) -> None:
    require("unshare", "root")
    target = targets.start("idle.py", python=SYSTEM_PYTHON)
    (tmp_path / "state").mkdir()
    file = tmp_path / "loopcam.yaml"
    options: dict[str, Any] = {
        "targets": [{"name": "one", "process": {"pid": target.pid}, "max_loop_time": "1s"}],
        "spool": {"path": str(tmp_path / "state" / "spool")},
    }
    file.write_text(json.dumps(options))
    file.chmod(0o600)
    script = f'mount -t tmpfs -o ro none {tmp_path}/state && exec "$@"'
    before = ["unshare", "--mount", "sh", "-c", script, "sh"]
    pod = {**environment, "POD_NAME": "scaler-0", "POD_NAMESPACE": "default"}
    code, said = doctor(pod, before, "--config", str(file))
    assert code == 1
    assert said["place"] == "kubernetes"
    spool = next(one for one in said["findings"] if one["check"] == "spool")
    assert (spool["level"], "read-only" in spool["what"]) == ("problem", True)
    assert f"mountPath: {tmp_path}/state" in spool["remedy"]["kubernetes"]
    assert (
        "add volumes: [{name: loopcam-state, emptyDir: {sizeLimit: 1Gi}}]; volumeMounts" in said["headline"]
    )


def test_a_capability_of_the_samplers_file_that_cannot_count_is_told(
    targets: Targets, environment: Mapping[str, str]
) -> None:
    target = targets.run(*PLAIN, *IDLE)
    program = Path(environment["PATH"].partition(":")[0], "py-spy")
    attribute = struct.pack("<5I", 0x0200_0001, 1 << 19, 0, 0, 0)  # cap_sys_ptrace=ep
    os.setxattr(program, "security.capability", attribute)
    ways = {
        (*as_user(OTHER, OTHER), *NONE): (False, "file_capability"),  # not in the bounding set
        (*as_user(OTHER, OTHER), "--no-new-privs"): (False, "user"),
        tuple(as_user(OTHER, OTHER)): (True, ""),
    }
    for before, (works, check) in ways.items():
        code, said = doctor(environment, before, "--pid", str(target.pid))
        assert (code == 0) is works, said
        problems = [one["check"] for one in said["findings"] if one["level"] == "problem"]
        assert (problems[:1] == [check]) if check else not problems
        told = [one for one in said["findings"] if one["check"] == "file_capability"]
        assert bool(told) is not works


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


def test_a_bad_configuration_ends_with_78(environment: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "loopcam.yaml"
    file.write_text("targets: nothing")
    command = [SYSTEM_PYTHON, "-B", "-m", "daemon", "doctor", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, env=dict(environment), cwd="/", timeout=PATIENCE_S)
    assert done.returncode == 78


def test_a_spool_of_another_user_is_told_and_what_is_used_instead(
    targets: Targets, environment: Mapping[str, str], tmp_path: Path
) -> None:
    target = targets.run(*PLAIN, *IDLE)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)  # as an emptyDir is
    (state / "spool").mkdir(mode=0o700)
    os.chown(state / "spool", OTHER, OTHER)
    file = tmp_path / "loopcam.yaml"
    options: dict[str, Any] = {
        "targets": [{"name": "one", "process": {"pid": target.pid}, "max_loop_time": "1s"}],
        "spool": {"path": str(state / "spool"), "max_bytes": "2MiB"},
    }
    file.write_text(json.dumps(options))
    file.chmod(0o644)
    before = ["setpriv", "--inh-caps=-all", "--bounding-set=-all,+sys_ptrace"]  # the rung ptrace: uid 0
    code, said = doctor(environment, before, "--config", str(file))
    assert code == 0, said
    told = [one for one in said["findings"] if one["check"] == "spool"]
    assert [one["level"] for one in told] == ["warning", "ok"]
    assert f"{state}/spool-of-user-0 is used instead" in told[0]["what"]
    sinks = next(one for one in said["findings"] if one["check"] == "sink")
    assert sinks["level"] == "ok"
