"""/healthz as a liveness probe: it tells a daemon that hangs, and nothing that a restart would not mend."""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, looping, target, until

NOWHERE = "http://127.0.0.1:1/{target}/{id}"


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def alive(cam: Daemon) -> bool:
    return bool(cam.ask("GET", "/healthz") == (200, {"ok": True}))


def test_what_a_restart_would_not_mend_leaves_it_alive(tmp_path: Path, stuck: int) -> None:
    off = tmp_path / "off"
    absent = target("absent", None, process={"match": "never-to-be-seen-here"})
    options = {"sinks": [{"http": {"url": NOWHERE}}], "capture_disabled_file": str(off)}
    options["spool"] = {"path": str(tmp_path / "spool"), "max_reports": 2}
    with daemon(tmp_path, absent, target("one", stuck), **options) as cam:
        assert alive(cam)  # a target is absent
        cam.finds("one")
        for _ in range(2):
            status, answer = cam.ask("POST", "/v1/collect", {"target": "one", "drill": True})
            assert status == 202, answer
            path = str(answer["status"])
            until(lambda path=path: cam.get(path)["state"] == "accepted", "it waits for the sink")
        assert cam.ask("POST", "/v1/collect", {"target": "one"})[1]["error"].startswith("spool_full")
        assert alive(cam)  # a sink is down, and the spool full
        off.touch()
        assert cam.metric("loopcam_capture_possible", target="one", reason="disabled") == 0
        assert alive(cam)  # switched off
        os.kill(stuck, signal.SIGKILL)
        until(lambda: cam.target("one")["state"] == "gone", "it ended")
        cam.file.write_text("targets: nothing")
        cam.process.send_signal(signal.SIGHUP)
        until(lambda: cam.ask("GET", "/readyz")[0] == 503, "the configuration was refused")
        assert alive(cam)


def test_a_daemon_that_hangs_does_not_answer(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, max_loop_time="1h")) as cam:
        assert alive(cam)
        with cam.paused(0), pytest.raises(TimeoutError):
            urllib.request.urlopen(f"{cam.url}/healthz", timeout=1)
        until(lambda: alive(cam), "it goes on")
