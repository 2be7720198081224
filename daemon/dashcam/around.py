"""What the cameras of all targets have in common: whom they ask and tell, and how many record at once."""

from collections.abc import Callable
from typing import Final

import msgspec

from daemon.dashcam.wanting import HistoryOf
from daemon.targets.target import Target

MOST: Final = 16  # samplers at once: each is a process of about 10 MiB
MOST_HEALTHY: Final = 2  # of what may as well be sampled at another time


class Seats:
    """How many targets may be sampled at once, so that many that begin together are no burden together."""

    def __init__(self) -> None:
        self.taken = 0

    def left(self, presses: bool) -> int:
        """How many more may begin, of what presses or of what may wait."""
        return max(0, (MOST if presses else MOST_HEALTHY) - self.taken)


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a camera asks and tells the rest of the daemon."""

    hindrance: Callable[[Target], str]  # why a target must not be sampled now; empty where it may
    history: HistoryOf
    spent: Callable[[Target, float], None]  # CPU time of samplers, in seconds
    failed: Callable[[Target], None]
    seats: Seats
