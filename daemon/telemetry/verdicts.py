"""What reports were judged to be: counted, and the newest of each target remembered."""

import logging
from collections.abc import Iterable

import msgspec

from daemon.spool.entry import Entry
from daemon.telemetry.series import Telemetry
from model.news import Answer, answer

_LOG = logging.getLogger(__name__)


class LastVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The newest verdict on a target, and whose it is."""

    report: str
    verdict: Answer


class Verdicts:
    """Verdicts by target, drills aside."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._last: dict[str, LastVerdict] = {}

    def remember(self, entries: Iterable[Entry]) -> None:
        """Know what an earlier daemon's reports were judged to be; nothing is counted."""
        newest = {entry.target: entry for entry in sorted(entries, key=lambda one: one.id) if _counts(entry)}
        for entry in newest.values():
            if (found := judged(entry)) is not None:
                self._keep(entry, found)

    def drawn(self, entry: Entry) -> None:
        """Count a new report's verdict."""
        found = judged(entry) if _counts(entry) else None
        if found is None:
            return
        about = {"report": entry.id, "cause": found.cause, "confidence": found.confidence}
        _LOG.info("verdict: %s", found.sentence, extra={**about, "signature": found.signature})
        self._keep(entry, found)
        if self._telemetry.knows(entry.target):
            self._telemetry.verdicts.labels(entry.target, found.cause, found.confidence).inc()

    def last(self, target: str) -> LastVerdict | None:
        """The newest verdict on a target, if there is one."""
        return self._last.get(target)

    def forget(self, target: str) -> None:
        """A target is no longer watched."""
        self._last.pop(target, None)

    def _keep(self, entry: Entry, found: Answer) -> None:
        before = self._last.get(entry.target)
        if before is not None and before.report > entry.id:
            return
        self._last[entry.target] = LastVerdict(report=entry.id, verdict=found)
        if self._telemetry.knows(entry.target):
            self._telemetry.set_last_verdict(entry.target, found.cause, found.confidence, found.signature)


def judged(entry: Entry) -> Answer | None:
    """A report's verdict; None before it is drawn, or without one."""
    try:
        verdict = entry.manifest().verdict if entry.drawn else None
    except (OSError, msgspec.DecodeError) as error:  # it is drawn again at the next start
        _LOG.warning("manifest not read", extra={"report": entry.id, "error": str(error)})
        return None
    return answer(verdict) if verdict is not None else None


def _counts(entry: Entry) -> bool:
    return entry.drawn and not entry.drill
