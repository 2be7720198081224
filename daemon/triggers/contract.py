"""What a trigger is: options in the configuration, and what they make of the loop, or who judges."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

from daemon.watch.iterations import Rules, Watch
from model.events import TriggerKind

if TYPE_CHECKING:  # whose options these are part of
    from daemon.config.target import Target

Broken = tuple[str, str]  # what is written, and the rule that it breaks


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a process has used, at one moment."""

    cpu_s: float  # since it began, all threads together
    rss_bytes: int


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a judge is shown of its target, about once a second."""

    now_s: float  # monotonic
    heard_s: float | None = None  # when a source last spoke of this process
    quiet: bool = False  # its loop could be heard, is not on standby, and runs no iteration
    usage: Usage | None = None  # only now and then


class Judge(Protocol):
    """Follows one target for one trigger, pure."""

    def look(self, seen: Seen) -> str | None:
        """Why a capture is wanted now, in a clause with its figures; None when none is."""

    def says(self) -> str:
        """Where it stands, for the status."""


class TriggerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What else brings a capture. Its fields are its options in the configuration."""

    kind: ClassVar[TriggerKind]
    once: ClassVar[bool] = False  # one of a kind is enough for a target
    needs_process: ClassVar[bool] = False

    def on_loop(self, rules: Rules) -> Rules:
        """The rules of the target's loop with what this one adds to them."""
        return rules

    def judge(self) -> Judge | None:
        """Who looks at the target; None where the loop's own watch, or an event, is enough."""
        return None

    def usage_every_s(self) -> float | None:
        """How often the judge wants to see what the process uses, if it does."""
        return None

    def says(self, watch: Watch) -> str:
        """What it waits for, where nobody judges."""
        raise NotImplementedError

    def broken(self, target: "Target") -> Iterator[Broken]:
        """What does not go together with the other options of its target."""
        yield from ()
