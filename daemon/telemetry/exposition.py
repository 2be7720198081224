"""What who scrapes is told of the series: Prometheus' text, or OpenMetrics.

In pieces, each the work of a few milliseconds at most, so that an event loop may turn between them.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice

from prometheus_client.utils import floatToGoString

from daemon.telemetry.metrics import Count, Counter, Gauge, Histogram, Level, Spread, Values

_AT_ONCE = 200  # series of a piece


class _Escaped(dict[str, str]):
    """Label values as they are written, each escaped once."""

    def __missing__(self, value: str) -> str:
        written = self[value] = _escaped(value).replace('"', r"\"")
        return written


class _Written(dict[float, str]):
    """Numbers as they are written: most are the same few."""

    def __missing__(self, number: float) -> str:
        written: str = floatToGoString(number)  # type: ignore[no-untyped-call]
        self[number] = written
        return written


def pieces(families: Iterable[Counter | Gauge | Histogram], *, openmetrics: bool) -> Iterator[str]:
    """Every family with its series, in lines; the end of an OpenMetrics text is not among them."""
    escaped, written = _Escaped(), _Written()
    for family in families:
        yield _head(family, openmetrics=openmetrics)
        if isinstance(family, Histogram):
            yield from _spreads(family, escaped, written)
        else:
            yield from _numbers(family, escaped, written)


def _head(family: Counter | Gauge | Histogram, *, openmetrics: bool) -> str:
    name, text = family.name, _escaped(family.text)
    if openmetrics:
        text = text.replace('"', r"\"")
    elif isinstance(family, Counter):
        name += "_total"
    return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n"


def _numbers(family: Counter | Gauge, escaped: _Escaped, written: _Written) -> Iterator[str]:
    name = f"{family.name}_total" if isinstance(family, Counter) else family.name
    form, placed = _form(name, family.label_names), _placed(family.label_names)
    series: Iterator[tuple[Values, Count | Level]] = family.series()
    while some := tuple(islice(series, _AT_ONCE)):
        yield "".join(
            f"{form % tuple([escaped[one] for one in placed(values)])}{written[each.value]}\n"
            for values, each in some
        )


def _spreads(family: Histogram, escaped: _Escaped, written: _Written) -> Iterator[str]:
    names = family.label_names
    forms = [_form(f"{family.name}_bucket", names, written[bound]) for bound in family.bounds]
    forms += [_form(f"{family.name}_{part}", names) for part in ("count", "sum")]
    placed, series = _placed(names), family.series()
    while some := tuple(islice(series, _AT_ONCE // len(forms))):
        lines = []
        for values, each in some:
            filled = tuple([escaped[one] for one in placed(values)])
            lines += [
                f"{form % filled}{written[number]}\n" for form, number in zip(forms, _of(each), strict=True)
            ]
        yield "".join(lines)


def _of(spread: Spread) -> list[float]:
    """What it shows: how many values were no larger than each bound, all, and their sum."""
    sums = list(accumulate(spread.counts))
    return [*sums, sums[-1], spread.sum]


def _form(name: str, labels: Values, bound: str = "") -> str:
    """A line but for its number, with a place for the value of each label, in the order of their names."""
    places = dict.fromkeys(labels, "%s") | ({"le": bound} if bound else {})
    inner = ",".join(f'{label}="{place}"' for label, place in sorted(places.items()))
    return f"{name}{{{inner}}} " if inner else f"{name} "


def _placed(labels: Values) -> Callable[[Values], list[str]]:
    order = sorted(range(len(labels)), key=labels.__getitem__)
    return lambda values: [values[place] for place in order]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
