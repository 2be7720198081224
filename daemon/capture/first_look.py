"""What a capture's first look decides: whether reports show this stall already."""

from collections.abc import Callable

import msgspec

from daemon.signature import quick
from model.capture import Capture, Outcome, WindowEnd
from model.errors import RefusedError

Asked = Callable[[str], RefusedError | None]


class FirstLook:
    """Told of the first look at the stacks, it ends the window of a stall that had its share of captures."""

    def __init__(self, asked: Asked, end: Callable[[WindowEnd], None]) -> None:
        """`asked` says of a signature why there shall be no report, and counts it where there shall."""
        self._asked = asked
        self._end = end
        self._signature = ""
        self._refused: RefusedError | None = None

    def __call__(self, dump: bytes) -> None:
        """The first look, as the sampler printed it."""
        if self._signature or not (signature := quick(dump)):
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
