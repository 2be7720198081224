"""What says no to a capture, pure: cooldown and captures an hour. Time comes in with every call.

A light capture waits for the cooldown as any other, but begins none, and has a budget of its own: what it
spends is never missing for the full one that may follow it. So has a drill, which is asked for by hand.
"""

from collections.abc import Mapping

import msgspec

from daemon.instant import Instant as Instant
from daemon.limits.known_stalls import HOUR_S as HOUR_S
from daemon.limits.known_stalls import Known, used_up, with_one
from model.events import PlanName, Refusal, TriggerKind
from model.units import Seconds

DRILLS_PER_HOUR = 12
MOST_TARGETS = 1000  # addresses that come and go make ever new ones: those captured last count


class LimitRules(msgspec.Struct, frozen=True, kw_only=True):
    """One target's limits."""

    cooldown_s: float
    captures_per_hour: int
    captures_per_signature: int = 2  # within an hour, too

    @property
    def light_per_hour(self) -> int:
        """How many light captures there may be within an hour: half as many as others, one at least."""
        return max(1, self.captures_per_hour // 2)


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """When a target was captured: the times that still count."""

    captures: tuple[Instant, ...] = ()  # full ones
    light: tuple[Instant, ...] = ()
    drills: tuple[Instant, ...] = ()
    known: tuple[Known, ...] = ()  # stalls, the one captured last at the end
    cooldown_from: Instant | None = None  # the last full capture that was not asked for by hand


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
        self,
        target: str,
        rules: LimitRules,
        kind: TriggerKind,
        now_s: float,
        plan: PlanName = PlanName.FULL,
    ) -> tuple[Refusal, str] | None:
        """Why this trigger is refused, in one word and in a sentence. A manual one ignores the cooldown."""
        said = self.allowance(target, rules, now_s)
        if said.cooldown_left_s > 0 and kind is not TriggerKind.MANUAL:
            return Refusal.COOLDOWN, f"the cooldown ends in {Seconds(said.cooldown_left_s)}"
        spent = self._spent.get(target, Spent())
        if plan is PlanName.LIGHT:
            return _many(spent.light, rules.light_per_hour, "light captures", now_s)
        if plan is PlanName.DRILL:
            return _many(spent.drills, DRILLS_PER_HOUR, "drills", now_s)
        return _many(spent.captures, rules.captures_per_hour, "captures", now_s)

    def spend(self, target: str, kind: TriggerKind, at: Instant, plan: PlanName = PlanName.FULL) -> Spent:
        """Count a capture that is about to start; gives what was spent before, for `give_back`."""
        spent = self._spent.get(target, Spent())
        if plan is PlanName.LIGHT:
            made = msgspec.structs.replace(spent, light=_with(spent.light, at))
        elif plan is PlanName.DRILL:
            made = msgspec.structs.replace(spent, drills=_with(spent.drills, at))
        else:
            since = spent.cooldown_from if kind is TriggerKind.MANUAL else at
            captures = _with(spent.captures, at)
            made = msgspec.structs.replace(spent, captures=captures, cooldown_from=since)
        self._spent.pop(target, None)  # the one that was captured last comes last
        self._spent[target] = made
        while len(self._spent) > MOST_TARGETS:
            del self._spent[next(iter(self._spent))]
        return spent

    def spend_signature(self, target: str, signature: str, report: str, process: str, at: Instant) -> None:
        """Count a capture of a stall."""
        spent = self._spent.get(target, Spent())
        known = with_one(spent.known, signature, report, process, at)
        self._spent[target] = msgspec.structs.replace(spent, known=known)

    def used_up(
        self, target: str, rules: LimitRules, signature: str, process: str, now_s: float
    ) -> tuple[Refusal, str] | None:
        """Why a stall shall not be captured once more, in one word and in a sentence; None where it may."""
        most = rules.captures_per_signature
        one = used_up(self._spent.get(target, Spent()).known, signature, process, most, now_s)
        if one is None:
            return None
        why = f"{one.report} shows this stall (signature {signature}): {most} captures of it an hour"
        return Refusal.KNOWN_STALL, f"{why}, the next in {Seconds(one.next_s(most, now_s))}"

    def known(self, target: str, now_s: float) -> tuple[Known, ...]:
        """The stalls of a target that were captured within the hour."""
        return tuple(one for one in self._spent.get(target, Spent()).known if one.within(now_s))

    def give_back(self, target: str, before: Spent) -> None:
        """Forget a capture that could take nothing."""
        self._spent[target] = before

    def saved(self, boot_id: str) -> Saved:
        """What to keep across a restart."""
        return Saved(boot_id=boot_id, targets=dict(self._spent), unknown_before=self._unknown_before)

    def _cooldown_start_s(self, spent: Spent) -> float:
        starts = (spent.cooldown_from, self._unknown_before)
        return max((at.boot_s for at in starts if at is not None), default=float("-inf"))


def _many(captures: tuple[Instant, ...], most: int, what: str, now_s: float) -> tuple[Refusal, str] | None:
    """Why one more within the hour would be too many, and when it no longer is."""
    recent = [at for at in captures if now_s - at.boot_s < HOUR_S]
    if len(recent) < most:
        return None
    next_s = Seconds(max(0.0, recent[-most].boot_s + HOUR_S - now_s))
    return Refusal.RATE_LIMITED, f"{most} {what} within the last hour, the next in {next_s}"


def _with(captures: tuple[Instant, ...], at: Instant) -> tuple[Instant, ...]:
    return (*(one for one in captures if at.boot_s - one.boot_s < HOUR_S), at)


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
            light=tuple(map(moved, one.light)),
            drills=tuple(map(moved, one.drills)),
            known=tuple(known.moved(moved) for known in one.known),
            cooldown_from=one.cooldown_from and moved(one.cooldown_from),
        )
        for target, one in saved.targets.items()
    }
    return Limits(spent, saved.unknown_before and moved(saved.unknown_before))
