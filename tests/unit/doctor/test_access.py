"""Who may look at whom: the kernel's rules over made-up facts, Yama's among them."""

from pathlib import Path

import msgspec
import pytest

from daemon.doctor import gather, process, remedies
from daemon.doctor.access import Obstacle, obstacles
from daemon.doctor.facts import SYS_PTRACE, Own, Rights, Subject, UserNamespace, Yama, sampler_rights
from daemon.doctor.findings import Level

ALL = (1 << 41) - 1
SYS_ADMIN = 1 << 21
DAC_READ_SEARCH = 1 << 2
HERE = UserNamespace.OURS


def rights(uid: int, gid: int | None = None, held: int = 0, **more: object) -> Rights:
    gid = uid if gid is None else gid
    sets = {"permitted": held, "effective": held, "bounding": ALL, **more}
    return msgspec.convert({"uids": [uid] * 3, "gids": [gid] * 3, **sets}, Rights)


def root(held: int = ALL, bounding: int = ALL, **more: object) -> Rights:
    return rights(0, held=held, bounding=bounding, **more)


def ambient(uid: int, held: int, *, no_new_privs: bool = False) -> Rights:
    return rights(uid, held=held, ambient=held, inheritable=held, no_new_privs=no_new_privs)


TARGET = Subject(pid=7, name="python3", rights=rights(1000))
CAPABLE_TARGET = Subject(pid=7, name="python3", rights=root())

MATRIX = {
    "same user and group without capabilities": (rights(1000), TARGET, ()),
    "same user, other group": (rights(1000, 2000), TARGET, (Obstacle.GROUP,)),
    "other user": (rights(2000), TARGET, (Obstacle.USER,)),
    "only SYS_PTRACE, ambient": (ambient(2000, SYS_PTRACE), TARGET, ()),
    "the same with no_new_privs": (ambient(2000, SYS_PTRACE, no_new_privs=True), TARGET, ()),
    "SYS_PTRACE that is not ambient": (rights(2000, held=SYS_PTRACE), TARGET, (Obstacle.USER,)),
    "SYS_PTRACE in the bounding set only": (rights(2000), TARGET, (Obstacle.USER,)),
    "only SYS_ADMIN": (ambient(2000, SYS_ADMIN), TARGET, (Obstacle.USER,)),
    "only DAC_READ_SEARCH": (ambient(2000, DAC_READ_SEARCH), TARGET, (Obstacle.USER,)),
    "root without any": (root(0, 0), TARGET, (Obstacle.USER,)),
    "root without any on root without any": (
        root(0, 0),
        Subject(pid=7, name="x", rights=root(0, 0)),
        (),
    ),
    "root without any on root": (root(0, 0), CAPABLE_TARGET, (Obstacle.CAPABILITIES,)),
    "root with SYS_PTRACE only": (root(SYS_PTRACE, SYS_PTRACE), CAPABLE_TARGET, ()),
    "root with SYS_PTRACE only and no_new_privs": (
        root(SYS_PTRACE, SYS_PTRACE, no_new_privs=True),
        CAPABLE_TARGET,
        (),
    ),
    "root that gave it up but could take it again": (root(0, ALL), TARGET, ()),
    "root that gave it up under no_new_privs": (root(0, ALL, no_new_privs=True), TARGET, (Obstacle.USER,)),
}


@pytest.mark.parametrize("name", MATRIX)
def test_without_yama(name: str) -> None:
    ours, target, expected = MATRIX[name]
    assert obstacles(Own(rights=ours), target) == expected


@pytest.mark.parametrize(("scope", "allowed"), [(None, True), (0, True), (1, False), (2, False), (3, False)])
def test_yama_and_the_same_user(scope: int | None, allowed: bool) -> None:
    assert (obstacles(Own(rights=rights(1000), yama=Yama(scope)), TARGET) == ()) is allowed


@pytest.mark.parametrize(("scope", "allowed"), [(None, True), (0, True), (1, True), (2, True), (3, False)])
def test_yama_and_the_capability(scope: int | None, allowed: bool) -> None:
    own = Own(rights=ambient(2000, SYS_PTRACE), yama=Yama(scope))
    assert (obstacles(own, TARGET) == ()) is allowed


@pytest.mark.parametrize(("held", "allowed"), [(0, False), (SYS_PTRACE, True)])
def test_a_target_that_is_not_dumpable(held: int, allowed: bool) -> None:
    target = msgspec.structs.replace(TARGET, dumpable=False)
    found = obstacles(Own(rights=ambient(1000, held)), target)
    assert found == (() if allowed else (Obstacle.DUMPABLE,))


def test_a_target_outside_our_user_namespace_is_out_of_reach_even_for_root() -> None:
    target = Subject(pid=7, name="x", rights=root(), user_namespace=UserNamespace.OUTSIDE)
    assert obstacles(Own(rights=root(), user_namespace_initial=False), target) == (Obstacle.USER_NAMESPACE,)


@pytest.mark.parametrize(("ours", "allowed"), [(rights(1000), True), (root(), True), (rights(2000), False)])
def test_a_target_in_a_user_namespace_below_ours(ours: Rights, allowed: bool) -> None:
    inner = rights(1000, held=ALL)
    target = Subject(pid=7, name="x", rights=inner, user_namespace=UserNamespace.BELOW)
    assert (obstacles(Own(rights=ours), target) == ()) is allowed


