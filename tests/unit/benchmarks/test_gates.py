import os
import subprocess
from pathlib import Path

import pytest

from benchmarks import gates, results, tightening
from benchmarks.experiments import EXPERIMENTS, QUICK
from benchmarks.figures import Row
from benchmarks.gates import Bound, GatesError, Kind, Verdict
from benchmarks.results import Taken

ROOT = Path(__file__).parents[3]
TEXT = """
idle:
  memory: {gate: at most 1.1 x, aim: at most 32 MiB, ci: [at most 2 x, at most 60 MiB]}
  lines: {aim: at least 5_000 /s}
"""


def row(ours: float, other: float | None = None, **more: object) -> Row:
    return Row(figure="memory", unit="MiB", ours=ours, other=other, **more)  # type: ignore[arg-type]


def verdicts(row: Row) -> list[tuple[str, Verdict]]:
    return [(str(one.bound), one.verdict) for one in gates.judge(row, gates.load(TEXT)["idle"]["memory"])]


def test_bounds_are_read_with_their_units() -> None:
    bounds = gates.load(TEXT)["idle"]
    assert bounds["memory"][Kind.CI] == (Bound(2, "x"), Bound(60, "MiB"))
    assert bounds["lines"] == {Kind.AIM: (Bound(5000, "/s", least=True),)}
    assert str(bounds["lines"][Kind.AIM][0]) == "at least 5,000 /s"


def test_gates_bound_ratios_and_aims_our_own_figure() -> None:
    assert verdicts(row(33, 30)) == [
        ("at most 1.1 x", Verdict.KEPT),
        ("at most 32 MiB", Verdict.BROKEN),
        ("at most 2 x", Verdict.KEPT),
        ("at most 60 MiB", Verdict.KEPT),
    ]
    assert verdicts(row(34, 30))[0] == ("at most 1.1 x", Verdict.BROKEN)


def test_without_a_comparison_no_ratio_is_judged() -> None:
    assert verdicts(row(32)) == [("at most 32 MiB", Verdict.KEPT), ("at most 60 MiB", Verdict.KEPT)]


def test_what_chance_explains_breaks_no_bound() -> None:
    assert verdicts(row(34, 30, chance=3))[:2] == [
        ("at most 1.1 x", Verdict.KEPT),
        ("at most 32 MiB", Verdict.KEPT),
    ]


@pytest.mark.parametrize(
    ("within", "verdict"),
    [((1, 31), Verdict.KEPT), ((33, 40), Verdict.BROKEN), ((-5, 40), Verdict.OPEN)],
)
def test_an_interval_is_judged_as_a_whole(within: tuple[float, float], verdict: Verdict) -> None:
    assert ("at most 32 MiB", verdict) in verdicts(row(20, within=within))


@pytest.mark.parametrize(
    "text", ["a: {b: {gate: 1.1}}", "a: {b: {gate: at most 3 MiB}}", "a: {b: {goal: at most 3 x}}"]
)
def test_what_is_no_bound_is_refused_by_name(text: str) -> None:
    with pytest.raises(GatesError, match="a: b: "):
        gates.load(text)


def test_a_bound_of_another_unit_than_its_figure_is_refused() -> None:
    with pytest.raises(GatesError, match="MiB"):
        list(gates.judge(row(3), gates.load("a: {memory: {aim: at most 3 s}}")["a"]["memory"]))


def test_a_figure_that_is_not_told_breaks_its_bounds() -> None:
    found = {"idle": Taken(machine="", rows=[row(70, 30)])}
    missed = results.missed(found, gates.load(TEXT), (Kind.CI,))
    assert [one.partition(", ci is ")[2] for one in missed] == ["at most 2 x", "at most 60 MiB"]
    assert results.missed(found, gates.load(TEXT), (Kind.AIM,))[-1] == "idle: lines: not told"


@pytest.mark.parametrize(
    "now",
    [
        TEXT.replace("1.1 x", "1.2 x"),
        TEXT.replace("aim: at most 32 MiB, ", ""),
        TEXT.replace("at least 5_000 /s", "at least 4_999 /s"),
        TEXT.replace("at least 5_000 /s", "at most 6_000 /s"),
        TEXT.replace("at most 60 MiB", "at most 60_000 KiB"),
        TEXT.replace("  lines: {aim: at least 5_000 /s}", ""),
    ],
)
def test_loosening_is_noticed(now: str) -> None:
    assert len(tightening.loosened(now, [TEXT])) == 1


def test_tightening_adding_and_retiring_are_none() -> None:
    tighter = TEXT.replace("1.1 x", "1.05 x") + "  more: {aim: at most 3 s}\n"
    assert tightening.loosened(tighter, [TEXT]) == []
    gone = TEXT.replace("  lines: {aim: at least 5_000 /s}", "")
    assert tightening.loosened(f"{gone}retired: {{'idle: lines': nobody reads lines now}}", [TEXT]) == []


def test_bounds_have_only_been_tightened() -> None:
    """Held against what is recorded beside it, and against every version that this clone knows of."""
    before = [tightening.RECORD.read_text(), *_earlier()]
    assert tightening.loosened(gates.FILE.read_text(), before) == []


def _earlier() -> list[str]:
    name = str(gates.FILE.relative_to(ROOT))
    commits = _git("log", "--format=%H", "--diff-filter=AM", "--", name).split()
    return [_git("show", f"{commit}:{name}") for commit in commits]


def _git(*arguments: str) -> str:
    """What git says; nothing where there is no history, as in a tarball."""
    if not (ROOT / ".git").exists():
        return ""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    argv = ("git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), *arguments)
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout


def test_what_is_recorded_is_as_tight_as_the_file() -> None:
    """So that a clone without history knows it too: `make docs` records what was tightened."""
    assert tightening.loosened(tightening.RECORD.read_text(), [gates.FILE.read_text()]) == []


def test_recording_keeps_the_tighter_of_both() -> None:
    recorded = tightening.tightened(TEXT.replace("1.1 x", "1.2 x"), TEXT.replace("32 MiB", "33 MiB"))
    assert tightening.loosened(recorded, [TEXT]) == []
    assert gates.load(recorded) == gates.load(TEXT)


def test_bounds_belong_to_experiments_that_there_are() -> None:
    assert set(gates.load()) <= set(EXPERIMENTS)


def test_what_runs_in_ci_has_bounds_for_it() -> None:
    bounded = {
        name for name, figures in gates.load().items() if any(Kind.CI in one for one in figures.values())
    }
    assert bounded == set(QUICK)
