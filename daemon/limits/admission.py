"""Whether a trigger leads to a capture, and if not, why."""

from pathlib import Path

from daemon.config import settings
from daemon.limits.file import LimitsFile, now
from daemon.limits.rates import LimitRules, Limits, Spent
from daemon.spool.spool import Spool
from daemon.targets.held import Held
from daemon.targets.target import Target
from model.capture import Outcome
from model.errors import RefusedError
from model.events import PlanName, Refusal, Trigger, TriggerKind

_OF_STACKS = (TriggerKind.OVERRUN, TriggerKind.SILENCE)
_FIND = "start it, or mend the target's `process` or `address`: it finds nothing"
_IMPOSSIBLE: dict[str, Refusal] = {
    Outcome.NOT_PERMITTED: Refusal.NOT_PERMITTED,
    Outcome.UNSUPPORTED: Refusal.UNSUPPORTED,
}


def limit_rules(config: settings.Target) -> LimitRules:
    """The limits of a target's configuration."""
    return LimitRules(
        cooldown_s=config.cooldown,
        captures_per_hour=config.captures_per_hour,
        captures_per_signature=config.captures_per_signature,
    )


class Admission:
    """Asks every authority in turn: switch, process, rights, limits, other captures, disk."""

    def __init__(self, config: settings.Config, limits_file: LimitsFile, spool: Spool) -> None:
        self.config = config
        self.limits: Limits = limits_file.load()
        self.running: set[str] = set()  # targets with a capture in progress
        self._drills: set[str] = set()  # those of them whose capture is a drill, which takes nobody's place
        self._before: dict[str, Spent] = {}  # what a target had spent before its last capture
        self._limits_file = limits_file
        self._spool = spool

    def disabled(self) -> bool:
        """Whether the switch file forbids to attach to anything; one that cannot be looked for does."""
        path: Path | None = self.config.capture_disabled_file
        try:
            return path is not None and path.exists()
        except OSError:
            return True

    def refusal(
        self, target: Target, kind: TriggerKind, plan: PlanName = PlanName.FULL
    ) -> RefusedError | None:
        """Why a capture of this target would be refused now; None when it may start."""
        if self.disabled():
            path = self.config.capture_disabled_file
            why = f"{path} exists, or cannot be looked for"
            return RefusedError(Refusal.DISABLED, why, remedy="remove it to allow captures")
        if target.held is None and kind is not TriggerKind.EXIT:
            return _absent(target)
        if (reason := _IMPOSSIBLE.get(target.possible.reason)) and kind is not TriggerKind.EXIT:
            return RefusedError(reason, target.possible.detail, remedy=target.possible.remedy)
        said = self.limits.refusal(target.name, limit_rules(target.config), kind, now().boot_s, plan)
        if said is not None:
            own = said[0] is Refusal.RATE_LIMITED and plan is not PlanName.DRILL
            remedy = "wait, or raise `captures_per_hour`" if own else ""
            return RefusedError(*said, remedy=remedy)
        counted = self.running - self._drills if plan is not PlanName.DRILL else self.running
        if target.name in self.running or len(counted) >= self.config.captures_at_once:
            return RefusedError(Refusal.BUSY, f"captures in progress: {', '.join(sorted(self.running))}")
        if not self._spool.has_room(target.name):
            full = "the spool or its disk is full of what sinks do not have yet"
            return RefusedError(Refusal.SPOOL_FULL, full, remedy="see `loopcam reports list`, mend the sink")
        return None

    def admit(self, target: Target, trigger: Trigger, ended: Held | None = None) -> Held:
        """Let a capture start and give what to look at, or raise RefusedError.

        What has `ended` is no longer what the target holds.
        """
        refused, held = self.refusal(target, trigger.kind, trigger.plan), ended or target.held
        if refused is not None or held is None:
            raise refused or _absent(target)
        self.running.add(target.name)
        if trigger.plan is PlanName.DRILL:
            self._drills.add(target.name)
        self._before[target.name] = self.limits.spend(target.name, trigger.kind, now(), trigger.plan)
        return held

    def stall(self, target: Target, trigger: Trigger, report: str, signature: str) -> RefusedError | None:
        """Why this stall shall not be captured once more; else it is counted.

        What asks for a report by hand, or for another reason than the loop's own stack, gets one.
        """
        if trigger.plan is not PlanName.FULL:
            return None
        at, who = now(), target.held.identity if target.held else None
        process = f"{who.pid}@{who.start_ticks}" if who else ""
        if trigger.kind in _OF_STACKS:
            rules = limit_rules(target.config)
            if (said := self.limits.used_up(target.name, rules, signature, process, at.boot_s)) is not None:
                return RefusedError(*said, remedy="look at that report, or raise `captures_per_signature`")
        self.limits.spend_signature(target.name, signature, report, process, at)
        return None

    def give_back(self, target_name: str) -> None:
        """A capture came to nothing, for no fault of the target: it spends nothing, once that is saved."""
        self.limits.give_back(target_name, self._before[target_name])

    def save(self) -> None:
        """Make what was spent durable, before anything is attached; raises OSError."""
        self._limits_file.save(self.limits)

    def done(self, target_name: str) -> None:
        """A capture is over."""
        self.running.discard(target_name)
        self._drills.discard(target_name)
        self._before.pop(target_name, None)


def _absent(target: Target) -> RefusedError:
    why = target.possible if target.possible.reason == target.absent.reason else target.absent
    return RefusedError(Refusal.NO_PROCESS, why.detail, remedy=_FIND if why == target.absent else why.remedy)
