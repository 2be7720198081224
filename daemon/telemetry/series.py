"""Every Prometheus series of loopcam, in one list."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from prometheus_client import ProcessCollector

from daemon.telemetry.registry import SeriesRegistry
from model.capture import Outcome
from model.events import Certainty, Refusal, TriggerKind

TARGET_STATES = ("waiting", "starting", "standby", "active", "gone")
DELIVERY_RESULTS = ("delivered", "retry", "dead")

_ITERATION_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_COLLECTOR_BUCKETS_S = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300)
_LATENESS_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
_REPORT_BUCKETS_BYTES = tuple(4.0**n * 1024 for n in range(2, 11))  # 16 KiB to 1 GiB


class Telemetry(SeriesRegistry):
    """The series as attributes."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self._targets: set[str] = set()
        self._sources: dict[str, frozenset[str]] = {}
        ProcessCollector(registry=self._registry)

        self._list_of_targets()
        self._list_of_dashcams()
        self._list_of_captures()
        self._list_of_the_daemon()
        self.build_info.labels(version).set(1)
        self.config_last_reload_successful.set(1)
        for result in ("success", "failure"):
            self.config_reloads.labels(result)

    def _list_of_targets(self) -> None:
        """Every series of a target and its sources."""
        c, g, h = self._counter, self._gauge, self._histogram
        self.iterations = c("iterations", "Iterations that ended.", "target")
        self.iteration_duration_s = h(
            "iteration_duration_seconds", "How long iterations took.", _ITERATION_BUCKETS_S, "target"
        )
        self.iteration_in_flight_s = g(
            "iteration_in_flight_seconds", "Age of the oldest iteration in flight, 0 without one.", "target"
        )
        self.iteration_threshold_s = g(
            "iteration_threshold_seconds", "Age at which the iteration in flight overruns.", "target"
        )
        self.events = c("events", "Events that sources delivered.", "target", "source", "event")
        self.stale_events = c(
            "stale_events", "Events found when catching up, too old to act upon.", "target", "source"
        )
        self.log_gaps = c(
            "log_gaps", "Times that lines of a log were gone before they could be read.", "target", "source"
        )
        self.damaged_places = c(
            "damaged_places", "Times that a remembered place in a log could not be read.", "target", "source"
        )
        self.log_lines_truncated = c(
            "log_lines_truncated", "Lines of a log above max_line_bytes.", "target", "source"
        )
        self.log_patterns_disabled = c(
            "log_patterns_disabled", "Times that a pattern took too long.", "target", "source"
        )
        self.source_up = g("source_up", "Whether a source hears its target now.", "target", "source")
        self.target_unheard = g("target_unheard", "Whether a target that was heard no longer is.", "target")
        self.stray_events = c("stray_events", "Events that did not fit the loop's state.", "target", "reason")
        self.heartbeats_refused = c("heartbeats_refused", "Heartbeats that were not taken.", "reason")
        self.overruns = c("overruns", "Iterations that overran.", "target", "certainty")

    def _list_of_captures(self) -> None:
        """Every series of a target's captures, and of what can be said of them."""
        c, g, h = self._counter, self._gauge, self._histogram
        self.triggers = c("triggers", "Wishes for a capture, granted or not.", "target", "kind")
        self.refusals = c("refusals", "Triggers that led to no capture.", "target", "reason")
        self.captures = c("captures", "Captures that ended.", "target", "outcome")
        self.verdicts = c("verdicts", "Reports by what they say.", "target", "cause", "confidence")
        self.last_verdict_info = g(
            "last_verdict_info",
            "The newest verdict on a target.",
            "target",
            "cause",
            "confidence",
            "signature",
        )
        self.capture_notes = c("capture_notes", "Captures with a note, such as adopted.", "target", "note")
        self.collector_s = h(
            "collector_seconds", "Time a collector or recorder took.", _COLLECTOR_BUCKETS_S, "collector"
        )
        self.target_state = g("target_state", "1 for the state a target is in.", "target", "state")
        self.capture_possible = g(
            "capture_possible", "Whether a target could be captured now; if 0, why not.", "target", "reason"
        )
        self.last_report_info = g(
            "last_report_info", "The last report of a target.", "target", "id", "location"
        )

    def _list_of_dashcams(self) -> None:
        """Every series of a target's dashcam."""
        c, g = self._counter, self._gauge
        self.dashcam_cpu_s = c("dashcam_cpu_seconds", "CPU time of the dashcam's samplers.", "target")
        self.dashcam_restarts = c("dashcam_restarts", "Times that the dashcam failed.", "target")
        self.dashcam_held_s = g("dashcam_held_seconds", "How far back the dashcam's ring reaches.", "target")
        self.dashcam_held_bytes = g("dashcam_held_bytes", "Bytes in the dashcam's ring.", "target")
        self.dashcam_sampling = g("dashcam_sampling", "Whether the dashcam samples now.", "target")

    def _list_of_the_daemon(self) -> None:
        """Every other series."""
        c, g, h = self._counter, self._gauge, self._histogram
        self.report_bytes = h("report_bytes", "Size of accepted reports.", _REPORT_BUCKETS_BYTES)
        self.deliveries = c("deliveries", "Attempts to store a report.", "sink", "result")
        self.delivery_pending = g("delivery_pending", "Reports that a sink has yet to store.", "sink")
        self.delivery_dead = g("delivery_dead", "Reports that a sink will not store.", "sink")
        self.notifications = c("notifications", "Attempts to tell of a report.", "notification", "result")
        self.notification_pending = g(
            "notification_pending", "Messages that wait to get through.", "notification"
        )
        self.notification_dead = g("notification_dead", "Messages that were given up.", "notification")
        self.spool_bytes = g("spool_bytes", "Bytes on disk in the spool.")
        self.spool_reports = g("spool_reports", "Reports in the spool.")
        self.spool_owed_bytes = g("spool_owed_bytes", "Bytes of reports that some sink has yet to store.")
        self.spool_owed_reports = g("spool_owed_reports", "Reports that some sink has yet to store.")
        self.spool_limit_bytes = g("spool_limit_bytes", "The most bytes the spool may hold.")
        self.spool_limit_reports = g("spool_limit_reports", "The most reports the spool may hold.")
        self.spool_disk_free_bytes = g("spool_disk_free_bytes", "Bytes free on the spool's disk.")
        self.spool_damaged = g("spool_damaged", "Damaged entries that were set aside.")
        self.lateness_s = h("lateness_seconds", "How late the daemon's own timer was.", _LATENESS_BUCKETS_S)
        self.config_reloads = c("config_reloads", "Times the configuration was read again.", "result")
        self.config_last_reload_successful = g(
            "config_last_reload_successful", "Whether the configuration in use is the newest."
        )
        self.build_info = g("build_info", "The version of loopcam.", "version")

    def knows(self, target: str) -> bool:
        """Whether a target is watched; of one that went away nothing more is counted."""
        return target in self._targets

    def add_target(self, target: str) -> None:
        """Start a target's series at 0."""
        self._targets.add(target)
        self.iterations.labels(target)
        self.iteration_duration_s.labels(target)
        self.iteration_in_flight_s.labels(target)
        for certainty in Certainty:
            self.overruns.labels(target, certainty.value)
        for kind in (TriggerKind.OVERRUN, TriggerKind.MANUAL):
            self.triggers.labels(target, kind.value)
        for refusal in Refusal:
            self.refusals.labels(target, refusal.value)
        for outcome in Outcome:
            if outcome is not Outcome.NOTHING:
                self.captures.labels(target, outcome.value)
        self.set_target_state(target, TARGET_STATES[0])

    def remove_targets(self, targets: AbstractSet[str]) -> None:
        """Drop every series of these targets, in one go: there may be a thousand of them."""
        self._targets -= targets
        self._drop(("target",), {(target,) for target in targets})
        self._sources = {target: names for target, names in self._sources.items() if target not in targets}
        self._last = {key: labels for key, labels in self._last.items() if key[1] not in targets}

    def add_sink(self, sink: str) -> None:
        """Start a sink's series at 0."""
        self.delivery_pending.labels(sink)
        self.delivery_dead.labels(sink)
        for result in DELIVERY_RESULTS:
            self.deliveries.labels(sink, result)

    def remove_sink(self, sink: str) -> None:
        """Drop every series of a sink."""
        self._drop(("sink",), {(sink,)})

    def add_notification(self, name: str) -> None:
        """Start a notification's series at 0."""
        self.notification_pending.labels(name)
        self.notification_dead.labels(name)
        for result in DELIVERY_RESULTS:
            self.notifications.labels(name, result)

    def remove_notification(self, name: str) -> None:
        """Drop every series of a notification."""
        self._drop(("notification",), {(name,)})

    def set_target_state(self, target: str, state: str) -> None:
        """Say which one of TARGET_STATES a target is in."""
        for known in TARGET_STATES:
            self.target_state.labels(target, known).set(known == state)

    def set_capture_possible(self, target: str, reason: str = "") -> None:
        """Say that a target could be captured now, or with a reason that it could not."""
        self._replace(self.capture_possible, target, reason).set(not reason)

    def set_sources(self, target: str, ups: Mapping[str, bool]) -> None:
        """Say of all sources of a target which hear it; those that it had before take their series along."""
        if gone := self._sources.get(target, frozenset()) - ups.keys():
            self._drop(("target", "source"), {(target, source) for source in gone})
        for source, up in ups.items():
            self.source_up.labels(target, source).set(up)
        self._sources[target] = frozenset(ups)

    def add_log(self, target: str, source: str) -> None:
        """Start the series of a log at 0."""
        counters = (self.stale_events, self.log_gaps, self.damaged_places)
        for metric in (*counters, self.log_lines_truncated, self.log_patterns_disabled):
            metric.labels(target, source)

    def set_last_report(self, target: str, report_id: str, location: str) -> None:
        """Name the newest report of a target and where it is."""
        printable = location.encode(errors="replace").decode()  # a path may hold what is no text
        self._replace(self.last_report_info, target, report_id, printable).set(1)

    def set_last_verdict(self, target: str, cause: str, confidence: str, signature: str) -> None:
        """Name the newest verdict on a target: one series each, however many signatures there are."""
        self._replace(self.last_verdict_info, target, cause, confidence, signature).set(1)

    def count_reload(self, *, success: bool) -> None:
        """Count a reading of the configuration."""
        self.config_reloads.labels("success" if success else "failure").inc()
        self.config_last_reload_successful.set(success)
