import os
import signal
from pathlib import Path

import pytest

from tests.beats import STRANGER, as_user, ask_over, refused, send, shared, sockets
from tests.daemon import daemon, target, until
from tests.prerequisites import require
from tests.targets import Program, Targets


def watched(**options: object) -> dict[str, object]:
    return target("one", process={"peer": True}, **options)


def beating(targets: Targets, folder: Path) -> Program:
    env = {"LOOPCAM_SOCKET": str(folder / "beat.sock"), "LOOPCAM_TARGET": "one"}
    return targets.start("beating.py", env=env)


def say(program: Program, words: str) -> None:
    program.tell(words)
    assert program.hear() == "told"


def test_the_first_to_send_is_the_target_and_is_captured(tmp_path: Path, targets: Targets) -> None:
    require("ptrace")
    with daemon(tmp_path, watched(), unix=sockets(tmp_path)) as cam:
        assert cam.target("one")["state"] == "waiting"
        program = beating(targets, tmp_path)
        say(program, "start 17")
        manifest = cam.report()
        assert manifest.capture.process.pid == program.pid
        assert any("wait_for_orders" in frame for top in manifest.top_stacks for frame in top.frames)


@pytest.mark.threat("pids")
def test_while_it_lives_no_other_process_speaks_for_it(tmp_path: Path, targets: Targets) -> None:
    with daemon(tmp_path, watched(max_loop_time="1h"), unix=sockets(tmp_path)) as cam:
        program, other = beating(targets, tmp_path), beating(targets, tmp_path)
        say(program, "idle")
        until(lambda: cam.target("one")["pid"] == program.pid, "it is the target")
        say(other, "start")
        say(program, "fork start")
        status, answer = cam.ask("POST", "/v1/heartbeat/start?target=one")
        assert (status, "over TCP nobody knows" in answer["error"]) == (403, True)
        until(lambda: refused(cam, "other_process") == 3, "three are refused")
        assert cam.target("one")["in_flight"] is None
        say(program, "start")
        until(lambda: cam.target("one")["in_flight"], "its own is heard")
        program.kill()
        say(other, "start 2")
        until(lambda: cam.target("one")["pid"] == other.pid, "the next is the target")
        assert cam.target("one")["in_flight"]["iteration"] == "2"


def test_over_http_on_the_socket_it_is_who_connected(tmp_path: Path, targets: Targets) -> None:
    with daemon(tmp_path, watched(max_loop_time="1h"), unix=sockets(tmp_path)) as cam:
        with ask_over(tmp_path / "http.sock", "POST /v1/heartbeat/start?target=one&iteration=17") as answer:
            assert answer.startswith("HTTP/1.1 204")
            assert cam.target("one")["pid"] == os.getpid()
            assert cam.target("one")["in_flight"]["iteration"] == "17"
        other = beating(targets, tmp_path)
        say(other, "end 17")
        until(lambda: refused(cam, "other_process") == 1, "another process is refused over the other socket")
        assert cam.target("one")["in_flight"]


def test_a_sender_that_has_ended_is_no_target(tmp_path: Path) -> None:
    with daemon(tmp_path, watched(max_loop_time="1h"), unix=sockets(tmp_path)) as cam:
        with cam.paused(0.0):
            child = os.fork()
            if child == 0:
                try:
                    send(tmp_path / "beat.sock", b"start one")
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
        until(lambda: refused(cam, "other_process") == 1, "it is refused")
        assert cam.target("one")["pid"] is None


def test_a_configured_other_user_is_the_target_as_in_a_pod(tmp_path: Path) -> None:
    require("CAP_SYS_PTRACE")
    with shared() as place:
        options = sockets(place / "loopcam", mode="0666", uids=[STRANGER])
        with daemon(tmp_path, watched(), unix=options) as cam:

            def stall() -> None:
                send(place / "loopcam" / "beat.sock", b"start one")
                signal.pause()

            child = as_user(STRANGER, stall)
            try:
                process = cam.report().capture.process
                assert (process.pid, process.uid) == (child, STRANGER)
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
