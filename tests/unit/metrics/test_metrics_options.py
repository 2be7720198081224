"""The options of the source, and what is said of those that cannot be meant."""

import re

import pytest

from daemon.config.load import parse
from daemon.sources.metrics.options import Metrics
from model.errors import ConfigError

TARGET = "targets: [{name: a, address: 'h:1', max_loop_time: 1m, iterations: [metrics: %s]}]"


def metrics(options: str) -> Metrics:
    (target,) = parse(TARGET % options, "a test").targets
    (part,) = target.iterations
    assert isinstance(part.options, Metrics)
    return part.options


@pytest.mark.parametrize(
    ("options", "mode", "concurrent"),
    [
        ("{preset: cluster-autoscaler}", "start_end", False),
        ("{preset: karpenter}", "start_end", True),
        ("{preset: ray-autoscaler}", "end", False),
        ("{start: a, end: b_count, idle_allowance: 1s}", "start_end", False),
        ("{end: b_count, idle_allowance: 1s}", "end", False),
        ("{in_flight_seconds: a}", "start_end", True),
        ("{in_flight_seconds: [a, 'b{c=\"d\"}'], iteration: id}", "start_end", True),
        ("{unanswered: true}", "start_end", False),
    ],
)
def test_the_form_follows_from_the_series(options: str, mode: str, concurrent: bool) -> None:
    rules = metrics(options).loop_rules()
    assert (rules.mode, rules.concurrent) == (mode, concurrent)
    assert rules.remembers
    assert rules.lag_s == 7.5


def test_silence_counts_only_where_ends_alone_are_told() -> None:
    assert metrics("{preset: cluster-autoscaler}").loop_rules().idle_allowance_s == 0
    assert metrics("{preset: ray-autoscaler, idle_allowance: 40s}").loop_rules().idle_allowance_s == 40


def test_what_is_written_beside_a_preset_wins() -> None:
    series = metrics("{preset: cluster-autoscaler, end: other_count, idle_allowance: 70s}").series
    assert (series.end, series.idle_allowance_s) == ("other_count", 70)
    assert series.start == 'cluster_autoscaler_last_activity{activity="main"}'


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("{}", "metrics: nothing to look for: give a `preset`, or series"),
        ("{start: a, idle_allowance: 1s}", "metrics.end: missing: needed with `start`"),
        ("{start: a, end: b}", "metrics.idle_allowance: missing: needed with `end`"),
        ("{end: b}", "metrics.idle_allowance: missing: needed with `end`"),
        (
            "{in_flight_seconds: a, idle_allowance: 1s}",
            "metrics.idle_allowance: 1s: has a meaning with `end`",
        ),
        ("{preset: cluster-autoscaler, in_flight_seconds: a}", "leave out `start` and `end`, or this"),
        ("{end: b, idle_allowance: 1s, iteration: id}", "metrics.iteration: id: has a meaning with"),
        ("{preset: keda, unanswered: true}", "metrics.unanswered: true: goes without series"),
        (
            "{in_flight_seconds: ['a', 'rate(b)']}",
            "metrics.in_flight_seconds: rate(b): a series as Prometheus",
        ),
        (
            "{in_flight_seconds: 'a{b=c}'}",
            'metrics.in_flight_seconds: a{b=c}: `b=c`: label="value" is expected',
        ),
        (
            "{preset: keda, interval: 1s, deadline: 900ms}",
            "metrics.deadline: 900ms: at most 80% of interval: 800ms",
        ),
        ("{preset: keda, interval: 10ms}", "metrics.interval: 10ms: at least 100ms"),
        (
            "{preset: keda, path: metrics}",
            "metrics.path: metrics: a path, with its query, that begins with /",
        ),
        ("{preset: keda, port: 70000}", "metrics.port: 70000: at most 65535"),
        ("{preset: keba}", "did you mean keda"),
    ],
)
def test_what_cannot_be_meant_is_told(options: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        metrics(options)


def test_a_process_needs_an_address_for_its_metrics() -> None:
    text = "targets: [{name: a, process: {pid: 1}, iterations: [metrics: {preset: keda}]}]"
    with pytest.raises(
        ConfigError, match=re.escape("targets[0].address: missing: needed by the source metrics")
    ):
        parse(text, "a test")
    (target,) = parse(text.replace("process:", "address: 'h:1', process:"), "a test").targets
    assert target.threshold_s == 60


def test_a_text_given_in_python_is_one_series() -> None:
    assert Metrics(in_flight_seconds="abc").in_flight_seconds == ("abc",)  # type: ignore[arg-type]
