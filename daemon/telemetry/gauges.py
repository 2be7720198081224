"""The gauges of all parts: started at zero, brought up to date when asked, dropped with what they were of."""

import asyncio
import time
from collections.abc import Set as AbstractSet

from daemon.core import Core
from daemon.spool.spool import Spool
from daemon.spool.state import Progress
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.telemetry.unheard import unheard

_AT_ONCE = 20  # targets: a few milliseconds


def announce(core: Core) -> None:
    """Start the series of all targets and sinks of the configuration in use."""
    for target in core.fleet:
        core.telemetry.add_target(target.name)
        for counter in (core.telemetry.dashcam_cpu_s, core.telemetry.dashcam_restarts):
            counter.labels(target.name)
        for trigger in target.config.triggers:
            core.telemetry.triggers.labels(target.name, trigger.options.kind)
    core.verdicts.remember(core.spool.entries.values())
    for part in core.config.sinks:
        core.telemetry.add_sink(part.name)
    for notification in core.config.notifications:
        core.telemetry.add_notification(notification.name)
    for entry in sorted(core.spool.entries.values(), key=lambda entry: entry.id):
        for delivery in entry.deliveries.values():
            if delivery.location and entry.target in core.fleet.targets and not entry.drill:
                core.telemetry.set_last_report(entry.target, entry.id, delivery.location)


def withdraw(
    core: Core, targets: set[str], sinks: set[str], notifications: AbstractSet[str] = frozenset()
) -> None:
    """Drop the series of targets, sinks and notifications that are no longer configured."""
    for name in notifications:
        core.telemetry.remove_notification(name)
    if targets:
        core.telemetry.remove_targets(targets)
    for target in targets:
        core.verdicts.forget(target)
        core.captures.tally.forget(target)
    for sink in sinks:
        core.telemetry.remove_sink(sink)


async def refresh(core: Core) -> None:
    """Bring every gauge up to date; of many targets few at once, so that others have their turn."""
    disabled = core.admission.disabled()
    for number, target in enumerate(tuple(core.fleet), 1):
        if core.fleet.targets.get(target.name) is target:  # it may have gone meanwhile
            _refresh_target(core, target, time.monotonic(), disabled=disabled)
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
    for name, outbox in core.deliveries.outboxes.items():
        states = [delivery.progress for _, delivery in outbox.undelivered()]
        core.telemetry.delivery_pending.labels(name).set(states.count(Progress.PENDING))
        core.telemetry.delivery_dead.labels(name).set(states.count(Progress.DEAD))
    for name, box in core.notifications.boxes.items():
        states = [delivery.progress for _, delivery in box.undelivered()]
        core.telemetry.notification_pending.labels(name).set(states.count(Progress.PENDING))
        core.telemetry.notification_dead.labels(name).set(states.count(Progress.DEAD))
    _refresh_spool(core.spool, core.telemetry)


def _refresh_target(core: Core, target: Target, now_s: float, *, disabled: bool) -> None:
    core.telemetry.set_target_state(target.name, target.state(now_s))
    reason = "disabled" if disabled else target.possible.reason
    possible = target.possible.possible and not disabled
    core.telemetry.set_capture_possible(target.name, "" if possible else reason)
    in_flight = target.in_flight  # asked here: who writes the series is another thread
    age_s = now_s - in_flight.started_s if in_flight else 0.0
    core.telemetry.iteration_in_flight_s.labels(target.name).set(age_s)
    core.telemetry.iteration_threshold_s.labels(target.name).set(_threshold_s(target))
    silent = any(True for _ in unheard(core, target, now_s))
    core.telemetry.target_unheard.labels(target.name).set(silent)
    dashcam = core.dashcam.status(target)
    core.telemetry.dashcam_held_s.labels(target.name).set(dashcam.held_s)
    core.telemetry.dashcam_held_bytes.labels(target.name).set(dashcam.held_bytes)
    core.telemetry.dashcam_sampling.labels(target.name).set(dashcam.sampling)
    ups = {part.name: core.sources.condition(target, part).up for part in target.config.iterations}
    core.telemetry.set_sources(target.name, ups)


def _refresh_spool(spool: Spool, telemetry: Telemetry) -> None:
    owed = spool.owed()
    telemetry.spool_bytes.set(spool.used_bytes())
    telemetry.spool_reports.set(len(spool.entries))
    telemetry.spool_owed_bytes.set(sum(entry.size_bytes for entry in owed))
    telemetry.spool_owed_reports.set(len(owed))
    telemetry.spool_limit_bytes.set(spool.max_bytes)
    telemetry.spool_limit_reports.set(spool.max_reports)
    telemetry.spool_disk_free_bytes.set(spool.disk_free_bytes())
    telemetry.spool_damaged.set(spool.damaged())


def _threshold_s(target: Target) -> float:
    """The age at which the iteration in flight overruns, or one would that starts now."""
    watch, in_flight = target.watch, target.in_flight
    threshold_s = in_flight.threshold_s if in_flight else watch.next_threshold().time_s
    return threshold_s + watch.rules.idle_allowance_s + watch.rules.lag_s
