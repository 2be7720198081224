from pathlib import Path

import pytest

from tests.daemon import daemon, looping, target, until


def test_a_restart_of_the_target_is_followed(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    times = {"max_loop_time": "2s", "cooldown": "400ms"}
    with daemon(tmp_path, target("one", process={"pidfile": str(pidfile)}, **times)) as cam:
        assert cam.target("one")["state"] == "waiting"
        for life in (1, 2):
            with looping() as child:
                pidfile.write_text(str(child.pid))
                until(lambda pid=child.pid: cam.target("one")["pid"] == pid, "found")
                until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
                cam.beat("start", "one", life)
                until(lambda life=life: len(cam.said("capture started")) >= life, "captured")
                cam.beat("end", "one", life)  # so that it is not captured again at twice its age
                cam.stored(life)
            until(lambda: cam.target("one")["state"] == "gone", "gone")
            assert cam.target("one")["in_flight"] is None
        assert cam.metric("loopcam_target_state", target="one", state="gone") == 1


def test_a_target_is_found_by_its_command_line(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9"  # nobody is there
    with daemon(tmp_path, target("one", process={"match": f"looping.py {url} {tmp_path.name}"})) as cam:
        with looping(url, tmp_path.name) as child:
            until(lambda: cam.target("one")["pid"] == child.pid, "found")
            until(lambda: cam.target("one")["capture_possible"], "looked at")
            assert cam.metric("loopcam_capture_possible", target="one") == 1
        until(lambda: cam.target("one")["state"] == "gone", "gone")


def test_a_target_that_exits_takes_its_iteration_with_it(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, max_loop_time="2s")) as cam:
        cam.finds("one")
        cam.beat("start", "one")
        child.kill()
        until(lambda: cam.target("one")["state"] == "gone", "gone", within_s=2)
        assert cam.target("one")["in_flight"] is None
        assert cam.metric("loopcam_iteration_in_flight_seconds", target="one") == 0
        assert cam.metric("loopcam_overruns_total") == 0
        status, answer = cam.ask("POST", "/v1/collect")
        assert status == 409
        assert "no_process" in answer["error"]


@pytest.mark.fault("T5")
def test_a_target_that_exits_in_its_capture_leaves_a_report(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, collection_time="1m")) as cam:
        cam.beat("start", "one")
        until(cam.recorded_a_while, "it records")
        child.kill()
        manifest = cam.report()
        assert manifest.capture.outcome == "target_exited"
        assert manifest.capture.window.end == "target_exited"
        assert manifest.top_stacks[0].function == "the_culprit"
        assert cam.metric("loopcam_captures_total", outcome="target_exited") == 1


def test_the_window_ends_soon_after_the_iteration(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, collection_time="1m")) as cam:
        cam.beat("start", "one", 1)
        until(lambda: cam.said("capture started"), "a capture")
        until(lambda: any("record" in line for line in cam.children().values()), "it records")
        cam.beat("end", "one", 1)
        capture = cam.report().capture
        assert capture.window.end == "iteration_ended"
        assert capture.outcome == "complete"
        assert capture.iteration is not None
        assert capture.iteration.ended_s is not None
        assert 0.9 < capture.window.ended_s - capture.iteration.ended_s < 3


def test_a_target_that_never_started_a_loop_is_on_standby_and_ready(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        until(lambda: cam.target("one")["state"] == "standby", "on standby")
        status, answer = cam.ask("GET", "/readyz")
        assert (status, answer["problems"]) == (200, [])


def test_a_target_that_cannot_be_captured_is_not_ready(tmp_path: Path) -> None:
    import subprocess

    with subprocess.Popen(["sleep", "1000"]) as sleeper:
        try:
            with daemon(tmp_path, target("one", sleeper.pid)) as cam:
                status, answer = until(lambda: _unready(cam.ask("GET", "/readyz")), "named")
                assert status == 503
                [problem] = answer["problems"]
                assert problem["target"] == "one"
                assert "not a Python process" in problem["problem"]
                assert "choose the Python process itself" in problem["remedy"]
                assert cam.samples("loopcam_capture_possible") == [
                    ({"target": "one", "reason": "unsupported"}, 0.0)
                ]
                cam.beat("start", "one")
                until(lambda: cam.metric("loopcam_refusals_total", reason="unsupported"), "refused")
        finally:
            sleeper.kill()


def _unready(said: tuple[int, object]) -> tuple[int, object] | None:
    return said if said[0] == 503 else None
