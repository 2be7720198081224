"""The daemon's parts, wired to each other. Every part is built here, and nowhere else."""

import asyncio
import logging
from collections.abc import Iterator

from daemon.baseline.baselines import Baselines
from daemon.captures import Captures
from daemon.config.settings import Config
from daemon.dashcam.aftermath import Aftermath
from daemon.dashcam.dashcam import Dashcam
from daemon.delivery.deliveries import Deliveries
from daemon.events import Events
from daemon.evidence import version
from daemon.limits.admission import Admission
from daemon.limits.file import LimitsFile
from daemon.notifications.notifications import Notifications
from daemon.orders import Orders
from daemon.signals.readings import Readings
from daemon.sources.running import Sources
from daemon.spool.entry import Entry
from daemon.spool.place import place
from daemon.spool.spool import Spool
from daemon.spool.state import Delivery, Progress
from daemon.targets.fleet import Fleet
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.telemetry.verdicts import Verdicts
from daemon.triggers.running import Triggers

_LOG = logging.getLogger(__name__)


class Core:
    """All that watches, decides and delivers; what it is told from outside comes through `daemon/web`."""

    def __init__(self, config: Config) -> None:
        """Open the spool; raises SpoolError."""
        self.config = config
        self.refused_config = ""  # the faults of a newer configuration that could not be taken up
        self.hurry = asyncio.Event()  # set: look for processes now rather than at the next tick
        self.telemetry = Telemetry(version())
        quota = config.spool
        path = place(quota.path)
        self.spool = Spool(path, max_bytes=quota.max_bytes, max_reports=quota.max_reports)
        self.admission = Admission(config, LimitsFile(path / "state" / "limits.json"), self.spool)
        self.deliveries = Deliveries(config.sinks, self.spool, self._delivered)
        self.notifications = Notifications(config.notifications, self.spool, self.telemetry)
        self.verdicts = Verdicts(self.telemetry)
        self.deliveries.on_accepted = self.notifications.wake
        self.deliveries.on_drawn = self.verdicts.drawn
        self.captures = Captures(self.admission, self.spool, self.deliveries, self.telemetry)
        self.baselines = self.spool.healthy = Baselines(path)
        self.baselines.sampling.labels = lambda: self.config.labels
        self.fleet = Fleet(config.targets, self._exited)
        self.dashcam = Dashcam(self.fleet, self.admission, self.spool, self.telemetry)
        self.dashcam.history = lambda target: self.baselines.histories.figures(target.name)
        self.dashcam.wanted = self.baselines.sampling.wanted
        self.baselines.sampling.covering = self.dashcam.covering
        self.captures.leadup = self.dashcam.hand_over
        self.readings = Readings(self.fleet)
        self.events = Events(self.fleet, self.captures, self.telemetry, self.hurry.set)
        self.events.listeners.append(self.dashcam.heard)
        self.events.ended.append(self.baselines.ended)
        self.triggers = Triggers(self.fleet, self.captures, self.events)
        aftermath = Aftermath(self.dashcam, self.captures)
        self.events.unseen, self.triggers.death = aftermath.unseen, aftermath.death
        self.dashcam.programs.lost = aftermath.lost
        self.orders = Orders(self.captures, self.admission, self.events, self.spool)
        remembered = path / "state" / "sources"
        self.sources = Sources(self.fleet, self.events.take, remembered, self.telemetry, self.triggers.line)

    def use(self, config: Config) -> None:
        """Go on under another configuration; what only a start can change stays as it is."""
        old, self.config = self.config, config
        self.admission.config = config
        self.spool.max_bytes, self.spool.max_reports = config.spool.max_bytes, config.spool.max_reports
        self.fleet.reconfigure(config.targets)
        if old.sinks != config.sinks:
            self.deliveries.use(config.sinks)
        if old.notifications != config.notifications:
            self.notifications.use(config.notifications)
        self.sources.use()
        self.events.reconfigured()
        self.readings.use()
        self.hurry.set()

    def _exited(self, target: Target) -> None:
        self.hurry.set()
        self.triggers.exited(target)
        self.dashcam.exited(target)

    def _of_note(self, target: str) -> Iterator[str]:
        """The ids of a target's reports in the spool; a drill is no report that an alert should point to."""
        for entry in self.spool.entries.values():
            if entry.target == target and not entry.drill:
                yield entry.id

    def _delivered(self, sink: str, entry: Entry, delivery: Delivery) -> None:
        """Tell how an attempt to store a report ended."""
        self.orders.delivered(entry)
        self.notifications.wake()
        about = {"report": entry.id, "sink": sink}
        if delivery.progress is Progress.DELIVERED:
            self.telemetry.deliveries.labels(sink, "delivered").inc()
            newest = max(self._of_note(entry.target), default="")
            if entry.id == newest and self.telemetry.knows(entry.target):
                self.telemetry.set_last_report(entry.target, entry.id, delivery.location)
            _LOG.info("report stored", extra={**about, "location": delivery.location})
        else:
            dead = delivery.progress is Progress.DEAD
            self.telemetry.deliveries.labels(sink, "dead" if dead else "retry").inc()
            said = {**about, "error": delivery.error, "remedy": delivery.remedy}
            _LOG.warning("report not stored, sink gave up" if dead else "report not stored yet", extra=said)
        self.spool.make_room()
