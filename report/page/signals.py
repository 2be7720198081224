"""The signals over the same time as the bands: a chart each for the script, and a table for everybody."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from model.signals import Name, Signal, Signals
from model.units import ByteSize, counted
from report.drawing import Drawing
from report.page.axis import Axis, in_us
from report.page.markup import Markup, join, section, tag
from report.page.tables import scrolled
from report.page.tracks import track

_GROUPS: Mapping[str, Mapping[str, tuple[Name, ...]]] = {  # group, chart, what is drawn in it
    "The process": {
        "CPU": (Name.CPU_USER, Name.CPU_SYSTEM),
        "threads waiting for a CPU": (Name.RUN_QUEUE,),
        "switches": (Name.VOLUNTARY_SWITCHES, Name.INVOLUNTARY_SWITCHES),
        "memory": (Name.RSS, Name.SWAPPED),
        "page faults": (Name.MINOR_FAULTS, Name.MAJOR_FAULTS),
        "input and output": (Name.READ, Name.WRITTEN),
        "threads, descriptors, children": (Name.THREADS, Name.DESCRIPTORS, Name.CHILDREN),
    },
    "Its control group": {
        "CPU quota": (Name.CGROUP_CPU_QUOTA,),
        "throttled": (Name.CGROUP_THROTTLED,),
        "throttled periods": (Name.CGROUP_THROTTLED_PERIODS,),
        "memory and limit": (Name.CGROUP_MEMORY, Name.CGROUP_MEMORY_LIMIT),
        "killed for memory": (Name.CGROUP_OOM_KILLS,),
        "frozen": (Name.CGROUP_FROZEN,),
    },
    "Pressure": {"stalled for want of": (Name.PRESSURE_CPU, Name.PRESSURE_MEMORY, Name.PRESSURE_IO)},
    "The host": {
        "CPU of others": (Name.HOST_OTHERS,),
        "busy, stolen, waiting for disks": (Name.HOST_BUSY, Name.HOST_STOLEN, Name.HOST_IO_WAIT),
        "load and CPUs": (Name.HOST_LOAD, Name.HOST_CPUS),
        "memory available": (Name.HOST_MEMORY_AVAILABLE,),
        "pages swapped": (Name.HOST_SWAPPED,),
    },
    "Its TCP connections": {
        "connections": (Name.TCP_ESTABLISHED, Name.TCP_CONNECTING, Name.TCP_CLOSE_WAIT),
        "not acknowledged": (Name.TCP_UNACKNOWLEDGED,),
        "retransmitted": (Name.TCP_RETRANSMITTED,),
    },
}
_UNITS = {"count": "how many", "1/s": "a second", "bytes/s": "bytes a second", "share": "share of the time"}
_PENS = ("one", "two", "three")


def signals(drawing: Drawing, axis: Axis) -> Markup:
    """All signals, in groups; what could not be read, with the reason."""
    found = drawing.signals
    if not found.series and not found.missing:
        return Markup("")
    places = {name: place for place, name in enumerate(found.series)}
    groups = [_group(title, charts, places) for title, charts in _charts(found).items() if charts]
    summary = tag("summary", "The signals as a table")
    table = tag("details", summary, _table(drawing, axis), class_="unprinted")
    return section(
        "signals",
        "Signals",
        tag("div", *groups, class_="tracks", id="charts"),
        _still(found),
        table if found.series else "",
        _unread(found.missing),
    )


def _charts(found: Signals) -> dict[str, dict[str, list[Signal]]]:
    """What moved, by group; of what is not known here, a chart each. A chart has one unit."""
    groups: dict[str, dict[str, list[Signal]]] = {}
    known = {name for charts in _GROUPS.values() for names in charts.values() for name in names}
    for title, charts in _GROUPS.items():
        groups[title] = {}
        for chart, names in charts.items():
            present = [found.series[name] for name in names if name in found.series]
            if not all(map(_at_zero, present)):
                groups[title] |= _by_unit(chart, present)
    others = {name: [each] for name, each in found.series.items() if name not in known and not _at_zero(each)}
    return groups | {"Others": others}


def _by_unit(chart: str, present: Sequence[Signal]) -> dict[str, list[Signal]]:
    """One chart, and others for what has another unit."""
    charts: dict[str, list[Signal]] = {}
    for signal in present:
        same = signal.unit == present[0].unit
        charts.setdefault(chart if same else text(signal.name), []).append(signal)
    return charts


def _at_zero(signal: Signal) -> bool:
    return not any(signal.values)


def _still(found: Signals) -> Markup:
    """What was zero from beginning to end, in a line instead of charts."""
    drawn = {each.name for charts in _charts(found).values() for chart in charts.values() for each in chart}
    names = [name for name in found.series if name not in drawn]
    if not names:
        return Markup("")
    items = (
        join(", " if at else "", tag("code", name, id=f"signal-{name}")) for at, name in enumerate(names)
    )
    return tag("p", "At zero all the time: ", *items, ".", class_="hint")


def text(name: str) -> str:
    """A signal's name without its group, in words."""
    return name.partition(".")[2].replace("_", " ") or name


