"""Views agree with the table and with each other, whatever things are called."""

import gzip
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.samples import NO_STACK, Frame, State
from report import pprof_pb2
from report.drawing import Drawing
from report.page.columns import values
from report.places import escaped, frame_text, thread_text
from report.views import collapsed, flamegraph, page, pprof, speedscope, stacks
from tests.unit.report import drawings as make

SCHEMA = json.loads(Path(__file__).with_name("speedscope.schema.json").read_bytes())
LOOP = Frame("loop", "/srv/a.py", 3)
WORK = Frame("work", "/srv/a.py", 9)
hostile = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Segments = Sequence[Sequence[tuple[int, str, Sequence[Frame], State]]]


def _text(view: Any, drawing: Drawing) -> str:
    return b"".join(view.draw(drawing)).decode()


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(\\|n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})",
        lambda match: (
            {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}.get(match[1]) or chr(int(match[1][1:], 16))
        ),
        text,
    )


def _truth(drawing: Drawing) -> Counter[tuple[str, ...]]:
    """Microseconds by thread and stack, straight from the runs."""
    found: Counter[tuple[str, ...]] = Counter()
    for run in drawing.table.runs():
        names = map(frame_text, drawing.table.stack_frames(run.stack))
        found[thread_text(drawing.table.threads[run.thread]), *names] += run.end_us - run.start_us
    return found


