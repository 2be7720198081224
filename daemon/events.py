"""Where events arrive: into the loop's state, and on to all that follows from them."""

import logging
from collections.abc import Callable

from daemon.captures import Captures
from daemon.targets.fleet import Fleet
from daemon.targets.target import Target
from daemon.telemetry.series import Telemetry
from daemon.watch.deadlines import OBSERVER_PAUSED, Deadlines
from daemon.watch.durations import Durations
from daemon.watch.iterations import Ended, Stray
from daemon.watch.pulse import Pulse
from model.errors import RefusedError
from model.events import Event, Trigger, TriggerKind

_LOG = logging.getLogger(__name__)

OVERRAN_UNSEEN = "overran_unseen"


class Events:
    """Takes events of any source and fires triggers in time."""

    def __init__(
        self, fleet: Fleet, captures: Captures, telemetry: Telemetry, hurry: Callable[[], None]
    ) -> None:
        """`hurry` is called for an event of a target whose process is not found yet."""
        self.pulses: dict[str, Pulse] = {}
        self.durations: dict[str, Durations] = {}  # by target, those that were heard to end
        self.followers: list[Callable[[Ended | Trigger], None]] = []  # who wants to hear of each, too
        self.ended: list[Callable[[str, Ended], None]] = []  # who keeps what iterations of a target took
        self.listeners: list[Callable[[Event], None]] = []  # who waits for some event, as long as it waits
        self.unseen: Callable[[Target, Ended], bool] = lambda target, ended: False  # captures of it, too
        self._fleet = fleet
        self._captures = captures
        self._telemetry = telemetry
        self._hurry = hurry
        self.deadlines = Deadlines(lambda: fleet, self._fire, telemetry.lateness_s.observe)

    def target(self, name: str) -> Target:
        """The target of a name, as it is now; raises KeyError."""
        return self._fleet[name]

    def take(self, event: Event) -> None:
        """Take one event; raises LoopcamError when the target has no such source, or mode."""
        target = self._fleet[event.target]
        happened = target.take(event)
        if target.held is None:
            self._hurry()
        told = self._telemetry
        told.count(told.events, event.target, event.source, event.kind)
        if (pulse := self.pulses.get(event.target)) is None:
            pulse = self.pulses[event.target] = Pulse()
        pulse.said(event.at_s)
        for happening in happened:
            self._happened(target, event, happening)
        for listener in tuple(self.listeners):
            listener(event)
        self.deadlines.changed(target.due_s())

    def reconfigured(self) -> None:
        """Targets or their rules changed: so may deadlines have."""
        for target in self._fleet:
            self.deadlines.changed(target.due_s())
        targets = self._fleet.targets
        self.pulses = {name: pulse for name, pulse in self.pulses.items() if name in targets}
        self.durations = {name: known for name, known in self.durations.items() if name in targets}

    def _happened(self, target: Target, event: Event, happening: Ended | Stray) -> None:
        if isinstance(happening, Ended):
            self._ended(target, happening)
            return
        self._telemetry.stray_events.labels(target.name, happening).inc()
        if (
            happening is Stray.LOST_END and not target.watch.rules.concurrent
        ):  # one of many may be any of them
            self._captures.iteration_ended(target.name, None, event.at_s)

    def _ended(self, target: Target, ended: Ended) -> None:
        self._tell(ended)
        for keeper in self.ended:
            keeper(target.name, ended)
        told = self._telemetry
        told.count(told.iterations, target.name)
        told.series(told.iteration_duration_s, target.name).observe(ended.ended_s - ended.started_s)
        self._captures.iteration_ended(target.name, ended.iteration, ended.ended_s)
        if ended.unseen and self.deadlines.blind():
            self._telemetry.capture_notes.labels(target.name, OBSERVER_PAUSED).inc()
            _LOG.info(
                "an iteration ended during our own pause, nobody knows when", extra={"target": target.name}
            )
            return
        if (known := self.durations.get(target.name)) is None:
            known = self.durations[target.name] = Durations()
        known.add(ended.ended_s - ended.started_s)
        if ended.unseen:
            self._telemetry.overruns.labels(target.name, target.watch.rules.certainty).inc()
            took_s = round(ended.ended_s - ended.started_s, 3)
            _LOG.warning("an overrun ended before it was seen", extra={"target": target.name, "s": took_s})
            if not self.unseen(target, ended):  # else the note is counted with the capture
                self._telemetry.capture_notes.labels(target.name, OVERRAN_UNSEEN).inc()

    def _fire(self, trigger: Trigger, notes: tuple[str, ...]) -> None:
        target = self._fleet[trigger.target]
        about = {"target": trigger.target, "reason": trigger.reason}
        if trigger.kind is TriggerKind.OVERRUN:
            self._tell(trigger)
        if trigger.kind is not TriggerKind.OVERRUN:
            _LOG.info("a first look is due", extra=about)
        elif trigger.fired == 1:
            self._telemetry.overruns.labels(trigger.target, trigger.certainty).inc()
            _LOG.warning("overrun", extra=about)
        else:
            _LOG.info("overrun goes on", extra=about)
        if self._captures.after_lesser(target, trigger, notes):
            return
        try:
            self._captures.begin(target, trigger, notes)
        except RefusedError:
            return  # counted and logged where it was refused

    def _tell(self, what: Ended | Trigger) -> None:
        for follower in self.followers:
            follower(what)
