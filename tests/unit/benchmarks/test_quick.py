"""What CI asks of the benchmarks: its bounds, tried again while others may be busy, and a word at the end."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.experiments import EXPERIMENTS
from benchmarks.figures import Row

FIGURE = "processes while the target is absent"  # at most 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, int]]:
    """Runs it with these figures, one a try; gives the exit code, and how many were taken."""

    def run(*figures: float) -> tuple[int, int]:
        left = list(figures)

        def measure(_folder: Path, _times: float) -> list[Row]:
            others = [one for one in command.gates.load()["absent"] if one != FIGURE]
            return [
                Row(figure=FIGURE, unit="", ours=left.pop(0)),
                *(Row(figure=one, unit=_unit(one), ours=0) for one in others),
            ]

        monkeypatch.setattr(command, "EXPERIMENTS", {"absent": measure})
        monkeypatch.setattr(command, "ROOT", tmp_path)
        monkeypatch.setattr(command, "QUICK", {"absent": 1.0})
        return command._quick(), len(figures) - len(left)

    return run


def _unit(figure: str) -> str:
    (bound, *_) = next(iter(command.gates.load()["absent"][figure].values()))
    return bound.unit


def test_a_bound_that_is_kept_in_the_end_is_kept(
    quick: Callable[..., tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert quick(2, 1, 1) == (0, 2)
    assert capsys.readouterr().out.splitlines()[-1].startswith("every bound for CI is kept")


def test_one_that_is_broken_each_time_is_named_and_fails(
    quick: Callable[..., tuple[int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert quick(2, 2, 2) == (1, 3)
    said = capsys.readouterr()
    assert f"broken: absent: {FIGURE}" in said.err
    assert "is kept" not in said.out


def test_each_experiment_has_its_line_in_the_docs() -> None:
    page = Path("docs/costs.md").read_text().partition("## What each one is")[2]
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(EXPERIMENTS)