@pytest.mark.threat("collapsed")
@hostile
@given(make.drawings)
def test_collapsed_gives_back_every_name_and_microsecond(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    found: Counter[tuple[str, ...]] = Counter()
    for line in _text(collapsed, drawing).splitlines():
        stack, _, us = line.rpartition(" ")
        found[tuple(map(_unescaped, stack.split(";")))] += int(us)
    assert found == _truth(drawing)


@hostile
@given(make.drawings)
def test_speedscope_gives_back_every_name_and_microsecond(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    document = json.loads(_text(speedscope, drawing))
    jsonschema.validate(document, SCHEMA)
    assert [Frame(f["name"], f["file"], f.get("line", 0)) for f in document["shared"]["frames"]] == list(
        drawing.table.frames
    )
    found: Counter[tuple[str, ...]] = Counter()
    for profile in document["profiles"]:
        path, last_us = [profile["name"]], 0
        for event in profile["events"]:
            assert last_us <= event["at"] <= profile["endValue"]
            if len(path) > 1:
                found[tuple(path)] += event["at"] - last_us
            last_us = event["at"]
            name = frame_text(drawing.table.frames[event["frame"]])
            if event["type"] == "O":
                path.append(name)
            else:
                assert path.pop() == name
        assert path == [profile["name"]]
    assert +found == _truth(drawing)


@hostile
@given(make.drawings)
def test_pprof_gives_back_every_name_and_microsecond(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    profile = pprof_pb2.Profile.FromString(gzip.decompress(b"".join(pprof.draw(drawing))))
    text, functions = profile.string_table, {each.id: each for each in profile.function}
    places = {
        location.id: frame_text(
            Frame(
                text[functions[line.function_id].name], text[functions[line.function_id].filename], line.line
            )
        )
        for location in profile.location
        for line in location.line
    }
    assert text[0] == ""
    assert [(text[each.type], text[each.unit]) for each in profile.sample_type] == [
        ("samples", "count"),
        ("wall", "nanoseconds"),
    ]
    found: Counter[tuple[str, ...]] = Counter()
    for sample in profile.sample:
        labels = {text[label.key]: text[label.str] or label.num for label in sample.label}
        assert set(labels) == {"thread", "thread_id", "state"}
        names = [places[number] for number in reversed(sample.location_id)]
        count, ns = sample.value
        assert count >= 1
        found[str(labels["thread"]), *names] += ns // 1000
    assert found == _truth(drawing)


@hostile
@given(make.drawings)
def test_the_picture_is_well_formed_without_script_and_as_wide_as_the_time(
    tmp_path: Path, segments: Segments
) -> None:
    drawing = make.drawing(tmp_path, segments)
    root = ET.fromstring(_text(flamegraph, drawing))
    allowed = {"svg", "style", "text", "g", "title", "rect"}
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= allowed
    assert all(
        not key.startswith("on") and "href" not in key for element in root.iter() for key in element.attrib
    )
    by_row: Counter[str] = Counter()
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        by_row[rect.attrib["y"]] += float(rect.attrib["width"])
    if make.total_us(drawing):
        rows = [by_row[y] for y in sorted(by_row, key=float)]
        assert rows[:2] == pytest.approx([flamegraph.WIDTH - 20] * 2, abs=0.1)
        assert rows[2] == pytest.approx(rows[0], abs=1)


def _with_time(drawing: Drawing) -> set[int]:
    """The stacks that some run is in, and their callers."""
    found = set()
    for run in drawing.table.runs():
        stack = run.stack
        while stack != NO_STACK:
            found.add(stack)
            stack = drawing.table.callers[stack]
    return found


@pytest.mark.threat("xss")
@hostile
@given(make.drawings)
def test_the_page_holds_the_whole_graph_and_no_markup_but_its_own(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    text = _text(page, drawing)
    block = re.search(r'<script type="application/json" id="data">([^<>&]*)</script>', text)
    assert block is not None
    data = json.loads(block[1])
    assert sum(us for thread in data["threads"] for us in values(thread["us"])) == make.total_us(drawing)
    assert set(data["functions"]["name"]) == {
        escaped(drawing.table.frames[drawing.table.tops[stack]].function) for stack in _with_time(drawing)
    }
    assert text.count("<script") == text.count("</script>")
    assert not re.search(r"<(img|svg onload|script>alert)", text)
    assert "\u2028" not in text
    assert "\u202e" not in text


@hostile
@given(make.drawings)
def test_the_stacks_have_one_line_a_frame(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    frames = sum(len(seen.frames) for seen in drawing.looks[0].sightings)
    lines = _text(stacks, drawing).splitlines()
    assert sum(line.startswith("    ") for line in lines) == frames
    assert all(line.isprintable() for line in lines)


@hostile
@given(make.drawings)
def test_all_views_weigh_the_same_and_gaps_weigh_nothing(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    total_us = make.total_us(drawing)
    profile = pprof_pb2.Profile.FromString(gzip.decompress(b"".join(pprof.draw(drawing))))
    lines = _text(collapsed, drawing).splitlines()
    assert sum(sample.value[1] for sample in profile.sample) == total_us * 1000
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == total_us
    assert sum(tree.total_us[0] for tree in drawing.trees.values()) == total_us
    assert total_us <= sum(1_000_000 for _ in segments) * len(drawing.table.threads)


def test_speedscope_closes_all_frames_in_a_gap(tmp_path: Path) -> None:
    row = (0, "main", [LOOP, WORK], State.RUNNING)
    document = json.loads(_text(speedscope, make.drawing(tmp_path, [[row], [row]])))
    (profile,) = document["profiles"]
    assert [(event["type"], event["at"]) for event in profile["events"]] == [
        ("O", 0),
        ("O", 0),
        ("C", 1_000_000),
        ("C", 1_000_000),
        ("O", 1_250_000),
        ("O", 1_250_000),
        ("C", 2_250_000),
        ("C", 2_250_000),
    ]


def test_speedscope_keeps_common_callers_open(tmp_path: Path) -> None:
    rows = [(0, "main", [LOOP, WORK], State.RUNNING), (0, "main", [LOOP], State.RUNNING)]
    document = json.loads(_text(speedscope, make.drawing(tmp_path, [rows])))
    assert [event["type"] + str(event["frame"]) for event in document["profiles"][0]["events"]] == [
        "O0",
        "O1",
        "C1",
        "C0",
    ]


def test_pprof_counts_samples_by_the_rate(tmp_path: Path) -> None:
    drawing = make.drawing(tmp_path, [[(0, "main", [LOOP], State.RUNNING)]], rate_hz=50)
    profile = pprof_pb2.Profile.FromString(gzip.decompress(b"".join(pprof.draw(drawing))))
    assert [list(sample.value) for sample in profile.sample] == [[50, 1_000_000_000]]
    assert profile.period == 20_000_000


@pytest.mark.parametrize("view", [collapsed, speedscope, pprof, flamegraph, page, stacks])
def test_a_view_of_nothing_is_drawn(tmp_path: Path, view: Any) -> None:
    assert isinstance(b"".join(view.draw(make.drawing(tmp_path, []))), bytes)


@pytest.mark.threat("collapsed")
@given(st.text())
def test_escapes_can_be_undone(text: str) -> None:
    line = escaped(text, also=";")
    assert line.isprintable()
    assert ";" not in line
    assert _unescaped(line) == text
