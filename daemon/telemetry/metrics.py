"""Counters, gauges and histograms: numbers by the values of labels, and nothing else.

A thousand targets have 40,000 series. As prometheus-client's own they would take 1 KiB and two locks each;
what is shown of them is the same to the byte. All of it belongs to the event loop: there are no locks.
"""

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Generic, TypeVar

Values = tuple[str, ...]


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self, by: float = 1.0) -> None:
        """Count one, or more."""
        self.value += by


class Level:
    """One series of a gauge, whose value may be computed when it is asked for."""

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: float | Callable[[], float] = 0.0

    @property
    def value(self) -> float:
        """What it is now."""
        return self._value() if callable(self._value) else self._value

    def set(self, value: float) -> None:
        """Say what it is."""
        self._value = float(value)

    def set_function(self, read: Callable[[], float]) -> None:
        """Say who knows what it is."""
        self._value = read


class Spread:
    """One series of a histogram: how often which bound was the lowest above a value, and the sum."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * len(bounds)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self.sum += value
        self.counts[bisect_left(self.bounds, value)] += 1


_Series = TypeVar("_Series", Count, Level, Spread)


class Family(Generic[_Series]):
    """All series of one name."""

    kind: ClassVar[str]

    def __init__(self, name: str, text: str, labels: Values, made: Callable[[], _Series]) -> None:
        """`text` is for people; `labels` are their names. Without any there is one series from now on."""
        self.name, self.text, self.label_names = name, text, labels
        self._made: Callable[[], _Series] = made
        self._series: dict[Values, _Series] = {}
        if not labels:
            self.labels()

    def labels(self, *values: str) -> _Series:
        """The series of these values, in the order of the names; there is one from now on."""
        found = self._series.get(values)
        if found is None:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has the labels {self.label_names}")
            found = self._series[tuple(sys.intern(str(value)) for value in values)] = self._made()
        return found

    def remove(self, *values: str) -> None:
        """Show a series no longer, if there is one."""
        self._series.pop(values, None)

    def drop(self, names: Values, gone: AbstractSet[Values]) -> None:
        """Remove every series whose labels of these names have values that are gone."""
        if not set(names) <= set(self.label_names):
            return
        places = [self.label_names.index(name) for name in names]
        for values in [one for one in self._series if tuple(one[place] for place in places) in gone]:
            del self._series[values]

    def series(self) -> Iterator[tuple[Values, _Series]]:
        """All of them as they were when it began."""
        return iter(tuple(self._series.items()))


class Counter(Family[Count]):
    """Only goes up."""

    kind = "counter"

    def __init__(self, name: str, text: str, *labels: str) -> None:
        super().__init__(name, text, labels, Count)


class Gauge(Family[Level]):
    """Goes up and down."""

    kind = "gauge"

    def __init__(self, name: str, text: str, *labels: str) -> None:
        super().__init__(name, text, labels, Level)

    def set(self, value: float) -> None:
        """Say what the only series is."""
        self.labels().set(value)


class Histogram(Family[Spread]):
    """Counts values by their size."""

    kind = "histogram"

    def __init__(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> None:
        """`bounds` ascend; one that is infinite follows them."""
        self.bounds = (*map(float, bounds), float("inf"))
        super().__init__(name, text, labels, lambda: Spread(self.bounds))

    def observe(self, value: float) -> None:
        """Count a value in the only series."""
        self.labels().observe(value)
