"""The doctor on configurations, folders and files as they are found in pods."""

import json
import os
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.live.doctors import IDLE, NONE, OTHER, PLAIN, SYSTEM_PYTHON, as_user, doctor
from tests.prerequisites import require
from tests.targets import PATIENCE_S, Targets


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


@pytest.mark.threat("rungs")
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


def test_a_bad_configuration_ends_with_78(environment: Mapping[str, str], tmp_path: Path) -> None:
    file = tmp_path / "loopcam.yaml"
    file.write_text("targets: nothing")
    command = [SYSTEM_PYTHON, "-B", "-m", "daemon", "doctor", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, env=dict(environment), cwd="/", timeout=PATIENCE_S)
    assert done.returncode == 78
