import signal
from pathlib import Path
from time import monotonic, sleep

import pytest

from daemon.app import SAME_SIGNAL_S
from tests.daemon import Daemon, daemon, target, until
from tests.servers import scripted, silent


def insist(cam: Daemon) -> int:
    """SIGTERM again and again; two in quick succession count as one."""
    while cam.process.poll() is None:
        cam.process.send_signal(signal.SIGTERM)
        sleep(SAME_SIGNAL_S + 0.1)
    return cam.process.returncode


@pytest.mark.fault("S10")
def test_sigterm_in_a_capture_keeps_it_and_delivers_it(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="1m"), shutdown_grace="20s") as cam:
        cam.beat("start", "one", 17)
        until(cam.recorded_a_while, "it records")
        asked_s = monotonic()
        assert cam.stop() == 0
        assert monotonic() - asked_s < 15
        assert not cam.children()
        manifest = cam.report()
        assert manifest.capture.window.end == "shutdown"
        assert manifest.capture.outcome == "partial"
        assert manifest.top_stacks[0].function == "the_culprit"
        assert manifest.capture.iteration is not None
        assert manifest.capture.iteration.ended_s is None
        assert cam.said("stopping")
        assert not (cam.spool / "incoming").exists() or not list((cam.spool / "incoming").iterdir())


@pytest.mark.fault("S10")
def test_what_cannot_be_delivered_within_the_grace_waits_for_the_next_start(
    tmp_path: Path, stuck: int
) -> None:
    with scripted(silent) as hanging:
        sinks = [{"http": {"url": f"{hanging.url}/{{file}}"}}]
        with daemon(tmp_path, target("one", stuck), sinks=sinks, shutdown_grace="1s") as cam:
            cam.beat("start", "one")
            until(lambda: hanging.requests, "it is being stored")
            asked_s = monotonic()
            assert cam.stop() == 0
            assert monotonic() - asked_s < 5
            assert not cam.children()
            assert cam.said("not all delivered within the grace; the next start goes on with it")
            cam.start()
            assert cam.sink("http")["pending"] == 1
            until(lambda: len(hanging.requests) > 1, "tried again")


@pytest.mark.fault("S10")
def test_a_second_sigterm_stops_at_once(tmp_path: Path, stuck: int) -> None:
    with scripted(silent) as hanging:
        sinks = [{"http": {"url": f"{hanging.url}/{{file}}"}}]
        with daemon(tmp_path, target("one", stuck), sinks=sinks, shutdown_grace="1h") as cam:
            cam.beat("start", "one")
            until(lambda: hanging.requests, "it is being stored")
            cam.process.send_signal(signal.SIGTERM)
            until(lambda: cam.said("stopping"), "it stops")
            asked_s = monotonic()
            assert insist(cam) == 1
            assert monotonic() - asked_s < 4
            assert not cam.children()
            assert cam.said("stopping at once")


def test_while_it_stops_no_capture_begins(tmp_path: Path, stuck: int) -> None:
    with scripted(silent) as hanging:
        sinks = [{"http": {"url": f"{hanging.url}/{{file}}"}}]
        options = {"sinks": sinks, "shutdown_grace": "1h"}
        with daemon(tmp_path, target("one", stuck, cooldown="400ms"), **options) as cam:
            cam.beat("start", "one", 1)
            until(lambda: cam.said("capture started"), "a capture")
            cam.beat("end", "one", 1)
            until(lambda: hanging.requests, "it is being stored")
            until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
            cam.process.send_signal(signal.SIGTERM)
            until(lambda: cam.said("stopping"), "it stops")
            status, answer = cam.ask("POST", "/v1/collect")
            assert status == 409
            assert "stopping" in answer["error"]
            assert len(cam.said("capture started")) == 1
            assert insist(cam) == 1


def test_while_it_stops_no_configuration_is_taken_up(tmp_path: Path, stuck: int) -> None:
    with scripted(silent) as hanging:
        sinks = [{"http": {"url": f"{hanging.url}/{{file}}"}}]
        with daemon(tmp_path, target("one", stuck), sinks=sinks, shutdown_grace="1h") as cam:
            cam.beat("start", "one", 1)
            until(lambda: hanging.requests, "it is being stored")
            cam.process.send_signal(signal.SIGTERM)
            until(lambda: cam.said("stopping"), "it stops")
            cam.configure(shutdown_grace="2s", sinks=[{"file": {"path": str(cam.reports)}}])
            cam.process.send_signal(signal.SIGHUP)
            until(lambda: cam.said("not read again: loopcam is stopping, the next start reads it"), "said")
            looks = cam.metric("loopcam_lateness_seconds_count")
            until(lambda: cam.metric("loopcam_lateness_seconds_count") > looks + 1, "it looked at the file")
            assert not cam.said("configuration taken up")
            assert insist(cam) == 1


@pytest.mark.fault("D2")
def test_a_paused_daemon_blames_nobody(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, max_loop_time="1s")) as cam:
        cam.beat("start", "one", 1)
        with cam.paused(3):
            waiting = cam.connection()  # what was said meanwhile waits in the socket
            waiting.request("POST", "/v1/heartbeat/end?target=one&iteration=1")
        assert waiting.getresponse().status == 204
        waiting.close()
        cam.beat("start", "one", 2)
        cam.beat("end", "one", 2)
        assert cam.metric("loopcam_overruns_total", target="one") == 0
        assert not cam.said("overrun")
        assert not cam.entries()


@pytest.mark.fault("D2")
def test_an_overrun_after_a_pause_says_that_the_observer_was_paused(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck)) as cam:
        cam.beat("start", "one")
        with cam.paused(2):
            pass
        assert cam.report().capture.notes == ("observer_paused",)
        assert cam.metric("loopcam_capture_notes_total", note="observer_paused") == 1
        assert cam.said("the daemon itself was paused")