def test_a_target_whose_users_differ_among_themselves_needs_the_capability() -> None:
    target = msgspec.structs.replace(TARGET, rights=Rights(uids=(1000, 0, 0), gids=(1000,) * 3))
    assert obstacles(Own(rights=rights(1000)), target) == (Obstacle.USER,)
    assert obstacles(Own(rights=ambient(1000, SYS_PTRACE)), target) == ()


FILE = {
    "counts": (rights(2000), True),
    "not under no_new_privs": (rights(2000, no_new_privs=True), False),
    "not when the bounding set lacks it": (rights(2000, bounding=0), False),
}


@pytest.mark.parametrize("name", FILE)
def test_a_capability_of_the_samplers_file(name: str) -> None:
    ours, allowed = FILE[name]
    own = Own(rights=ours, file_capabilities=SYS_PTRACE)
    assert (obstacles(own, TARGET) == ()) is allowed


def test_files_of_its_python_matter_only_where_the_kernel_allows_to_look() -> None:
    target = msgspec.structs.replace(TARGET, unreadable=("/opt/bin/python3",))
    assert obstacles(Own(rights=rights(1000)), target) == (Obstacle.PYTHON_FILES,)
    assert obstacles(Own(rights=rights(2000)), target) == (Obstacle.USER,)


def test_a_closed_folder_is_named_and_opened_rather_than_the_files_below_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    barred = str(tmp_path / "root" / "home/app")
    monkeypatch.setattr(gather.os, "access", lambda path, *_, **__: not str(path).startswith(barred))
    files = ("/home/app/venv/bin/python3", "/opt/lib/libpython3.so")
    closed = tuple(gather._closed(tmp_path, files))
    assert closed == ("/home/app",)
    target = msgspec.structs.replace(TARGET, unreadable=files, closed=closed)
    lines = remedies.remedy(Obstacle.PYTHON_FILES, Own(rights=rights(1000)), target).command.splitlines()
    assert lines[0].startswith("chmod o+x /home/app ")
    assert lines[1:] == ["chmod o+r /opt/lib/libpython3.so"]
    assert "closed to us: /home/app" in str(process.judged(Own(rights=rights(1000)), target, "it"))


def test_a_kernel_without_pidfds_is_one() -> None:
    assert obstacles(Own(rights=rights(1000), pidfd=False), TARGET) == (Obstacle.PIDFD,)


def test_capabilities_of_root_come_back_with_a_program_it_starts() -> None:
    assert sampler_rights(Own(rights=root(0, ALL))).effective == ALL
    assert sampler_rights(Own(rights=root(0, SYS_PTRACE))).effective == SYS_PTRACE


@pytest.mark.parametrize("obstacle", list(Obstacle))
def test_every_obstacle_has_lines_that_mend_it(obstacle: Obstacle) -> None:
    target = msgspec.structs.replace(TARGET, unreadable=("/opt/bin/python3",))
    lines = remedies.remedy(obstacle, Own(rights=rights(2000), yama=Yama(0)), target)
    assert any(msgspec.structs.astuple(lines))


def test_the_same_user_is_no_remedy_where_yama_is_on() -> None:
    for scope in (1, 2):
        lines = remedies.remedy(Obstacle.USER, Own(rights=rights(2000), yama=Yama(scope)), TARGET)
        assert "SYS_PTRACE" in lines.kubernetes
    lines = remedies.remedy(Obstacle.USER, Own(rights=rights(2000), yama=Yama(0)), TARGET)
    assert "runAsUser: 1000\n  runAsGroup: 1000" in lines.kubernetes
    assert "--user 1000:1000" in lines.docker
    assert "User=1000\nGroup=1000" in lines.systemd


def test_the_same_user_is_no_remedy_for_a_root_that_holds_capabilities() -> None:
    root_of_docker = Subject(pid=7, name="python3", rights=root(0xA80425FB))
    powerless = Subject(pid=7, name="python3", rights=root(0))
    lines = remedies.remedy(Obstacle.USER, Own(rights=rights(1000), yama=Yama(None)), root_of_docker)
    assert "SYS_PTRACE" in lines.kubernetes
    lines = remedies.remedy(Obstacle.USER, Own(rights=rights(1000), yama=Yama(None)), powerless)
    assert "runAsUser: 0\n  runAsGroup: 0" in lines.kubernetes


def test_the_capability_for_kubernetes_comes_with_user_0() -> None:
    lines = remedies.capability().kubernetes
    assert "runAsUser: 0" in lines
    assert "add: [SYS_PTRACE]" in lines


@pytest.mark.parametrize("name", MATRIX)
def test_every_denial_is_a_problem_that_says_why(name: str) -> None:
    ours, target, expected = MATRIX[name]
    found = process.judged(Own(rights=ours), target, "it")
    problems = [one for one in found if one.level is Level.PROBLEM]
    assert [one.check for one in problems] == list(expected)
    assert all(one.what and one.why and any(msgspec.structs.astuple(one.remedy)) for one in problems)
