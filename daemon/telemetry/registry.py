"""The mechanism below the series: a registry that can replace and drop them, and tell of them in pieces."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from daemon.telemetry.exposition import pieces
from daemon.telemetry.metrics import Counter, Gauge, Histogram, Level, Values

_M = TypeVar("_M", Counter, Gauge, Histogram)


class SeriesRegistry:
    """Our series, and those of this process."""

    def __init__(self) -> None:
        self._families: list[Counter | Gauge | Histogram] = []
        self._last: dict[tuple[Gauge, str], Values] = {}
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """All series and their content type: OpenMetrics where the Accept header asks for it."""
        content_type, parts = self.exposition(accept)
        return b"".join(parts), content_type

    def exposition(self, accept: str) -> tuple[str, Iterator[bytes]]:
        """The content type, and all series in pieces: others may have their turn between two of them."""
        encode, content_type = choose_encoder(accept)
        openmetrics = content_type.startswith("application/openmetrics-text")
        return content_type, self._pieces(encode(self._process), openmetrics=openmetrics)

    def _pieces(self, process: bytes, *, openmetrics: bool) -> Iterator[bytes]:
        for piece in pieces(self._families, openmetrics=openmetrics):
            yield piece.encode()
        yield process  # with the end of OpenMetrics

    def _replace(self, gauge: Gauge, target: str, *values: str) -> Level:
        """The one series of a target in a gauge whose other labels change."""
        labels = (target, *values)
        last = self._last.get((gauge, target))
        if last is not None and last != labels:
            gauge.remove(*last)
        self._last[gauge, target] = labels
        return gauge.labels(*labels)

    def _drop(self, names: Values, gone: AbstractSet[Values]) -> None:
        """Remove every series whose labels of these names have values that are gone."""
        for family in self._families:
            family.drop(names, gone)

    def _listed(self, family: _M) -> _M:
        self._families.append(family)
        return family

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return self._listed(Counter(f"loopcam_{name}", text, *labels))

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return self._listed(Gauge(f"loopcam_{name}", text, *labels))

    def _histogram(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> Histogram:
        return self._listed(Histogram(f"loopcam_{name}", text, bounds, *labels))
