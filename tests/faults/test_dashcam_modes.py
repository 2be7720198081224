"""The dashcam's mode changes while it runs."""

import itertools
import signal
import time
from pathlib import Path

from tests.daemon import Daemon, daemon, target, until
from tests.faults.test_dashcam import dashcam, samplers

MODES = ("continuous", "off", "adaptive", "off", "continuous", "adaptive", "continuous")


def reloaded(cam: Daemon) -> float:
    return cam.metric("loopcam_config_reloads_total", result="success")


def test_every_mode_follows_every_other(tmp_path: Path, stuck: int) -> None:
    """A few healthy iterations are wanted all the time, for the baseline."""
    with daemon(tmp_path, target("one", stuck, max_loop_time="1h", dashcam="adaptive")) as cam:
        until(lambda: cam.target("one")["capture_possible"], "it can be captured")
        iterations = itertools.count()
        for mode in MODES:
            before = reloaded(cam)
            cam.configure(targets=[target("one", stuck, max_loop_time="1h", dashcam=mode)])
            cam.process.send_signal(signal.SIGHUP)
            until(lambda before=before: reloaded(cam) > before, f"{mode} is taken up")
            for _ in range(3):
                number = next(iterations)
                cam.beat("start", "one", number)
                time.sleep(0.05)
                cam.beat("end", "one", number)
            if mode == "off":
                until(lambda: not dashcam(cam)["sampling"] and not samplers(cam), "nothing is sampled")
                cam.beat("start", "one", "late")
                assert dashcam(cam)["why_not"] == "it is off"
                cam.beat("end", "one", "late")
            if mode == "continuous":
                until(lambda: samplers(cam), "it samples")
                assert len(samplers(cam)) == 1
        assert not cam.said("dashcam failed")
        assert not cam.said("dashcam interrupted")
