"""One overrun after the other of a real target under a real daemon."""

import time
from collections.abc import Mapping
from datetime import datetime

from benchmarks.apparatus.daemons import Daemon
from benchmarks.figures import FigureError
from model.capture import Capture

THRESHOLD_S = 0.2
PAUSE_S = 0.3  # for the processes of the last capture to end


def options(collection_time_s: float) -> Mapping[str, object]:
    """A target that may be captured again and again, but not twice in one overrun."""
    return {
        "max_loop_time": f"{THRESHOLD_S:g}s",
        "collection_time": f"{collection_time_s:g}s",
        "cooldown": f"{collection_time_s + 0.5:g}s",
        "captures_per_hour": 3600,
        "captures_per_signature": 3600,
    }


class Overrun:
    """An iteration that overruns, its capture and its report's way to the sink."""

    def __init__(self, daemon: Daemon) -> None:
        """Play it through; raises FigureError when the daemon does not do its part."""
        time.sleep(PAUSE_S)
        daemon.heart.say("start")
        accepted = daemon.log("report accepted")
        daemon.heart.say("end")
        self.accepted_at_s = _unix_s(accepted)
        self.stored_at_s = _unix_s(daemon.log("report stored"))
        self.capture = daemon.capture(str(accepted["report"]))

    @property
    def first_stack_s(self) -> float:
        """From the moment it was due to the first dump."""
        trigger, recording = self.capture.trigger, self.capture.recording
        if recording is None:
            raise FigureError(f"no stacks were taken: {self.capture.parts}")
        first_s = min(dump.at_s for dump in recording.dumps if dump.at_s >= self.capture.window.started_s)
        return first_s - (trigger.started_s or 0.0) - (trigger.threshold_s or 0.0)

    @property
    def accepted_s(self) -> float:
        """From the window's end until the report was durable in the spool."""
        return self.accepted_at_s - _ended_at_s(self.capture)

    @property
    def stored_s(self) -> float:
        """From the window's end until the sink had it."""
        return self.stored_at_s - _ended_at_s(self.capture)


def _ended_at_s(capture: Capture) -> float:
    return capture.window.ended_s + capture.wall_minus_monotonic_s


def _unix_s(record: Mapping[str, object]) -> float:
    return datetime.fromisoformat(str(record["time"])).timestamp()
