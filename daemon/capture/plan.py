"""What a capture of a target takes."""

from collectors.contract import Collector, Looker
from daemon.capture.capture import Plan
from daemon.config import settings


def plan(config: settings.Target) -> Plan:
    """Sort a target's configured parts into what samples and what collects."""
    return Plan(
        samplers={p.kind: p.options for p in config.collectors if isinstance(p.options, Looker)},
        collectors={p.name: p.options for p in config.collectors if isinstance(p.options, Collector)},
    )
