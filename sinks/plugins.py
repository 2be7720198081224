"""Sinks and notifications by name: ours, and those of other distributions in entry point groups."""

from plugins import registry
from sinks import NOTIFICATIONS, SINKS
from sinks.contract import Sink
from sinks.notification import Notification

GROUP = "loopcam.sinks"
NOTIFICATION_GROUP = "loopcam.notifications"


def names() -> tuple[str, ...]:
    """Every name of a sink that a configuration may use, sorted."""
    return registry.names(SINKS, GROUP)


def find(name: str) -> type[Sink]:
    """The class of a sink; raises plugins.registry.UnknownPluginError (a KeyError) or LoopcamError."""
    return registry.find(Sink, SINKS, GROUP, name)


def notification_names() -> tuple[str, ...]:
    """Every name of a notification that a configuration may use, sorted."""
    return registry.names(NOTIFICATIONS, NOTIFICATION_GROUP)


def find_notification(name: str) -> type[Notification]:
    """The class of a notification; raises as `find` does."""
    return registry.find(Notification, NOTIFICATIONS, NOTIFICATION_GROUP, name)
