import grp
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.beats import STRANGER, as_user, ask_over, ended, refused, send, shared, sockets
from tests.daemon import Daemon, daemon, loopcam, looping, target, until
from tests.prerequisites import require
from tests.routes import routes


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def patient(pid: int, **options: object) -> dict[str, object]:
    return target("one", pid, max_loop_time="1h", **options)


def test_an_overrun_told_by_datagrams_is_captured(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck), unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        send(tmp_path / "beat.sock", b"start one 17")
        capture = cam.report().capture
        assert (capture.trigger.kind, capture.iteration.id if capture.iteration else None) == (
            "overrun",
            "17",
        )
        send(tmp_path / "beat.sock", b"end one 17")
        until(lambda: cam.target("one")["iterations"] == 1, "its end")


def test_the_command_line_speaks_http_over_the_socket(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, patient(stuck), unix=sockets(tmp_path)) as cam:
        url = f"unix:{tmp_path / 'http.sock'}"
        cam.finds("one")
        assert loopcam("heartbeat", "start", "--iteration", "17", "--url", url).returncode == 0
        assert cam.target("one")["in_flight"]["iteration"] == "17"
        done = loopcam("collect", "--target", "one", env={"LOOPCAM_URL": url})
        assert (done.returncode, done.stderr) == (0, "")
        cam.stored(1)
        assert loopcam("reports", "list", "--url", url).returncode == 0
    gone = loopcam("collect", "--url", url)
    assert gone.returncode == 1
    assert "no daemon answers" in gone.stderr


@pytest.mark.threat("modes")
def test_the_sockets_have_their_mode_and_group_and_are_removed_at_the_end(tmp_path: Path, stuck: int) -> None:
    group = os.getgroups()[-1] if os.geteuid() else grp.getgrnam("daemon").gr_gid
    made = tmp_path / "made"
    with daemon(tmp_path, patient(stuck), unix=sockets(made, mode="0660", group=str(group))) as cam:
        for path in (made / "http.sock", made / "beat.sock"):
            status = path.lstat()
            assert stat.S_ISSOCK(status.st_mode)
            assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, group)
        assert (stat.S_IMODE(made.stat().st_mode), made.stat().st_gid) == (0o750, group)
        assert cam.stop() == 0
        assert list(made.iterdir()) == []


def test_the_socket_of_a_killed_daemon_is_replaced_and_that_of_a_living_one_is_not(
    tmp_path: Path, stuck: int
) -> None:
    with daemon(tmp_path, patient(stuck), unix=sockets(tmp_path)) as cam:
        cam.kill()
        assert (tmp_path / "http.sock").is_socket()
        cam.start()
        cam.finds("one")
        send(tmp_path / "beat.sock", b"start one")
        until(lambda: cam.target("one")["in_flight"], "a heartbeat over the new socket")
        for option in ("http", "datagram"):
            (tmp_path / option).mkdir()
            other = Daemon(tmp_path / option, [patient(stuck)], unix={option: sockets(tmp_path)[option]})
            done = loopcam("run", "--config", str(other.file))
            assert done.returncode == 1
            assert "another process does" in done.stderr
            assert "Traceback" not in done.stderr
        assert loopcam("heartbeat", "end", "--url", f"unix:{tmp_path / 'http.sock'}").returncode == 0


