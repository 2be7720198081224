"""What goes together in `triggers`, and what does not."""

import msgspec
import pytest

from daemon.config import rules
from daemon.config.load import parse
from daemon.config.selector import Selector
from model.errors import ConfigError

LOG = "iterations: [{log: {path: /x.log, start: a, end: b}}]"


def faults(triggers: str, more: str = "") -> str:
    text = f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 1m, triggers: {triggers}, {more}}}]"
    try:
        parse(text, "a test")
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "triggers",
    [
        "[exit]",
        "[adaptive, {early: {after: 30s}}]",
        "[{cpu: {above: 80%}}, {cpu: {above: 200%, over: 5m}, name: two-cores}]",
        "[{memory: {above: 2GiB, growth: 50%, within: 1h}}, {silence: {after: 10m}}]",
        "[{adaptive: {percentile: p99.9, times: 1.5, last: 500, needs: 100, floor: 1s}}]",
    ],
)
def test_good(triggers: str) -> None:
    assert faults(triggers) == ""


@pytest.mark.parametrize(
    ("triggers", "said"),
    [
        ("[{early: {after: 59s}}]", "early: after: 59s: with its collection_time (2s) at most max_loop_time"),
        ("[{early: {after: 1s}}, {early: {after: 2s}, name: b}]", "one entry `early` a target"),
        ("[{adaptive: {floor: 1m}}]", "adaptive: floor: 1m: less than max_loop_time (1m)"),
        ("[{adaptive: {needs: 50, last: 20}}]", "adaptive: needs: 50: at most `last` (20)"),
        ("[{adaptive: {percentile: 99}}]", "a text"),
        ("[{memory: {within: 1h}}]", "memory.above: missing: needed: `above`, `growth`, or both"),
        ("[{line: {match: panic}}]", "line: needs a source `log`"),
        ("[cpu]", "cpu.above: missing"),
        ("[overun]", "no such trigger"),
    ],
)
def test_faults(triggers: str, said: str) -> None:
    assert said in faults(triggers)


def test_what_is_told_of_a_log_needs_one() -> None:
    assert faults("[{line: {match: panic}}]", LOG) == ""


def test_silence_means_something_only_where_both_ends_are_told() -> None:
    beat = "iterations: [{heartbeat: {mode: beat, idle_allowance: 1s}}]"
    assert "in the others silence is an overrun" in faults("[{silence: {after: 1m}}]", beat)


@pytest.mark.parametrize("trigger", ["exit", "{cpu: {above: 80%}}", "{memory: {above: 1GiB}}"])
def test_what_looks_at_a_process_needs_one(trigger: str) -> None:
    text = f"targets: [{{name: a, process: {{pid: 1}}, max_loop_time: 1m, triggers: [{trigger}]}}]"
    (target,) = parse(text, "a test").targets
    assert list(rules.triggers(target)) == []
    remote = msgspec.structs.replace(target, process=Selector(), address=("127.0.0.1:80",))
    ((option, _, rule),) = rules.triggers(remote)
    assert (option, rule) == ("triggers", "looks at a process: give `process`, or leave it out")
