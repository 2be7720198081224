"""What the limits would say now, as plain data."""

from collections.abc import Iterator

import msgspec

from daemon.core import Core
from daemon.limits.admission import limit_rules
from daemon.limits.file import now
from daemon.targets.target import Target
from model.events import TriggerKind


class KnownStall(msgspec.Struct, frozen=True, kw_only=True):
    """A stall that reports show already."""

    signature: str  # the quick one, of the first look's stacks
    captures_this_hour: int
    next_in_s: float  # until it may be captured again; 0 for now
    report: str  # the last that shows it


class LimitsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What an overrun would be told now."""

    would_refuse: str | None
    why: str
    cooldown_left_s: float
    captures_left_this_hour: int
    known_stalls: tuple[KnownStall, ...]  # captured within the hour


def limits_status(core: Core, target: Target) -> LimitsStatus:
    """What the limits say of a target now."""
    refused = core.admission.refusal(target, TriggerKind.OVERRUN)
    said = core.admission.limits.allowance(target.name, limit_rules(target.config), now().boot_s)
    return LimitsStatus(
        would_refuse=None if refused is None else refused.reason,
        why="" if refused is None else str(refused),
        cooldown_left_s=said.cooldown_left_s,
        captures_left_this_hour=said.captures_left,
        known_stalls=tuple(_known(core, target)),
    )


def _known(core: Core, target: Target) -> Iterator[KnownStall]:
    most, now_s = target.config.captures_per_signature, now().boot_s
    for one in core.admission.limits.known(target.name, now_s):
        yield KnownStall(
            signature=one.signature,
            captures_this_hour=one.within(now_s),
            next_in_s=one.next_s(most, now_s),
            report=one.report,
        )
