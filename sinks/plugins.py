"""Sinks by name: ours, and those of other distributions in the entry point group `loopcam.sinks`."""

from plugins import registry
from sinks import SINKS
from sinks.contract import Sink

GROUP = "loopcam.sinks"


def names() -> tuple[str, ...]:
    """Every name that a configuration may use, sorted."""
    return registry.names(SINKS, GROUP)


def find(name: str) -> type[Sink]:
    """The class of a sink; raises plugins.registry.UnknownPluginError (a KeyError) or LoopcamError."""
    return registry.find(Sink, SINKS, GROUP, name)
