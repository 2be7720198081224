"""A report with a baseline among its evidence is compared with it."""

from pathlib import Path

import msgspec
import pytest

from disk import durable
from model import coding
from model.baseline import BASELINE_FILE, Baseline
from model.capture import Capture
from model.history import History
from model.report import CAPTURE_FILE, EVIDENCE_DIR
from report.baseline.fold import folded
from report.baseline.trees import baseline_trees
from report.render import render
from report.tree import ROOT
from tests.reports import assert_valid_report, make_report
from tests.unit.baseline.calling import calls, sampled

BASELINE_PATH = f"{EVIDENCE_DIR}/{BASELINE_FILE}"


def baseline() -> Baseline:
    made = Baseline(target="demo")
    usual = {
        "MainThread;<module>;run_once;plan": 0.3,
        "MainThread;<module>;run_once;simulate": 0.1,
        "worker;Thread._bootstrap;worker;Event.wait;Condition.wait": 0.4,
    }
    for number in range(3):
        made = folded(made, sampled(number, calls(usual)))
    return made


def with_history(home: Path, median_s: float) -> None:
    file = home / CAPTURE_FILE
    history = History(iterations=1234, median_s=median_s, p90_s=1.0, p99_s=1.0, most_s=2.0)
    capture = msgspec.structs.replace(coding.decode(file.read_bytes(), Capture), history=history)
    durable.write_atomic(file, coding.encode(capture))


def test_the_manifest_tells_what_moved(tmp_path: Path) -> None:
    home = make_report(tmp_path, extra={BASELINE_PATH: coding.encode(baseline())})
    with_history(home, 0.5)
    comparison = render(home).comparison
    assert_valid_report(home)
    assert comparison is not None
    assert (comparison.healthy.iterations, comparison.healthy.sampler) == (3, "pyspy")
    assert comparison.times_median == pytest.approx(10.2, abs=0.2)
    found = {(one.thread, one.function): one for one in comparison.moved}
    gone, new = found["MainThread", "plan"], found["MainThread", "apply"]
    assert (gone.stalled_share, gone.healthy_share, gone.healthy_s) == (0, 0.75, 0.3)
    assert (new.stalled_share > 0, new.healthy_share) == (True, 0)
    assert not [one for one in comparison.moved if one.thread == "worker"]  # they do what they always do


def test_without_a_baseline_there_is_no_comparison(tmp_path: Path) -> None:
    assert render(make_report(tmp_path)).comparison is None


@pytest.mark.parametrize("damage", [b"{", b'{"format":1}', b'{"target":"demo","eras":[{"callers":[1]}]}'])
def test_a_damaged_baseline_costs_itself_only(tmp_path: Path, damage: bytes) -> None:
    manifest = render(make_report(tmp_path, extra={BASELINE_PATH: damage}))
    assert manifest.comparison is None
    assert BASELINE_PATH in manifest.rendering.detail
    assert manifest.top_stacks


def test_an_era_that_contradicts_itself_costs_itself_only(tmp_path: Path) -> None:
    [era] = baseline().eras
    damaged = Baseline(target="demo", eras=(msgspec.structs.replace(era, tops=era.tops[:-1]),))
    manifest = render(make_report(tmp_path, extra={BASELINE_PATH: coding.encode(damaged)}))
    assert manifest.comparison is None
    assert "damaged" in manifest.rendering.detail


def test_trees_hold_all_weights_by_group() -> None:
    [era] = baseline().eras
    trees = baseline_trees(era)
    assert {group: tree.total_us[ROOT] for group, tree in trees.items()} == {
        "MainThread": pytest.approx(1_200_000, abs=100),
        "worker": pytest.approx(1_200_000, abs=100),
    }
    main = trees["MainThread"]
    own = {main.functions[node][0]: sum(states.values()) for node, states in main.own_us.items()}
    assert own == {"plan": pytest.approx(900_000, abs=100), "simulate": pytest.approx(300_000, abs=100)}