def test_what_is_wrong_with_datagrams_is_counted_and_told_once(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, patient(stuck), unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        wrong = (b"", b"stop one", b"start one \xff", b"start one a\x00b", b"start one " + b"x" * 600)
        send(tmp_path / "beat.sock", *wrong * 20, *[b"start onne"] * 50, b"beat one", b"start")
        until(lambda: cam.target("one")["in_flight"], "the good one")
        assert refused(cam, "malformed") == 100
        assert refused(cam, "unknown_target") == 50
        assert refused(cam, "unwanted") == 1
        told = cam.said("heartbeats refused")
        assert sorted(line["reason"] for line in told) == ["malformed", "unknown_target", "unwanted"]
        assert all(line["remedy"] for line in told)


def test_files_that_a_datagram_brings_are_not_kept(tmp_path: Path, stuck: int) -> None:
    peer = target("two", process={"peer": True}, max_loop_time="1h")  # so that pidfds are asked for
    with daemon(tmp_path, patient(stuck), peer, unix=sockets(tmp_path)) as cam:
        cam.finds("one")
        files = Path(f"/proc/{cam.process.pid}/fd")
        before = len(list(files.iterdir()))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, Path("/dev/null").open() as null:
            sender.connect(str(tmp_path / "beat.sock"))
            for count in (1, 2, 5, 50):
                socket.send_fds(sender, [b"start one"], [null.fileno()] * count)
        send(tmp_path / "beat.sock", b"idle one")
        until(lambda: cam.target("one")["state"] == "standby", "all were read")
        assert refused(cam, "malformed") >= 1
        until(lambda: len(list(files.iterdir())) <= before, "nothing stays open")


@pytest.mark.threat("routes", "pids")
def test_other_users_are_refused_unless_they_are_configured_or_the_target(tmp_path: Path, stuck: int) -> None:
    require("root")
    with shared() as place:
        options = sockets(place / "made", mode="0666")
        beat = place / "made" / "beat.sock"
        spoofed = [b"start one", *(b"start other-%d" % number for number in range(99))]
        with daemon(tmp_path, target("one", stuck), unix=options) as cam:
            cam.finds("one")
            assert ended(as_user(STRANGER, lambda: send(beat, *spoofed))) == 0
            until(lambda: refused(cam, "foreign") + refused(cam, "unknown_target") == 100, "all are refused")
            assert cam.target("one")["in_flight"] is None
            assert cam.metric("loopcam_captures_total") == 0
            assert cam.entries() == []
            cam.stop()
            cam.configure(unix={**options, "uids": [STRANGER]})
            cam.start()
            cam.finds("one")
            assert ended(as_user(STRANGER, lambda: send(beat, b"start one"))) == 0
            cam.stored(1)


def test_a_target_of_another_user_reaches_the_sockets_in_a_folder_below_an_empty_dir(
    tmp_path: Path, stuck: int
) -> None:
    require("root")
    with shared() as place:
        place.chmod(0o777)  # as Kubernetes makes an emptyDir
        other = Daemon(tmp_path, [patient(stuck)], unix=sockets(place, mode="0666", uids=[STRANGER]))
        done = loopcam("run", "--config", str(other.file))
        assert done.returncode == 1
        assert f"name a folder below it, such as {place / 'loopcam'}" in done.stderr
        below = place / "loopcam"
        options = sockets(below, mode="0666", uids=[STRANGER])
        with daemon(tmp_path, patient(stuck), unix=options) as cam:
            cam.finds("one")
            assert stat.S_IMODE(below.stat().st_mode) == 0o755
            assert ended(as_user(STRANGER, lambda: send(below / "beat.sock", b"start one 17\n"))) == 0
            until(lambda: cam.target("one")["in_flight"], "it is heard")
            assert cam.target("one")["in_flight"]["iteration"] == "17"
            replaced = as_user(STRANGER, (below / "beat.sock").unlink)
            assert ended(replaced) == 1  # heard, but not able to take its place


@pytest.mark.threat("routes")
def test_other_users_may_send_heartbeats_over_http_and_nothing_else(tmp_path: Path, stuck: int) -> None:
    require("root")
    with shared() as place:
        options = sockets(place / "made", mode="0666", uids=[STRANGER])
        with daemon(tmp_path, patient(stuck), unix=options) as cam:
            cam.finds("one")
            statuses = place / "statuses"
            statuses.touch()
            statuses.chmod(0o666)

            def ask() -> None:
                for method, path in routes():
                    asked = ask_over(place / "made" / "http.sock", f"{method} {path}")
                    with asked as answer, statuses.open("a") as file:
                        file.write(f"{path} {answer.split()[1]}\n")

            assert ended(as_user(STRANGER, ask)) == 0
            answered = dict(line.split() for line in statuses.read_text().splitlines())
            assert len(answered) > 10
            heard = {path for path, status in answered.items() if status != "403"}
            assert heard == {"/v1/heartbeat", "/v1/heartbeat/start"}, answered
            assert answered["/v1/heartbeat/start"] == "204"
            assert cam.target("one")["in_flight"]
