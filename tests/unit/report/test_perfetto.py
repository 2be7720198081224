"""profile.perfetto.json.gz keeps the rules of the Trace Event Format, whatever is drawn."""

import gzip
import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from model.capture import Iteration
from model.samples import Frame, State
from model.signals import Name, Signal, Signals
from report.drawing import Drawing
from report.views import perfetto, perfetto_signals
from tests.hostile import PAYLOADS
from tests.reports import PID
from tests.unit.report import drawings as make

LOOP, WORK, WAIT = Frame("loop", "/srv/a.py", 3), Frame("work", "/srv/a.py", 9), Frame("wait", "/srv/b.py", 1)
Segments = Sequence[Sequence[tuple[int, str, Sequence[Frame], State]]]


def traced(drawing: Drawing) -> dict[str, Any]:
    """The document, held against the format's rules."""
    found: dict[str, Any] = json.loads(gzip.decompress(b"".join(perfetto.draw(drawing))))
    assert set(found) == {"displayTimeUnit", "otherData", "traceEvents"}
    tracks: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    for event in found["traceEvents"]:
        assert isinstance(event["name"], str)
        assert event["name"]
        for number in ("ts", "pid", "tid"):
            assert type(event[number]) is int
            assert event[number] >= 0
        if event["ph"] == "X":
            assert type(event["dur"]) is int
            assert event["dur"] >= 0
            tracks[event["pid"], event["tid"]].append(event)
        elif event["ph"] == "C":
            assert all(type(value) in (int, float) for value in event["args"].values())
        elif event["ph"] == "i":
            assert event["s"] == "g"
        else:
            assert event["ph"] == "M"
            assert event["name"] in ("process_name", "process_sort_index", "thread_name", "thread_sort_index")
    for events in tracks.values():
        _nested(events)
    return found


def _nested(events: Sequence[dict[str, Any]]) -> None:
    """Sorted, and each within all that are open."""
    open_until: list[int] = []
    last_us = 0
    for event in events:
        assert event["ts"] >= last_us
        last_us, end_us = event["ts"], event["ts"] + event["dur"]
        while open_until and open_until[-1] <= event["ts"]:
            open_until.pop()
        assert not open_until or end_us <= open_until[-1]
        open_until.append(end_us)


def slices(found: dict[str, Any], category: str) -> Counter[str]:
    """Microseconds by name."""
    total: Counter[str] = Counter()
    for event in found["traceEvents"]:
        if event["ph"] == "X" and event["cat"] == category:
            total[event["name"]] += event["dur"]
    return total


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(make.drawings)
def test_the_formats_rules_hold_for_any_names_and_times(tmp_path: Path, segments: Segments) -> None:
    drawing = make.drawing(tmp_path, segments)
    found = traced(drawing)
    outermost = Counter[str]()
    for run in drawing.whole.runs():
        outermost[drawing.whole.stack_frames(run.stack)[0].function or "?"] += run.end_us - run.start_us
    seen = slices(found, "stack")
    assert all(seen[name] >= us for name, us in outermost.items())


def test_threads_bear_their_names_numbers_and_order(tmp_path: Path) -> None:
    rows = [(0, "MainThread", [LOOP, WORK], State.RUNNING), (3, "worker", [WAIT], State.WAITING)]
    found = traced(make.drawing(tmp_path, [rows, rows]))
    named = {e["tid"]: e["args"]["name"] for e in found["traceEvents"] if e["name"] == "thread_name"}
    assert named[PID] == f"MainThread ({PID})"
    assert named[PID + 3] == f"worker ({PID + 3})"
    order = {
        e["tid"]: e["args"]["sort_index"] for e in found["traceEvents"] if e["name"] == "thread_sort_index"
    }
    assert order == {PID: 0, PID + 3: 1}
    assert slices(found, "stack") == {"loop": 2_000_000, "work": 2_000_000, "wait": 1_000_000}
    assert slices(found, "state") == {"running": 2_000_000, "waiting": 1_000_000}
    where = {e["args"]["at"] for e in found["traceEvents"] if e["name"] == "work"}
    assert where == {"/srv/a.py:9"}


def test_a_gap_ends_what_is_open(tmp_path: Path) -> None:
    rows = [(0, "MainThread", [LOOP], State.UNKNOWN)]
    found = traced(make.drawing(tmp_path, [rows, rows]))
    loops = [(e["ts"], e["dur"]) for e in found["traceEvents"] if e["name"] == "loop"]
    assert len(loops) == 2
    assert loops[1][0] - loops[0][0] == 1_250_000


def test_the_iterations_story_is_told_by_lines_and_stretches(tmp_path: Path) -> None:
    drawing = make.drawing(tmp_path, [])
    capture = msgspec.structs.replace(
        drawing.capture, iteration=Iteration(id="17", started_s=997.98, ended_s=1004.0)
    )
    drawing = replace(drawing, capture=capture, whole=replace(drawing.whole, start_us=990_000_000))
    found = traced(drawing)
    lines = {e["name"]: e["ts"] for e in found["traceEvents"] if e["ph"] == "i"}
    assert lines == {
        "iteration 17 starts": 7_980_000,
        "iteration 17 reaches its threshold": 9_980_000,
        "trigger: overrun": 9_980_000,
        "window ends: collection_time": pytest.approx(13_000_000, abs=1_000_000),
        "iteration 17 ends": 14_000_000,
    }
    assert slices(found, "loopcam")["lead-up"] == 10_000_000
    assert slices(found, "loopcam")["iteration 17"] == 6_020_000


def test_signals_are_counters_with_units_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perfetto_signals, "MOST_READINGS", 10)
    times_us = array("q", range(2_000_000, 2_000_000 + 95))
    values = array("d", [0.5] * 40 + [7.0] + [float("nan")] * 3 + [0.5] * 51)
    cpu = Signal(Name.CPU_USER, "cores", "/proc/PID/stat", times_us, values)
    drawing = make.drawing(tmp_path, [[(0, "MainThread", [LOOP], State.RUNNING)]])
    found = traced(replace(drawing, signals=Signals(series={cpu.name: cpu})))
    readings = [e["args"]["value"] for e in found["traceEvents"] if e["ph"] == "C"]
    assert {e["name"] for e in found["traceEvents"] if e["ph"] == "C"} == {"process.cpu_user (cores)"}
    assert len(readings) <= 10
    assert max(readings) == 7.0


def test_too_many_slices_leave_the_shortest_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perfetto, "MOST_SLICES", 20)
    rows = [(0, "MainThread", [LOOP, WORK if at % 2 else WAIT], State.UNKNOWN) for at in range(100)]
    long = [(0, "MainThread", [LOOP, WORK], State.UNKNOWN)]
    found = traced(make.drawing(tmp_path, [rows, long]))
    stacks = [e for e in found["traceEvents"] if e["ph"] == "X" and e["cat"] == "stack"]
    assert [e["name"] for e in stacks] == ["loop", "loop", "work"]
    assert found["otherData"]["left_out"].startswith("slices shorter than")


def test_threads_of_one_number_and_of_none_keep_apart(tmp_path: Path) -> None:
    rows = [(0, name, [Frame(name, name, 1)], State.RUNNING) for name in PAYLOADS]
    found = traced(make.drawing(tmp_path, [rows]))
    tids = [e["tid"] for e in found["traceEvents"] if e["name"] == "thread_sort_index"]
    assert len(tids) == len(set(tids)) == len(set(PAYLOADS))
