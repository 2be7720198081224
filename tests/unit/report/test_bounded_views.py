"""No document grows without a bound: what is cut is what matters least, and it is said."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.samples import NO_STACK, Frame, Run, SampleTable, State
from report.drawing import Drawing
from report.totals import ranked
from report.views import collapsed, flamegraph, nested, speedscope
from tests.unit.report import drawings as make

LOOP = Frame("loop", "/srv/a.py", 3)
hostile = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Segments = Sequence[Sequence[tuple[int, str, Sequence[Frame], State]]]


def _text(view: Any, drawing: Drawing) -> str:
    return b"".join(view.draw(drawing)).decode()


def _many(count: int) -> Segments:
    """One thread that is in another function each time, called by the same one."""
    return [[(0, "main", [LOOP, Frame(f"step_{at}", "/srv/b.py", at)], State.RUNNING) for at in range(count)]]


def _runs(drawing: Drawing) -> list[list[Run]]:
    found: dict[int, list[Run]] = {}
    for run in drawing.table.runs():
        found.setdefault(run.thread, []).append(run)
    return list(found.values())


def _lasting(table: SampleTable, runs: Sequence[Run]) -> list[tuple[int, int, int, int]]:
    """The calls of a thread as they are defined: each stack's longest unbroken stretches."""
    stretches: dict[int, list[list[int]]] = {}
    for run in runs:
        stack, depth = run.stack, len(table.stack_frames(run.stack)) - 1
        while stack != NO_STACK:
            its = stretches.setdefault(stack, [])
            if its and its[-1][1] == run.start_us:
                its[-1][1] = run.end_us
            else:
                its.append([run.start_us, run.end_us, depth])
            stack, depth = table.callers[stack], depth - 1
    return sorted(
        (start_us, depth, end_us - start_us, table.tops[stack])
        for stack, its in stretches.items()
        for start_us, end_us, depth in its
    )


@hostile
@given(make.drawings, st.integers(0, 1_500_000))
def test_calls_are_the_longest_stretches_of_each_stack(
    tmp_path: Path, segments: Segments, least_us: int
) -> None:
    drawing = make.drawing(tmp_path, segments)
    for runs in _runs(drawing):
        truth = [call for call in _lasting(drawing.table, runs) if call[2] >= least_us]
        blocks = nested.blocks(drawing.table, runs)
        assert nested.calls(drawing.table, blocks, least_us) == truth


@hostile
@given(make.drawings, st.integers(0, 30))
def test_no_more_calls_are_left_than_there_may_be(tmp_path: Path, segments: Segments, most: int) -> None:
    drawing = make.drawing(tmp_path, segments)
    every = [list(nested.blocks(drawing.table, runs)) for runs in _runs(drawing)]
    least_us = nested.shortest_us(every, most)
    whole = sum(len(nested.calls(drawing.table, blocks)) for blocks in every)
    left = sum(len(nested.calls(drawing.table, blocks, least_us)) for blocks in every)
    assert left <= most
    assert bool(least_us) == (whole > most)


@hostile
@given(make.drawings)
def test_any_number_of_the_heaviest_stacks_has_all_their_callers(tmp_path: Path, segments: Segments) -> None:
    table = make.drawing(tmp_path, segments).table
    own_us: dict[int, int] = {}
    for run in table.runs():
        own_us[run.stack] = own_us.get(run.stack, 0) + run.end_us - run.start_us
    seen = {NO_STACK}
    for stack in ranked(table, own_us):
        assert stack == NO_STACK or table.callers[stack] in seen
        seen.add(stack)
    assert own_us.keys() <= seen


def test_speedscope_leaves_out_the_shortest_calls_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speedscope, "MOST_CALLS", 20)
    document = json.loads(_text(speedscope, make.drawing(tmp_path, _many(100))))
    (profile,) = document["profiles"]
    assert [(event["type"], event["at"]) for event in profile["events"]] == [("O", 0), ("C", 1_000_000)]
    assert "without calls shorter than" in document["name"]


def test_collapsed_stacks_keep_all_time_where_the_rare_ones_are_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = make.drawing(tmp_path, [*_many(100), *_many(1)])
    whole = _text(collapsed, drawing)
    monkeypatch.setattr(collapsed, "MOST_BYTES", 1000)
    lines = _text(collapsed, drawing).splitlines()
    assert len("\n".join(lines)) < 2000 < len(whole)
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == make.total_us(drawing)
    assert any(";step_0 (" in line for line in lines)  # the heaviest
    assert any(";(rare calls) " in line for line in lines)
    assert "(rare calls)" not in whole


def test_the_picture_leaves_out_the_narrowest_boxes_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = make.drawing(tmp_path, _many(100))
    whole = _text(flamegraph, drawing)
    monkeypatch.setattr(flamegraph, "MOST_BOXES", 20)
    cut = _text(flamegraph, drawing)
    assert len(list(ET.fromstring(whole).iter("{http://www.w3.org/2000/svg}rect"))) == 103
    assert len(list(ET.fromstring(cut).iter("{http://www.w3.org/2000/svg}rect"))) == 3
    assert "left out" in cut
    assert "left out" not in whole
