"""What a log may be told, and every fault said clearly."""

import subprocess
import sys

import pytest

from daemon.config.load import parse
from daemon.sources.contract import LoopRules
from daemon.sources.log.options import Log
from model.errors import ConfigError

BEGIN = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m, iterations: [{log: {path: /x.log, "


def log(text: str) -> Log:
    (target,) = parse(f"{BEGIN}{text}}}}}]}}]\n", "file.yaml", {}).targets
    (part,) = target.iterations
    assert isinstance(part.options, Log)
    return part.options


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        log(text)
    return [
        str(fault).removeprefix("targets[0].iterations[0].log").lstrip(".") for fault in caught.value.faults
    ]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("start: s, end: e", "start_end"),
        ("start: s, idle_allowance: 1s", "start"),
        ("end: e, idle_allowance: 1s", "end"),
        ("beat: b, idle_allowance: 1s", "beat"),
        ("start: s, end: e, mode: start, idle_allowance: 1s", "start"),
    ],
)
def test_the_mode_follows_from_the_patterns(text, mode):
    assert log(text).loop_rules().mode == mode


def test_a_pattern_may_be_one_or_a_list():
    assert log("start: s, end: [e, f]").end == ("e", "f")
    assert log("start: s, end: [e, f]").start == ("s",)


def test_one_pattern_is_not_its_characters_where_it_is_built_in_python():
    made = Log(path="/x.log", start="begin", end=["done", "failed"])  # type: ignore[arg-type]
    assert hash(made)
    assert made.start == made.wording.start == ("begin",)
    assert [text for _, text in made.wording.patterns()] == ["begin", "done", "failed"]


def test_a_preset_gives_everything():
    assert log("preset: cluster-autoscaler").loop_rules() == LoopRules(
        mode="start", idle_allowance_s=15, max_loop_time_s=120, killed_after_s=600
    )


def test_what_is_written_beside_a_preset_wins():
    made = log("preset: cluster-autoscaler, idle_allowance: 1m, end: 'loop over', format: cri")
    assert made.loop_rules().idle_allowance_s == 60
    assert made.wording.end == ("loop over",)
    assert made.wording.start == log("preset: cluster-autoscaler").wording.start


def test_another_mode_leaves_the_patterns_of_a_preset_out_that_it_does_not_know():
    made = log("preset: cluster-autoscaler, mode: beat, beat: 'Autoscaler loop triggered '")
    assert [text for _, text in made.wording.patterns()] == [
        "Autoscaler loop triggered ",
        *made.wording.idle,
    ]


def test_a_target_with_a_preset_needs_no_threshold():
    text = BEGIN.replace("max_loop_time: 2m, ", "") + "preset: kopf}}]}]\n"
    assert parse(text, "x", {}).targets[0].threshold_s == 60


def test_without_anything_to_look_for_nothing_is_heard():
    (only,) = faults("format: cri")
    assert only.endswith("nothing to look for: give a `preset`, or patterns: start, end, beat")


def test_an_unknown_preset_is_told_with_the_nearest():
    (only,) = faults("preset: cluster_autoscaler")
    assert "did you mean cluster-autoscaler?" in only


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("start: s", "idle_allowance: missing: needed in mode start"),
        ("preset: beat", "idle_allowance: missing: needed in mode beat"),
        ("start: s, end: e, idle_allowance: 1s", "idle_allowance: 1s: has no meaning in mode start_end"),
        ("end: e, mode: start, idle_allowance: 1s", "start: missing: needed in mode start"),
        ("start: s, end: e, beat: b", "beat: b: has no meaning in mode start_end"),
        ("idle: i, idle_allowance: 1s", "beat: missing: needed in mode beat"),
        ("start: 'a(?=b)', end: e", "start: a(?=b): a regular expression (RE2)"),
        ("start: s, end: [e, 'f(']", "end: f(: a regular expression (RE2): missing )"),
        ("start: s, end: 'x*'", "end: x*: matches the empty line"),
        ("start: s, end: s", "end: s: the same as in `start`, which goes first"),
        ("start: '(?P<name>s)', end: e", "start: (?P<name>s): no such group: name; known: iteration"),
        (
            "start: '(?P<duration>s)', end: e",
            "start: (?P<duration>s): the group duration has a meaning in `end`",
        ),
        ("start: s, end: e, concurrent: true", "start: s: iterations side by side need a name"),
        ("start: [], end: []", "nothing to look for"),
        ("start: s, end: e, max_line_bytes: 1", "max_line_bytes: 1: at least 256 B"),
    ],
)
def test_every_fault_is_told(text, fault):
    assert any(fault in one for one in faults(text)), faults(text)


def test_all_faults_are_told_at_once():
    told = faults("start: 'a(', end: ['b[', x], mode: beat")
    assert [one.partition(": ")[0] for one in told] == [
        "start",
        "end",
        "beat",
        "start",
        "end",
        "idle_allowance",
    ]


def test_re2_is_loaded_only_where_a_log_or_a_match_is_configured():
    text = "targets: [{name: a, process: {pid: 1}, max_loop_time: 2m}]"
    code = f"import sys, daemon.config.load; daemon.config.load.parse({text!r}, 'x', {{}})"
    code += "; sys.exit('re2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
