"""What a source is: options in the configuration and, where it fetches what it knows, a task of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec

from fetch.access import Endpoint
from model.events import Event

if TYPE_CHECKING:  # options are loaded by every command that reads a configuration
    from daemon.targets.process import HeldProcess
    from daemon.telemetry.series import Telemetry

Mode = Literal["start_end", "start", "end", "beat"]


class LoopRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a source can tell of a loop."""

    mode: Mode
    idle_allowance_s: float = 0.0  # the pause between iterations that no event marks
    concurrent: bool = False  # iterations run side by side, told apart by their names
    max_loop_time_s: float | None = None  # a sensible threshold, where the source knows one
    lag_s: float = 0.0  # so much later than it happened an event may come
    remembers: bool = False  # the target tells also what went on while it was not heard
    killed_after_s: float | None = None  # age at which a probe has an iteration's process killed, where known


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """How loopcam learns of iterations. Its fields are its options in the configuration."""

    needs_address: ClassVar[bool] = False  # it asks the target's HTTP

    def loop_rules(self) -> LoopRules:
        """What it can tell."""
        raise NotImplementedError


class Condition(msgspec.Struct, frozen=True):
    """Whether a source hears its target now, and if not, why and what to do."""

    up: bool
    detail: str = ""
    remedy: str = ""


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds one running source: whom it watches, and whom it tells."""

    target: str
    name: str  # of the source, within its target
    deliver: Callable[[Event], None]
    report: Callable[[Condition], None]
    process: Callable[[], "HeldProcess | None"]  # the target's process, while it has one
    endpoint: Endpoint | None  # where the target's HTTP is
    folder: Path  # where it may remember what it needs after a restart; made when first used
    telemetry: "Telemetry"
    lines: tuple[str, ...] = ()  # patterns of triggers: who reads text tells which new lines match
    line: Callable[[str], None] = lambda _pattern: None
