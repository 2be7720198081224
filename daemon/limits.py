"""What says no to a capture, pure: cooldown and captures an hour. Time comes in with every call."""

from collections.abc import Mapping

import msgspec

from model.events import Refusal, TriggerKind
from model.units import Seconds

HOUR_S = 3600.0


class LimitRules(msgspec.Struct, frozen=True, kw_only=True):
    """One target's limits."""

    cooldown_s: float
    captures_per_hour: int


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """One moment on the two clocks that outlive a process."""

    boot_s: float  # CLOCK_BOOTTIME: exact, until the next boot
    wall_s: float  # Unix time: known across boots, but it may jump


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """When a target was captured: the times that still count."""

    captures: tuple[Instant, ...] = ()
    cooldown_from: Instant | None = None  # the last capture that an overrun caused


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What the limits would say now."""

    refusal: Refusal | None
    cooldown_left_s: float
    captures_left: int


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """The state that is kept on disk."""

    boot_id: str
    targets: dict[str, Spent]
    unknown_before: Instant | None = None  # nothing is known of captures before this


class Limits:
    """Counts captures by target name."""

    def __init__(
        self, spent: Mapping[str, Spent] | None = None, unknown_before: Instant | None = None
    ) -> None:
        """With `unknown_before` every target waits for one full cooldown from then."""
        self._spent: dict[str, Spent] = dict(spent or {})
        self._unknown_before = unknown_before

    def allowance(self, target: str, rules: LimitRules, now_s: float) -> Allowance:
        """What an overrun of this target would be told at `now_s` (boot clock)."""
        spent = self._spent.get(target, Spent())
        left_s = max(0.0, self._cooldown_start_s(spent) + rules.cooldown_s - now_s)
        recent = sum(1 for at in spent.captures if now_s - at.boot_s < HOUR_S)
        captures_left = max(0, rules.captures_per_hour - recent)
        refusal = Refusal.COOLDOWN if left_s > 0 else Refusal.RATE_LIMITED if captures_left == 0 else None
        return Allowance(refusal=refusal, cooldown_left_s=left_s, captures_left=captures_left)

    def refusal(
        self, target: str, rules: LimitRules, kind: TriggerKind, now_s: float
    ) -> tuple[Refusal, str] | None:
        """Why this trigger is refused, in one word and in a sentence. A manual one ignores the cooldown."""
        said = self.allowance(target, rules, now_s)
        if said.cooldown_left_s > 0 and kind is not TriggerKind.MANUAL:
            return Refusal.COOLDOWN, f"the cooldown ends in {Seconds(said.cooldown_left_s)}"
        if said.captures_left == 0:
            most, next_s = rules.captures_per_hour, self._next_s(target, rules, now_s)
            return Refusal.RATE_LIMITED, f"{most} captures within the last hour, the next in {next_s}"
        return None

    def _next_s(self, target: str, rules: LimitRules, now_s: float) -> Seconds:
        """How long until so many of the last hour's captures are forgotten that one more is allowed."""
        captures = self._spent[target].captures[-rules.captures_per_hour :]
        return Seconds(max(0.0, captures[0].boot_s + HOUR_S - now_s))

    def spend(self, target: str, kind: TriggerKind, at: Instant) -> Spent:
        """Count a capture that is about to start; gives what was spent before, for `give_back`."""
        spent = self._spent.get(target, Spent())
        recent = (*(one for one in spent.captures if at.boot_s - one.boot_s < HOUR_S), at)
        since = spent.cooldown_from if kind is TriggerKind.MANUAL else at
        self._spent[target] = Spent(captures=recent, cooldown_from=since)
        return spent

    def give_back(self, target: str, before: Spent) -> None:
        """Forget a capture that could take nothing."""
        self._spent[target] = before

    def saved(self, boot_id: str) -> Saved:
        """What to keep across a restart."""
        return Saved(boot_id=boot_id, targets=dict(self._spent), unknown_before=self._unknown_before)

    def _cooldown_start_s(self, spent: Spent) -> float:
        starts = (spent.cooldown_from, self._unknown_before)
        return max((at.boot_s for at in starts if at is not None), default=float("-inf"))


def restored(saved: Saved, boot_id: str, now: Instant) -> Limits:
    """The limits as they were saved, on this boot's clock.

    After another boot only wall time tells how long ago a capture was. It may have jumped: an age is never
    negative, so that no clock can lengthen a cooldown beyond its own length.
    """

    def moved(at: Instant) -> Instant:
        age_s = now.boot_s - at.boot_s if saved.boot_id == boot_id else now.wall_s - at.wall_s
        age_s = max(0.0, age_s)
        return Instant(boot_s=now.boot_s - age_s, wall_s=now.wall_s - age_s)

    spent = {
        target: Spent(
            captures=tuple(map(moved, one.captures)),
            cooldown_from=one.cooldown_from and moved(one.cooldown_from),
        )
        for target, one in saved.targets.items()
    }
    return Limits(spent, saved.unknown_before and moved(saved.unknown_before))