def _group(title: str, charts: Mapping[str, Sequence[Signal]], places: Mapping[str, int]) -> Markup:
    rows = (_chart(chart, found, places) for chart, found in charts.items())
    return join(tag("h3", title), *rows)


def _chart(title: str, found: Sequence[Signal], places: Mapping[str, int]) -> Markup:
    """`places` are those in the page's data: any text may be a name."""
    sources = ", ".join(dict.fromkeys(each.source for each in found))
    keys = (
        tag(
            "span",
            tag("span", tag("i", class_=f"dot pen-{pen}"), text(each.name), class_="key"),
            tag("span", "", class_="now"),
            class_="keys",
            id=f"signal-{each.name}",
        )
        for pen, each in zip(_PENS, found, strict=False)
    )
    label = join(
        tag("span", title, tag("span", "", class_="at"), class_="who"),
        *keys,
        tag("span", _UNITS.get(found[0].unit, found[0].unit), class_="source", title=sources),
    )
    shown = " ".join(str(places[each.name]) for each in found[: len(_PENS)])
    return track(label, "", class_="chart", data_signals=shown)


def _table(drawing: Drawing, axis: Axis) -> Markup:
    split_us = in_us(drawing.capture.window.started_s)
    heads = ("signal", "unit", "source", "readings", "lead-up, mean", "window, mean", "least", "most")
    rows = [
        tag("tr", *(tag("td", cell) for cell in _row(each, axis, split_us)))
        for each in drawing.signals.series.values()
    ]
    table = tag("table", tag("tr", *(tag("th", head, scope="col") for head in heads)), *rows, class_="wide")
    return scrolled(table, "signals, one a row")


def _row(signal: Signal, axis: Axis, split_us: int) -> Iterator[str]:
    yield from (signal.name, signal.unit, signal.source, str(len(signal.values)))
    yield amount(signal.within(axis.start_us, split_us), signal.unit)
    yield amount(signal.within(split_us, axis.end_us + 1), signal.unit)
    yield from (amount([pick(signal.values)], signal.unit) if signal.values else "" for pick in (min, max))


def amount(values: Iterable[float], unit: str) -> str:
    """The mean of readings, as people write it; nothing where there are none."""
    found = list(values)
    if not found:
        return ""
    mean = fmean(found)
    if unit.startswith("bytes") and mean >= 0:
        return f"{ByteSize(round(mean))}{unit.removeprefix('bytes')}"
    return f"{mean:.1%}" if unit == "share" else f"{mean:.4g}"


def _unread(missing: Mapping[str, str]) -> Markup:
    if not missing:
        return Markup("")
    by_reason: dict[str, list[str]] = {}
    for name, why in missing.items():
        by_reason.setdefault(why, []).append(name)
    items = (tag("li", tag("code", ", ".join(names)), f": {why}") for why, names in by_reason.items())
    return tag(
        "details", tag("summary", f"{counted(len(missing), 'signal')} not here, and why"), tag("ul", *items)
    )
