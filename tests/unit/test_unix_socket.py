import contextlib
import fcntl
import os
import socket
import stat
from pathlib import Path

import pytest

from daemon import unix_socket
from daemon.config.unix import Unix
from daemon.unix_socket import UnixSocket
from model.errors import LoopcamError
from tests.prerequisites import require

KINDS = [socket.SOCK_STREAM, socket.SOCK_DGRAM]


@pytest.fixture(params=KINDS, ids=["stream", "datagram"])
def kind(request: pytest.FixtureRequest) -> socket.SocketKind:
    found: socket.SocketKind = request.param
    return found


def bound(path: Path, kind: socket.SocketKind, **options: object) -> UnixSocket:
    made = UnixSocket(path, kind, Unix(datagram=path, **options))  # type: ignore[arg-type]
    if kind is socket.SOCK_STREAM:
        made.socket.listen()
    return made


def done(one: UnixSocket) -> None:
    one.remove()
    one.socket.close()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("mode", ["0600", "660", "0666"])
def test_a_socket_is_as_open_as_its_mode_whatever_the_umask(
    tmp_path: Path, kind: socket.SocketKind, mode: str, umask: int
) -> None:
    before = os.umask(umask)
    try:
        one = bound(tmp_path / "a.sock", kind, mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.sock").stat().st_mode) == int(mode, 8)
    done(one)
    assert not (tmp_path / "a.sock").exists()


@pytest.mark.threat("modes")
def test_it_is_never_open_wider_not_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(os, "chown", lambda path, *_: seen.append(stat.S_IMODE(path.stat().st_mode)))
    before = os.umask(0)
    try:
        done(bound(tmp_path / "a.sock", socket.SOCK_DGRAM, mode="0600", group="1"))
    finally:
        os.umask(before)
    assert seen == [0o600]


@pytest.mark.parametrize(("mode", "folder"), [("0600", 0o700), ("0660", 0o750), ("0666", 0o755)])
def test_a_missing_folder_is_made_as_open_as_it_must_be(tmp_path: Path, mode: str, folder: int) -> None:
    one = bound(tmp_path / "made" / "a.sock", socket.SOCK_DGRAM, mode=mode)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == folder
    done(one)


def test_a_dead_ones_socket_is_replaced_and_a_living_ones_is_not(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    path = tmp_path / "a.sock"
    one = bound(path, kind)
    with pytest.raises(LoopcamError, match="another process does") as caught:
        bound(path, kind)
    assert caught.value.remedy
    one.socket.close()  # as when it was killed
    two = bound(path, kind)
    os.utime(path, (1, 1))  # its number may be the same, and in a test its time too
    one.remove()  # not its own any more
    assert path.exists()
    two.socket.close()


def test_a_full_queue_is_alive(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    one = bound(path, socket.SOCK_DGRAM)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sender.sendto(b"x", str(path))
    with pytest.raises(LoopcamError, match="another process does"):
        bound(path, socket.SOCK_DGRAM)
    done(one)


def test_one_of_the_other_kind_is_alive_too(tmp_path: Path) -> None:
    one = bound(tmp_path / "a.sock", socket.SOCK_STREAM)
    with pytest.raises(LoopcamError, match="cannot listen"):
        bound(tmp_path / "a.sock", socket.SOCK_DGRAM)
    assert (tmp_path / "a.sock").exists()
    done(one)


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.sock"
    {"file": path.touch, "folder": path.mkdir, "link": lambda: path.symlink_to("elsewhere")}[what]()
    with pytest.raises(LoopcamError, match="something else is there"):
        bound(path, socket.SOCK_DGRAM)
    assert os.path.lexists(path)


@pytest.mark.threat("links")
def test_a_folder_that_anybody_may_write_to_is_refused_but_not_one_below(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(LoopcamError, match="everybody may replace") as caught:
        bound(folder / "a.sock", socket.SOCK_DGRAM)
    assert str(folder / "loopcam") in caught.value.remedy
    done(bound(folder / "loopcam" / "a.sock", socket.SOCK_DGRAM))
    folder.chmod(0o1777)
    done(bound(folder / "a.sock", socket.SOCK_DGRAM))


@pytest.mark.threat("links")
def test_a_folder_that_is_a_link_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(LoopcamError, match="symbolic link"):
            bound(tmp_path / name / "a.sock", socket.SOCK_DGRAM)
    with pytest.raises(LoopcamError, match="No such file"):
        bound(tmp_path / "no" / "such" / "a.sock", socket.SOCK_DGRAM)
    assert list((tmp_path / "real").iterdir()) == []


def test_a_group_by_name_or_number(tmp_path: Path) -> None:
    require("root")
    for group, number in (("daemon", 1), ("54321", 54321)):
        one = bound(tmp_path / "a.sock", socket.SOCK_DGRAM, mode="0660", group=group)
        assert (tmp_path / "a.sock").stat().st_gid == number
        done(one)
    with pytest.raises(LoopcamError, match="no group 'no-such-group'"):
        bound(tmp_path / "a.sock", socket.SOCK_DGRAM, group="no-such-group")


def test_a_folder_that_somebody_has_locked_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(unix_socket.time, "sleep", waited.append)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(LoopcamError, match="has locked it"):
            bound(tmp_path / "a.sock", socket.SOCK_DGRAM)
    finally:
        os.close(descriptor)
    assert 1 < sum(waited) < 5
    done(bound(tmp_path / "a.sock", socket.SOCK_DGRAM))


def test_a_group_that_may_not_be_given_is_told_with_what_a_sandbox_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("daemon.unix_socket.os.chown", forbidden)
    with pytest.raises(
        LoopcamError, match=r"cannot give .*/a\.sock to group 1: Operation not permitted"
    ) as told:
        bound(tmp_path / "a.sock", socket.SOCK_DGRAM, mode="0660", group="1")
    assert "SystemCallFilter=@chown" in told.value.remedy
    done(bound(tmp_path / "b.sock", socket.SOCK_DGRAM))
