"""The gauges of all parts: started at zero, brought up to date when asked, dropped with what they were of."""

import time
from functools import partial

from daemon.core import Core
from daemon.spool.state import Progress


def announce(core: Core) -> None:
    """Start the series of all targets and sinks of the configuration in use."""
    for target in core.fleet:
        core.telemetry.add_target(target.name, partial(_in_flight_s, core, target.name))
        for trigger in target.config.triggers:
            core.telemetry.triggers.labels(target.name, trigger.options.kind)
    for part in core.config.sinks:
        core.telemetry.add_sink(part.name)
    for entry in sorted(core.spool.entries.values(), key=lambda entry: entry.id):
        for delivery in entry.deliveries.values():
            if delivery.location and entry.target in core.fleet.targets and not entry.drill:
                core.telemetry.set_last_report(entry.target, entry.id, delivery.location)


def withdraw(core: Core, targets: set[str], sinks: set[str]) -> None:
    """Drop the series of targets and sinks that are no longer configured."""
    for target in targets:
        core.telemetry.remove_target(target)
        for figures in (core.captures.outcomes, core.captures.refusals, core.captures.uncaptured):
            figures.pop(target, None)
    for sink in sinks:
        core.telemetry.remove_sink(sink)


def refresh(core: Core) -> None:
    """Bring every gauge up to date."""
    now_s = time.monotonic()
    disabled = core.admission.disabled()
    for target in core.fleet:
        core.telemetry.set_target_state(target.name, target.state(now_s))
        reason = "disabled" if disabled else target.possible.reason
        possible = target.possible.possible and not disabled
        core.telemetry.set_capture_possible(target.name, "" if possible else reason)
        ups = {part.name: core.sources.condition(target, part).up for part in target.config.iterations}
        core.telemetry.set_sources(target.name, ups)
    for name, outbox in core.deliveries.outboxes.items():
        states = [delivery.progress for _, delivery in outbox.undelivered()]
        core.telemetry.delivery_pending.labels(name).set(states.count(Progress.PENDING))
        core.telemetry.delivery_dead.labels(name).set(states.count(Progress.DEAD))
    core.telemetry.spool_bytes.set(core.spool.used_bytes())
    core.telemetry.spool_reports.set(len(core.spool.entries))
    core.telemetry.spool_damaged.set(core.spool.damaged())


def _in_flight_s(core: Core, name: str) -> float:
    target = core.fleet.targets.get(name)
    in_flight = target.in_flight if target else None
    return time.monotonic() - in_flight.started_s if in_flight else 0.0
