"""What a trigger is: options in the configuration, and what they make of the watch of a loop."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

import msgspec

from daemon.watch.iterations import Rules

if TYPE_CHECKING:  # whose options these are part of
    from daemon.config.target import Target

Broken = tuple[str, str]  # what is written, and the rule that it breaks


class TriggerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What else brings a capture. Its fields are its options in the configuration."""

    once: ClassVar[bool] = False  # one of a kind is enough for a target
    needs_process: ClassVar[bool] = False

    def on_loop(self, rules: Rules) -> Rules:
        """The rules of the target's loop with what this one adds to them."""
        return rules

    def broken(self, target: "Target") -> Iterator[Broken]:
        """What does not go together with the other options of its target."""
        yield from ()
