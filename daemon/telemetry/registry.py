"""The mechanism below the series: a registry that can also find, replace and drop them."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder

_Metric = Counter | Gauge | Histogram
_M = TypeVar("_M", Counter, Gauge, Histogram)


class SeriesRegistry:
    """Series in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._labels: dict[_Metric, tuple[str, ...]] = {}
        self._found: dict[tuple[_Metric, tuple[str, ...]], Any] = {}
        self._counted: dict[tuple[Counter, tuple[str, ...]], int] = {}
        self._last: dict[tuple[Gauge, str], tuple[str, ...]] = {}

    def series(self, metric: _M, *labels: str) -> _M:
        """One series of a metric, found quicker than by its own `labels`."""
        found: _M | None = self._found.get((metric, labels))
        if found is None:
            found = self._found[metric, labels] = metric.labels(*labels)
        return found

    def count(self, counter: Counter, *labels: str) -> None:
        """Count one of what happens often: the series gets its sum when somebody looks."""
        key = (counter, labels)
        self._counted[key] = self._counted.get(key, 0) + 1

    def writer(self, accept: str = "") -> tuple[Callable[[], bytes], str]:
        """What writes all series, in any thread, and the content type: OpenMetrics where it is asked for."""
        self._add_up()
        encode, content_type = choose_encoder(accept)
        return partial(encode, self._registry), content_type

    def _replace(self, gauge: Gauge, target: str, *values: str) -> Gauge:
        """The one series of a target in a gauge whose other labels change."""
        labels = (target, *values)
        last = self._last.get((gauge, target))
        if last is not None and last != labels:
            gauge.remove(*last)
        self._last[gauge, target] = labels
        return gauge.labels(*labels)

    def _add_up(self) -> None:
        counted, self._counted = self._counted, {}
        for (counter, labels), times in counted.items():
            counter.labels(*labels).inc(times)

    def _drop(self, labels: tuple[str, ...], gone: AbstractSet[tuple[str, ...]]) -> None:
        """Remove every series that has one of these values of its labels, in one go: they may be many."""
        self._add_up()
        self._found.clear()  # one that is removed counts for nobody
        for metric, names in self._labels.items():
            if not set(labels) <= set(names):
                continue
            samples = [sample.labels for family in metric.collect() for sample in family.samples]
            found = [each for each in samples if tuple(each[label] for label in labels) in gone]
            for values in {tuple(each[name] for name in names) for each in found}:
                metric.remove(*values)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        counter = Counter(f"loopcam_{name}", text, labels, registry=self._registry)
        self._labels[counter] = labels
        return counter

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        gauge = Gauge(f"loopcam_{name}", text, labels, registry=self._registry)
        self._labels[gauge] = labels
        return gauge

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        histogram = Histogram(f"loopcam_{name}", text, labels, registry=self._registry, buckets=buckets)
        self._labels[histogram] = labels
        return histogram
