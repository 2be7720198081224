"""Limits, rungs, folders and credentials, over facts made up and folders that are real."""

import json
from pathlib import Path

import msgspec
import pytest

from daemon.config.load import parse
from daemon.config.parts import Part
from daemon.doctor import bounds, credentials, rungs, storage
from daemon.doctor.facts import SYS_PTRACE, Own, Place, Rights
from daemon.doctor.findings import Finding, Level
from sinks.contract import Sink

USER = Rights(uids=(1000,) * 3, gids=(1000,) * 3)
MIB = 2**20


def own(**change: object) -> Own:
    return msgspec.structs.replace(Own(rights=USER, files_limit=4096), **change)


@pytest.mark.parametrize(
    ("change", "check", "level"),
    [
        ({}, "memory", "ok"),
        ({"memory_limit_bytes": 256 * MIB}, "memory", "ok"),
        ({"memory_limit_bytes": 64 * MIB}, "memory", "warning"),
        ({"processes_left": 1000}, "processes", "ok"),
        ({"processes_left": 10}, "processes", "warning"),
        ({"files_limit": 100}, "files", "warning"),
        ({"cpus_quota": 2.0}, "cpu_quota", "note"),
        ({"cpus_quota": 0.1}, "cpu_quota", "warning"),
    ],
)
def test_limits_are_held_against_what_a_capture_takes(
    change: dict[str, object], check: str, level: str
) -> None:
    found = {one.check: one for one in bounds.judged(own(**change), targets=1)}
    assert found[check].level == level
    assert {one.level for name, one in found.items() if name != check} == {Level.OK}
    if level == "warning":
        assert found[check].why
        assert found[check].remedy.kubernetes
        assert found[check].remedy.systemd


def test_a_quota_and_a_sampler_that_stops_its_target_do_not_go_together() -> None:
    (quota,) = [one for one in bounds.judged(own(cpus_quota=2.0), blocking=True) if one.check == "cpu_quota"]
    assert quota.level is Level.WARNING
    assert "stopped" in quota.why


def test_many_targets_need_many_descriptors() -> None:
    found = {one.check: one for one in bounds.judged(own(files_limit=1024), targets=100)}
    assert found["files"].level is Level.WARNING
    assert "LimitNOFILE=1056" in found["files"].remedy.systemd


def rung(**change: object) -> dict[str, Finding]:
    rights = {name: change.pop(name) for name in list(change) if name in Rights.__struct_fields__}
    return {
        one.check: one for one in rungs.judged(own(rights=msgspec.structs.replace(USER, **rights), **change))
    }


def test_another_user_with_the_capability_added_in_kubernetes_is_told_why_not() -> None:
    said = rung(bounding=SYS_PTRACE, no_new_privs=True, place=Place.KUBERNETES)
    assert "a non-root container gets no ambient capability" in said["capabilities"].why


def test_root_without_the_capability_is_told_that_root_is_not_enough() -> None:
    said = rung(uids=(0,) * 3, gids=(0,) * 3, no_new_privs=True)
    assert "uid 0 alone is not enough" in said["capabilities"].why
    said = rung(uids=(0,) * 3, gids=(0,) * 3, bounding=SYS_PTRACE, permitted=SYS_PTRACE, effective=SYS_PTRACE)
    assert said["capabilities"].level is Level.OK


FILE = {"program": "/opt/loopcam/fileCap/py-spy", "file_capabilities": SYS_PTRACE}


def test_a_files_capability_under_no_new_privs_does_not_count() -> None:
    said = rung(bounding=SYS_PTRACE, no_new_privs=True, file_capabilities_forced=True, **FILE)
    assert said["file_capability"].level is Level.WARNING
    assert "allowPrivilegeEscalation: true" in said["file_capability"].remedy.kubernetes


def test_a_files_capability_that_is_not_in_the_bounding_set_keeps_it_from_starting() -> None:
    said = rung(file_capabilities_forced=True, **FILE)["file_capability"]
    assert (said.level, "EPERM" in said.why) == (Level.PROBLEM, True)
    assert "add: [SYS_PTRACE]" in said.remedy.kubernetes
    assert "file_capability" not in rung(**FILE)  # `=p` starts, and is denied
    fine = rung(bounding=SYS_PTRACE, file_capabilities_forced=True, **FILE)
    assert (fine["capabilities"].level, "file_capability" in fine) == (Level.OK, False)


