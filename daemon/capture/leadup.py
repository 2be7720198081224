"""What was recorded before the trigger, on its way into a capture."""

from typing import Protocol

import msgspec

from daemon.spool.incoming import Incoming
from model.capture import Recording


class LeadUp(Protocol):
    """The evidence of before the trigger, which may still have to be finished."""

    async def into(self, incoming: Incoming) -> Recording | None:
        """Have it in a capture's folder, and say what it is; None when there is nothing."""

    def close(self, *, kept: bool) -> None:
        """The capture is over; `kept`: there is a report of it."""


def joined(before: Recording | None, recording: Recording | None) -> Recording | None:
    """One recording of lead-up and window; what it says of itself is of the window, where there is one."""
    if before is None or recording is None:
        return recording or before
    return msgspec.structs.replace(
        recording,
        segments=(*before.segments, *recording.segments),
        dumps=(*before.dumps, *recording.dumps),
    )
