"""What is said of ourselves, of places, and how a diagnosis is shown."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from daemon.config.load import parse
from daemon.config.settings import Config
from daemon.doctor import diagnosis, gather, ourselves, places, shown
from daemon.doctor.facts import SYS_PTRACE, Own, Place, Rights, Yama
from daemon.doctor.findings import Diagnosis, Finding, Level, Remedy, Try

USER = Rights(uids=(1000,) * 3, gids=(1000,) * 3, bounding=SYS_PTRACE)


def levels(own: Own) -> dict[str, Level]:
    return {one.check: one.level for one in ourselves.judged(own)}


def test_a_plain_user_is_told_that_only_its_own_processes_can_be_looked_at() -> None:
    found = {one.check: one for one in ourselves.judged(Own(rights=USER))}
    assert found["capabilities"].level is Level.NOTE
    assert "bounding set" in found["capabilities"].why
    assert "no ambient capability" not in found["capabilities"].why  # nobody asked a container's runtime
    assert "runAsUser: 0" in found["capabilities"].remedy.kubernetes


@pytest.mark.parametrize(
    ("change", "check", "level"),
    [
        ({"yama": Yama(1)}, "yama", "note"),
        ({"yama": Yama(3)}, "yama", "problem"),
        ({"pidfd": False}, "pidfd", "problem"),
        ({"others_visible": False}, "pid_namespace", "warning"),
        ({"user_namespace_initial": False}, "user_namespace", "note"),
        ({"preloaded": "/lib/libfaketime.so.1"}, "clock", "warning"),
        ({"wall_s": 0.0}, "clock", "warning"),
        ({"clock_offset_s": 5.0}, "clock", "note"),
        ({"container": "kubernetes"}, "container", "ok"),
    ],
)
def test_what_bears_upon_a_capture_is_told(change: dict[str, object], check: str, level: str) -> None:
    own = msgspec.structs.replace(Own(rights=USER), **change)
    assert levels(own)[check] == level


def config(folder: Path, **options: object) -> Config:
    target = {"name": "one", "process": {"pid": 1}, "max_loop_time": "1s"}
    whole = {"spool": {"path": str(folder / "spool")}, "targets": [target], **options}
    return parse(json.dumps(whole), "test")


def found(made: Config) -> dict[tuple[str, str], Finding]:
    return {(one.subject, one.check): one for one in places.judged(made, Own(rights=USER), reach=False)}


def test_folders_that_can_be_made_are_good_and_are_not_made(tmp_path: Path) -> None:
    said = found(config(tmp_path, spool={"path": str(tmp_path / "spool"), "max_bytes": "2MiB"}))
    assert said["spool", "spool"].level is Level.OK
    assert said["sink file", "sink"].level is Level.OK
    assert not list(tmp_path.iterdir())


def test_a_spool_below_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = found(config(tmp_path, spool={"path": str(tmp_path / "file" / "spool")}))
    assert said["spool", "spool"].level is Level.PROBLEM


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the live tests drop that")
def test_a_spool_that_is_not_ours_is_a_problem_with_lines_that_mend_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    said = found(config(tmp_path))["spool", "spool"]
    assert said.level is Level.PROBLEM
    assert "fsGroup" in said.remedy.kubernetes


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/var/lib/loopcam-x/reports", "ReadWritePaths=/var/lib/loopcam-x/reports"),
        ("/var/lib/loopcam/r", "State"),
    ],
)
def test_a_folder_that_is_closed_to_a_unit_is_opened_by_a_line_that_makes_or_names_it(
    path: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.doctor.storage.os.access", lambda *_, **__: False)
    said = found(config(tmp_path, sinks=[{"file": {"path": path}}]))["sink file", "sink"]
    assert f"[Service]\n{line}" in said.remedy.systemd


def test_a_disk_that_is_smaller_than_the_spool_may_become_is_warned_of(tmp_path: Path) -> None:
    said = found(config(tmp_path, spool={"path": str(tmp_path / "spool"), "max_bytes": "900000GiB"}))
    assert said["spool", "space"].level is Level.WARNING
    assert "spool.max_bytes" in said["spool", "space"].remedy.command


def test_a_bucket_is_not_tried_unless_asked_for(tmp_path: Path) -> None:
    sinks = [{"s3": {"bucket": "stalls", "region": "eu-1", "prefix": "x/"}}]
    said = found(config(tmp_path, sinks=sinks))["sink s3", "sink"]
    assert said.level is Level.OK
    assert "s3.eu-1.amazonaws.com:443" in said.what


def test_the_folder_of_a_socket_must_be_there(tmp_path: Path) -> None:
    said = found(config(tmp_path, unix={"datagram": str(tmp_path / "run" / "beat.sock")}))
    assert said["loopcam", "socket"].level is Level.PROBLEM
    assert "RuntimeDirectory" in said["loopcam", "socket"].remedy.systemd
    assert ("loopcam", "datagram_queue") in said


def test_it_is_shown_by_subject_with_the_verdict_last() -> None:
    problem = Finding(
        check="user",
        level=Level.PROBLEM,
        what="what",
        why="why",
        remedy=Remedy(kubernetes="a: 1\nb: 2"),
        subject="it",
    )
    refused = Try(subject="it", pid=7, predicted=False, outcome="not_permitted", detail="no", sampler="pyspy")
    seen = Diagnosis(
        version="1",
        works=False,
        headline="NOT READY: what",
        place=Place.KUBERNETES,
        findings=(problem,),
        tries=(refused,),
    )
    text = shown.text(seen, colours=False)
    assert text.splitlines()[0] == "NOT READY: what"
    assert text.splitlines()[-1] == "verdict: a capture would NOT work"
    for words in ("problem", "what", "why", "Kubernetes:", "a: 1", "b: 2", "not_permitted: no"):
        assert words in text
    assert "\x1b" in shown.text(seen, colours=True)
    assert json.loads(shown.json(seen))["findings"][0]["remedy"] == {"kubernetes": "a: 1\nb: 2"}


def test_a_remedy_is_told_once() -> None:
    mend = Remedy(command="do this")
    findings = tuple(
        Finding(check=check, level=Level.PROBLEM, what="it is wrong", remedy=mend) for check in ("one", "two")
    )
    text = shown.text(Diagnosis(version="1", works=False, findings=findings, tries=()), colours=False)
    assert text.count("do this") == 1
    assert "what helps: see one above" in text


def test_one_thread_is_not_many_and_columns_stay_apart() -> None:
    look = Try(
        subject="it", pid=1, predicted=True, outcome="complete", sampler="pyspy",
        threads=1, frames=2, rate_hz=100, cpu_share=0.1,
    )  # fmt: skip
    text = shown.text(Diagnosis(version="1", works=True, findings=(), tries=(look,)), colours=False)
    assert "one look       1 thread, 2 frames:" in text


def test_a_process_that_does_not_exist_is_the_first_thing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather.neighbours, "others_visible", lambda: True)
    text = shown.text(diagnosis.diagnosis(2**22 + 1, None), colours=False)
    assert text.splitlines()[0] == f"NOT READY: process {2**22 + 1} does not exist"
    assert text.splitlines()[3].split(maxsplit=2)[2] == f"process {2**22 + 1} does not exist"
    assert "shareProcessNamespace" not in text.partition("loopcam\n")[0]


def test_a_proc_that_tells_less_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As gVisor's: no ambient set, no seccomp mode; and a kernel without user namespaces."""
    told = (gather.procfs.PROC / "self" / "status").read_text().splitlines()
    less = [line for line in told if not line.startswith(("CapAmb", "NoNewPrivs", "Seccomp"))]
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text("\n".join(less))
    monkeypatch.setattr(gather.procfs, "PROC", tmp_path)
    own = gather.own()
    assert (own.rights.ambient, own.rights.seccomp, own.rights.no_new_privs) == (0, 0, False)
    assert own.user_namespace_initial
