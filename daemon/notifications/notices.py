"""Who is to be told of a report, and when: `NOTIFICATION.MOMENT`."""

from collections.abc import Iterable

from daemon.config.parts import Part
from model.events import PlanName
from model.news import Moment
from sinks.notification import Notification


def key(name: str, moment: Moment) -> str:
    """What one message about a report is called."""
    return f"{name}.{moment}"


def due(parts: Iterable[Part[Notification]], plan: PlanName) -> tuple[str, ...]:
    """The messages that a new report brings."""
    drill = plan is PlanName.DRILL
    return tuple(
        key(part.name, moment)
        for part in parts
        for moment in Moment
        if part.options.wants(moment, drill=drill)
    )
