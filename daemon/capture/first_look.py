"""What a capture's first look decides: whether reports show this stall already."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from daemon.limits.signature import quick
from model.capture import Capture, Outcome, WindowEnd
from model.errors import RefusedError

Asked = Callable[[str], RefusedError | None]


class FirstLook:
    """Told of the first look at the stacks, it ends the window of a stall that had its share of captures."""

    def __init__(self, asked: Asked, end: Callable[[WindowEnd], None]) -> None:
        """`asked` says of a signature why there shall be no report, and counts it where there shall."""
        self._asked = asked
        self._end = end
        self.seen = False  # whether there was one
        self._signature = ""
        self._refused: RefusedError | None = None

    def __call__(self, dump: bytes) -> None:
        """The first look, as the sampler printed it."""
        self.seen = True
        if not (signature := quick(dump)):
            return
        self._signature = signature
        self._refused = self._asked(signature)
        if self._refused is not None:
            self._end(WindowEnd.KNOWN_STALL)

    def marked(self, capture: Capture) -> Capture:
        """The capture with its signature; raises RefusedError where there shall be no report of it.

        A target that exited meanwhile is worth one.
        """
        if self._refused is not None and capture.outcome is not Outcome.TARGET_EXITED:
            raise self._refused
        return msgspec.structs.replace(capture, signature=self._signature)


def last_look(capture: Capture, directory: Path) -> bytes:
    """The dashcam's last look within the iteration, for where that ended before the capture's first.

    It reads the disk; empty where there is none.
    """
    iteration, recording = capture.iteration, capture.recording
    if iteration is None or recording is None:
        return b""
    until_s = min(capture.window.started_s, iteration.ended_s or float("inf"))
    looks = [one for one in recording.dumps if iteration.started_s <= one.at_s <= until_s]
    if not looks:
        return b""
    try:
        return (directory / max(looks, key=lambda one: one.at_s).path).read_bytes()
    except OSError:  # a report that cannot be told from others is worth having
        return b""
