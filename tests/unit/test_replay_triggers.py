"""A replay shows what adaptive and early triggers would have made of a recorded log."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.__main__ import main

BEGAN = datetime(2023, 9, 6, 12, 0, 0, tzinfo=UTC)
CONFIG = """
targets:
  - name: a
    process: {pid: 1}
    max_loop_time: 1m
    cooldown: 10m
    triggers:
      - early: {after: 20s}
      - adaptive: {times: 4, last: 20, needs: 10, floor: 5s}
    iterations:
      - log: {path: /x.log, start: "begin (?P<iteration>[0-9]+)", end: "done (?P<iteration>[0-9]+)"}
"""
TOOK_S = [1.0] * 5 + [25.0] + [2.0] * 15 + [9.0, 9.0] + [2.0] * 3


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """One slow iteration before there is a habit, two in a row after."""
    lines = []
    for place, took_s in enumerate(TOOK_S):
        for word, at_s in (("begin", 60.0 * place), ("done", 60.0 * place + took_s)):
            lines.append(f"{BEGAN + timedelta(seconds=at_s):%Y-%m-%dT%H:%M:%SZ} {word} {place}\n")
    (tmp_path / "x.log").write_text("".join(lines))
    (tmp_path / "x.yaml").write_text(CONFIG)
    (tmp_path / "x.yaml").chmod(0o600)
    return ["check", str(tmp_path / "x.yaml"), "--replay", str(tmp_path / "x.log")]


def test_as_data(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*files, "--json"]) == 0
    story = json.loads(capsys.readouterr().out)
    told = {one["iteration"]: one for one in story["iterations"] if one["captures"]}
    assert list(told) == ["5", "21", "22"]
    (early,) = told["5"]["captures"]
    assert (early["light"], early["age_s"], told["5"]["overran"]) == (True, 20, False)
    (adaptive,) = told["21"]["captures"]
    assert (adaptive["light"], adaptive["age_s"], adaptive["held_to_s"]) == (False, 8, 8)
    assert adaptive["reason"].endswith("(4 times the median of the last 20 iterations, 2s)")
    assert [one["refused"] for one in told["22"]["captures"]] == ["cooldown"]
    assert (story["captures"], story["light_captures"], story["overruns"]) == (1, 1, 2)


def test_as_a_table(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files) == 0
    said = capsys.readouterr().out
    assert "slow, light: captured after 20s\n" in said
    assert "OVERRAN, captured after 8s (allowed: 8s)\n" in said
    assert "captures: 1 and 1 light, refused: 1 cooldown\n" in said
