"""The presets on expositions in the form that these programs have, with their traps."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from daemon.config.load import parse
from daemon.sources.metrics.contract import Mark, Scrape
from daemon.sources.metrics.exposition import Exposition
from daemon.sources.metrics.forms.counts import BORN
from daemon.sources.metrics.missing import LEADS, Around, complete, usable
from daemon.sources.metrics.options import Metrics
from daemon.sources.metrics.presets import PRESETS, PresetName
from model.events import EventKind
from model.units import Seconds
from tests.unit.metrics.scrapes import told

START, END = EventKind.START, EventKind.END
EXPOSITIONS = Path(__file__).parents[2] / "expositions"
DOCS = Path(__file__).parents[3] / "docs"
CA_START = 1_795_262_402.0  # in the recording


def recorded(name: str) -> str:
    return (EXPOSITIONS / f"{name}.txt").read_text()


class Loop:
    """A preset's form, asked by the wall clock."""

    def __init__(self, preset: PresetName) -> None:
        self.form = Metrics(preset=preset).series.form()

    def asked(self, at_s: float, text: str) -> list[Mark]:
        one = Exposition(self.form.names)
        one.take(text.encode())
        assert usable(self.form, one).up
        return self.form.take(Scrape(asked_s=at_s, answered_s=at_s, wall_s=at_s, samples=one.samples))

    def condition(self, text: str) -> tuple[bool, str]:
        one = Exposition({**self.form.names, LEADS: frozenset()}, curious=True)
        one.take(text.encode())
        said = complete(self.form, one.samples, Around.of(one))
        return said.up, said.detail


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


CA_COUNT = 'cluster_autoscaler_function_duration_seconds_count{function="main"} '
CA_SUM = 'cluster_autoscaler_function_duration_seconds_sum{function="main"} '
CA_LAST = 'cluster_autoscaler_last_activity{activity="main"} '


def test_cluster_autoscaler_in_flight_and_its_end() -> None:
    loop, text = Loop("cluster-autoscaler"), recorded("cluster-autoscaler")
    assert loop.asked(CA_START + 3, text) == []  # it may have ended before we looked
    later = changed(text, (CA_LAST + "1.795262402e+09", CA_LAST + "1.795262414e+09"))
    assert told(loop.asked(CA_START + 13, later)) == [(START, None, CA_START + 12)]
    ended = changed(
        later, (CA_COUNT + "412", CA_COUNT + "413"), (CA_SUM + "1013.5517203", CA_SUM + "1017.8017203")
    )
    (end,) = loop.asked(CA_START + 18, ended)
    assert (end.kind, round(end.duration_s or 0, 6)) == (END, 4.25)


def test_cluster_autoscaler_that_hung_before_we_looked() -> None:
    loop = Loop("cluster-autoscaler")
    assert told(loop.asked(CA_START + 600, recorded("cluster-autoscaler"))) == [(START, None, CA_START)]


def test_other_parts_of_cluster_autoscaler_go_on_while_its_loop_hangs() -> None:
    loop, text = Loop("cluster-autoscaler"), recorded("cluster-autoscaler")
    loop.asked(CA_START + 600, text)
    busy = changed(
        text,
        ('{activity="scaleUp"} 1.795262403e+09', '{activity="scaleUp"} 1.795262999e+09'),
        ('_count{function="findUnneeded"} 409', '_count{function="findUnneeded"} 500'),
    )
    assert loop.asked(CA_START + 605, busy) == []


def test_cluster_autoscaler_on_standby_and_in_its_first_iteration() -> None:
    text = recorded("cluster-autoscaler")
    standby = "".join(
        line
        for line in text.splitlines(keepends=True)
        if "last_activity" not in line and "function_" not in line
    )
    loop = Loop("cluster-autoscaler")
    up, detail = loop.condition(standby)
    assert (up, "as on a replica that has never begun its loop" in detail) == (True, True)
    assert [loop.asked(CA_START + at_s, standby) for at_s in range(0, 600, 5)] == [[]] * 120
    first = "".join(
        line
        for line in text.splitlines(keepends=True)
        if 'function="main"' not in line or "duration" not in line
    )
    assert loop.condition(first)[0]
    assert told(loop.asked(CA_START + 601, changed(first, ("1.795262402e+09", "1.795262999e+09")))) == []
    assert told(loop.asked(CA_START + 630, changed(first, ("1.795262402e+09", "1.795262999e+09")))) == [
        (START, None, CA_START + 597)
    ]


