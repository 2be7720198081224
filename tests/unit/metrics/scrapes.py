"""Scrapes for forms."""

from collections.abc import Mapping, Sequence

from daemon.sources.metrics.contract import Mark, Sample, Scrape
from model.events import EventKind


def scrape(at_s: float, samples: Sequence[Sample], *, gap: bool = False, took_s: float = 0.0) -> Scrape:
    """One answer, at a time on our clock that is also the target's."""
    return Scrape(asked_s=at_s - took_s, answered_s=at_s, wall_s=at_s, samples=samples, gap=gap)


def sample(name: str, value: float, /, **labels: str) -> Sample:
    """One line."""
    return Sample(name=name, labels=labels, value=value)


def ages(at_s: float, values: Mapping[str, float], *, gap: bool = False) -> Scrape:
    """Gauges of seconds, one for each queue."""
    return scrape(at_s, [sample("age", value, name=name) for name, value in values.items()], gap=gap)


def told(marks: Sequence[Mark]) -> list[tuple[EventKind, str | None, float]]:
    """What is told, of whom, and for when."""
    return [(mark.kind, mark.iteration, round(mark.at_s, 6)) for mark in marks]