def folders(
    folder: Path, facts: Own, dashcam: object = "off", **sizes: str
) -> dict[tuple[str, str], Finding]:
    options = {
        "targets": [{"name": "one", "process": {"pid": 1}, "max_loop_time": "1s", "dashcam": dashcam}],
        "spool": {"path": str(folder / "spool"), "max_bytes": sizes.get("spool", "2MiB")},
        "sinks": [{"file": {"path": str(folder / "reports"), "max_bytes": sizes.get("sink", "2MiB")}}],
    }
    found = storage.judged(parse(json.dumps(options), "a test"), facts)
    return {(one.subject, one.check): one for one in found}


def test_spool_and_file_sink_share_the_room_of_their_disk(tmp_path: Path) -> None:
    assert ("spool", "space") not in folders(tmp_path, own())
    said = folders(tmp_path, own(), spool="1GiB", sink="900000GiB")["spool", "space"]
    assert said.level is Level.WARNING
    assert "spool and sink file may grow to" in said.what


def test_in_a_pod_the_sizelimit_that_is_needed_is_told(tmp_path: Path) -> None:
    said = folders(tmp_path, own(place=Place.KUBERNETES), spool="40MiB", sink="40MiB")["spool", "space"]
    assert said.level is Level.NOTE
    assert "a sizeLimit of 100 MiB" in said.what


@pytest.mark.parametrize(
    ("dashcam", "needed"), [("adaptive", 160), ({"mode": "continuous", "max_bytes": "80MiB"}, 240)]
)
def test_the_ring_and_healthy_samples_lie_there_too(tmp_path: Path, dashcam: object, needed: int) -> None:
    facts = own(place=Place.KUBERNETES)
    said = folders(tmp_path, facts, dashcam, spool="40MiB", sink="40MiB")["spool", "space"]
    assert f"a sizeLimit of {needed} MiB" in said.what


def test_what_lies_in_memory_counts_against_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.doctor.whereabouts.file_system", lambda path: "tmpfs")
    limited = own(memory_limit_bytes=256 * MIB)
    assert ("spool", "space") not in folders(tmp_path, limited)
    said = folders(tmp_path, limited, spool="200MiB")["spool", "space"]
    assert "lies in memory" in said.what
    assert "128 MiB in all" in said.remedy.command


def part(kind: str, **options: object) -> Part[Sink]:
    target = {"name": "one", "process": {"pid": 1}, "max_loop_time": "1s"}
    whole = {"targets": [target], "sinks": [{kind: {"bucket": "stalls", **options}}]}
    return parse(json.dumps(whole), "a test").sinks[0]


def source(one: Part[Sink], **environ: str) -> tuple[str, str]:
    (said,) = credentials.judged(one, environ)
    return said.level, said.what


def test_where_credentials_of_s3_would_come_from(tmp_path: Path) -> None:
    token, home = tmp_path / "token", str(tmp_path)
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hidden"}
    assert source(part("s3"), **keys) == ("ok", "from AWS_ACCESS_KEY_ID of the environment")
    assert source(part("s3"), AWS_ACCESS_KEY_ID="AKIA")[0] == "warning"
    irsa = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "HOME": home}
    assert source(part("s3", access_key_id="AKIA", secret_access_key="hidden"))[0] == "ok"
    level, what = source(part("s3"), **irsa)
    assert (level, f"{token}: No such file or directory" in what) == ("warning", True)
    token.write_text("secret")
    level, what = source(part("s3"), **irsa)
    assert (level, what) == ("ok", "from AWS_WEB_IDENTITY_TOKEN_FILE (IRSA)")
    pod = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/", "HOME": home}
    assert source(part("s3"), **pod, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token))[0] == "ok"
    assert source(part("s3"), **pod)[0] == "note"
    assert source(part("s3"), HOME=home)[0] == "note"  # the machine's own, perhaps
    assert source(part("s3"), HOME=home, AWS_EC2_METADATA_DISABLED="true")[0] == "warning"
    assert source(part("s3", profile="x"), HOME=home)[0] == "warning"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text("[x]")
    assert source(part("s3", profile="x"), HOME=home)[0] == "ok"


def test_where_credentials_of_google_would_come_from(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    assert source(part("gcs", credentials_file=str(file)))[0] == "warning"
    file.write_text("{}")
    assert source(part("gcs", credentials_file=str(file)))[0] == "ok"
    assert source(part("gcs"), GOOGLE_APPLICATION_CREDENTIALS=str(file))[0] == "ok"
    assert source(part("gcs"), HOME=str(tmp_path))[0] == "note"
    assert source(part("gcs", endpoint="http://127.0.0.1:1"))[0] == "ok"