def test_karpenter_tells_schedulings_and_disruption_apart() -> None:
    loop, text = Loop("karpenter"), recorded("karpenter")
    scheduling = "provisioner/6a1f0a42-6f0b-4d6e-9a3c-1c2d3e4f5a6b"
    assert told(loop.asked(100, text)) == [
        (START, scheduling, 58.749669),
        (START, "disruption #1", 87.996582),
    ]
    # one pod hangs: the scheduler's gauge stands still, while that of the queue grows
    frozen = changed(text, ("12.003418", "22.003418"))
    assert loop.asked(110, frozen) == []
    idle = re.sub(r"(?m)^karpenter_scheduler.*\n", "", changed(text, ("12.003418", "0")))
    assert [(mark.kind, mark.iteration) for mark in loop.asked(120, idle)] == [
        (END, scheduling),
        (END, "disruption #1"),
    ]
    assert loop.condition(idle) == (True, "")


@pytest.mark.parametrize(
    ("preset", "recording", "name", "age_s"),
    [
        ("controller-runtime", "controller-runtime", "machine #1", 95.317204),
        ("cluster-api", "controller-runtime", "machine #1", 95.317204),
        ("keda", "keda", "scaledobject #1", 33.5),
    ],
)
def test_controllers_have_an_iteration_for_each_queue(
    preset: PresetName, recording: str, name: str, age_s: float
) -> None:
    loop = Loop(preset)
    assert told(loop.asked(100, recorded(recording))) == [(START, name, round(100 - age_s, 6))]
    assert loop.condition(recorded(recording)) == (True, "")


@pytest.mark.parametrize("preset", ["controller-runtime", "cluster-api", "karpenter", "keda"])
def test_a_replica_that_does_not_lead_stands_by(preset: PresetName) -> None:
    loop = Loop(preset)
    up, detail = loop.condition(recorded("standby"))
    assert (up, detail.startswith("on standby (leader_election_master_status is 0)")) == (True, True)
    assert loop.asked(0, recorded("standby")) == []


def ray(*updates_s: float) -> str:
    """What Ray exposes of its updates, written by the library that it uses."""
    registry = CollectorRegistry()
    made = Histogram(
        "update_time",
        "Autoscaler update time.",
        ["SessionName"],
        unit="seconds",
        namespace="autoscaler",
        registry=registry,
        buckets=[0.01, 0.1, 1, 10, 100, 1000],
    )
    for update_s in updates_s or ():
        made.labels("session_1").observe(update_s)
    if not updates_s:
        made.labels("session_1")
    return generate_latest(registry).decode()


def test_ray_tells_how_long_each_update_took() -> None:
    loop = Loop("ray-autoscaler")
    assert loop.asked(0, ray()) == []
    assert [(mark.kind, mark.duration_s) for mark in loop.asked(5, ray(0.144))] == [(END, 0.144)]
    assert loop.condition(ray()) == (True, "")


def test_airflow_is_heard_through_statsd_exporter() -> None:
    loop, text = Loop("airflow-scheduler"), recorded("airflow")
    assert loop.asked(0, text) == []
    (end,) = loop.asked(5, changed(text, ("_count 5118", "_count 5119"), ("_sum 262.144", "_sum 274.644")))
    assert round(end.duration_s or 0, 6) == 12.5


def _blocks() -> Sequence[str]:
    return re.findall(r"^```yaml\n(.*?)^```", (DOCS / "targets.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_every_preset_has_whole_configurations_in_the_documentation(preset: PresetName) -> None:
    configs = [parse(text, "targets.md", {}) for text in _blocks() if text.startswith("targets:")]
    targets = [
        target
        for config in configs
        for target in config.targets
        for part in target.iterations
        if isinstance(part.options, Metrics) and part.options.preset == preset
    ]
    assert targets, "a configuration"
    assert any(not target.process.given for target in targets), "one by address only"
    if preset != "airflow-scheduler":  # whose series another process has
        assert any(target.process.given for target in targets), "one beside the process"


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_every_preset_stands_in_the_documentation_as_it_is(preset: PresetName) -> None:
    series, rules = PRESETS[preset], Metrics(preset=preset).loop_rules()
    names = [text for text in (series.start, series.end, *series.in_flight_seconds) if text]
    cells = [
        f"`{preset}`",
        ", ".join(f"`{name}`" for name in names),
        f"`{rules.mode}`",
        str(Seconds(series.max_loop_time_s or 0)),
        str(Seconds(series.idle_allowance_s)) if series.idle_allowance_s else "",
        "yes" if rules.concurrent else "",
    ]
    assert f"| {' | '.join(cells)} |" in (DOCS / "sources.md").read_text().splitlines()


@pytest.mark.parametrize("preset", get_args(PresetName))
def test_a_preset_looks_at_few_names(preset: PresetName) -> None:
    assert len(Loop(preset).form.names.keys() - {BORN}) <= 3
    assert list(Metrics(preset=preset).check()) == []
