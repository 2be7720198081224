"""What the spool remembers of one report: whether it is drawn, and how far each sink is."""

from enum import StrEnum

import msgspec

from model.capture import ProcessIdentity
from model.events import Trigger


class Progress(StrEnum):
    """How far one sink is with one report."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # the sink will not take it; it is kept, and retried on demand


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One sink's state of one report, replaced as a whole: `state/SINK.json`."""

    progress: Progress = Progress.PENDING
    attempts: int = 0
    first_wall_s: float = 0.0  # Unix time of the first attempt; 0 before it
    next_wall_s: float = 0.0  # Unix time of the next attempt
    location: str = ""
    error: str = ""
    remedy: str = ""


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """The renderer's state of one report: `state/render.json`. Attempts are counted before they start."""

    attempts: int = 0


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when a capture starts, kept beside it in case the daemon does not live to its end."""

    id: str
    target: str
    labels: dict[str, str]
    triggered_at: str
    wall_minus_monotonic_s: float
    boot_id: str
    process: ProcessIdentity | None = None
    code_version: str = ""
    address: str = ""
    trigger: Trigger
    collection_time_s: float
    sinks: tuple[str, ...]
    notices: tuple[str, ...] = ()  # NOTIFICATION.MOMENT: who is to be told of it, and when
