"""`loopcam diff`: a table, JSON, or a page; and what goes wrong is told."""

import json
from pathlib import Path

import pytest

from daemon.__main__ import main
from tests.reports import DEFAULT_ROWS, SOURCE, make_report, trace
from tests.unit.report.drawings import HOSTILE


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    before = make_report(tmp_path / "a")
    after = make_report(tmp_path / "b", segments=[trace(DEFAULT_ROWS[:2], 1.5)] * 2)
    return str(before), str(after)


def test_the_table_tells_both_directions(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *pair]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["-13.3%", "13.3%", "-", "apply", "(/srv/scaler/loop.py)", "MainThread"] in [
        row[:6] for row in rows
    ]
    assert ["+13.3%", "86.7%", "100.0%", "simulate"] in [row[:4] for row in rows]


def test_json_has_all_figures(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", *pair]) == 0
    told = json.loads(capsys.readouterr().out)
    gone = next(one for one in told["moved"] if one["function"] == "apply")
    assert (gone["b_share"], gone["a_share"], gone["a"]) == (0.0, pytest.approx(0.133, abs=0.001), 0.4)
    assert {one["thread"] for one in told["threads"]} == {"MainThread", "worker"}


def test_the_same_twice_moves_nothing(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", pair[0], pair[0]]) == 0
    assert "same shares" in capsys.readouterr().out


def test_the_page_holds_both_graphs_and_nothing_that_runs(
    tmp_path: Path, pair: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "diff.html"
    assert main(["diff", *pair, "--html", str(page)]) == 0
    html = page.read_text()
    assert html.count("<svg") == 2
    assert "default-src &#x27;none&#x27;; style-src" in html
    assert "apply (/srv/scaler/loop.py): A 13.3%, B 0.0% of MainThread" in html
    assert capsys.readouterr().out


def test_hostile_names_stay_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(0.1 * at, 1, name, ((name, SOURCE, 1), (name, name, 2))) for at, name in enumerate(HOSTILE)]
    hostile = make_report(tmp_path / "a", segments=[trace(rows, 1.5)], dumps=[])
    other = make_report(tmp_path / "b", dumps=[])
    page = tmp_path / "diff.html"
    assert main(["diff", str(hostile), str(other), "--html", str(page)]) == 0
    html, told = page.read_text(), capsys.readouterr().out
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html + told
    assert "\u202e" not in html + told


def test_what_is_no_profile_ends_with_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(tmp_path), "/etc/passwd"]) == 1
    assert "is no profile" in capsys.readouterr().err


@pytest.mark.parametrize("most", ["0", "-1", "x"])
def test_a_wrong_number_is_a_wrong_use(most: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "a", "b", "--most", most]) == 64
    assert "--most" in capsys.readouterr().err
