"""Reports for tests: synthetic ones, and the check that every report made in any test goes through."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jsonschema
import msgspec

from disk import durable
from model import coding
from model.artifacts import Artifact
from model.capture import (
    Capture,
    Dump,
    Iteration,
    Outcome,
    PartOutcome,
    ProcessIdentity,
    Recording,
    Segment,
    Window,
    WindowEnd,
)
from model.events import Trigger, TriggerKind
from model.manifest import Manifest
from model.report import CAPTURE_FILE, MANIFEST_FILE, Report
from report import manifests, schema
from report.render import unrendered
from report.verify import verify

PID = 4242
START_S = 1000.0  # monotonic, of the window
REPORT_ID = "20261121T085811Z-demo-0a1b2c"
SOURCE = "/srv/scaler/loop.py"
THREADING = "/usr/lib/python3.11/threading.py"

Frame = tuple[str, str, int]  # function, file, line
Row = tuple[
    float, int, str, Sequence[Frame]
]  # seconds since the segment's start, thread, its name, root first
MAIN_STACK: tuple[Frame, ...] = (
    ("<module>", SOURCE, 90),
    ("run_once", SOURCE, 70),
    ("simulate", SOURCE, 31),
)
WAIT_STACK: tuple[Frame, ...] = (
    ("Thread._bootstrap", THREADING, 1002),
    ("worker", SOURCE, 12),
    ("Event.wait", THREADING, 629),
    ("Condition.wait", THREADING, 327),
)
DEFAULT_ROWS: tuple[Row, ...] = (
    (0.0, PID, "MainThread", MAIN_STACK),
    (0.0, PID + 1, "worker-1", WAIT_STACK),
    (0.9, PID, "MainThread", (*MAIN_STACK[:2], ("apply", SOURCE, 44))),
    (1.1, PID, "MainThread", MAIN_STACK),
)


def trace(rows: Iterable[Row], end_s: float, pid: int = PID) -> bytes:
    """A segment's file as py-spy writes it: what is left ends, then what is new begins."""
    events: list[dict[str, object]] = []
    at: dict[int, list[Frame]] = {}

    def say(phase: str, frame: Frame, thread: int, seconds: float) -> None:
        name, file, line = frame
        args = {"filename": file, "line": line}
        where = {"pid": pid, "tid": 140_000_000_000_000 + thread, "ts": round(seconds * 1e6)}
        events.append({"args": args, "cat": "py-spy", "name": name, "ph": phase, **where})

    for seconds, thread, name, stack in rows:
        new = [(f"thread ({thread}): {name}", "", 0), *stack]
        old = at.get(thread, [])
        same = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
        kept = min(len(old), len(new)) if same is None else same
        for frame in reversed(old[kept:]):
            say("E", frame, thread, seconds)
        for frame in new[kept:]:
            say("B", frame, thread, seconds)
        at[thread] = new
    for thread, stack in at.items():
        for frame in reversed(stack):
            say("E", frame, thread, end_s)
    return json.dumps(events).encode() + b"\n"


def look(rows: Iterable[Row], active: Iterable[int] = (), owner: int | None = None, pid: int = PID) -> bytes:
    """A dump as py-spy prints it, innermost frame first."""
    threads = [
        {
            "pid": pid,
            "thread_id": 140_000_000_000_000 + thread,
            "thread_name": name,
            "os_thread_id": thread,
            "active": thread in set(active),
            "owns_gil": thread == owner,
            "frames": [
                {"name": function, "filename": file, "short_filename": file.rpartition("/")[2], "line": line}
                for function, file, line in reversed(stack)
            ],
        }
        for _, thread, name, stack in rows
    ]
    return json.dumps(threads, indent=2).encode()


def make_report(
    directory: Path,
    *,
    target: str = "demo",
    report_id: str = REPORT_ID,
    pid: int = PID,
    labels: Mapping[str, str] | None = None,
    segments: Sequence[bytes] | None = None,
    leadup: Sequence[bytes] = (),
    dumps: Sequence[bytes] | None = None,
    states: bytes | None = None,
    segment_s: float = 1.5,
    seam_s: float = 0.05,
    outcome: Outcome = Outcome.COMPLETE,
    parts: Sequence[PartOutcome] = (),
    extra: Mapping[str, bytes] | None = None,
) -> Path:
    """A directory with evidence and capture.json, as the daemon leaves it for the renderer; not yet drawn."""
    home = durable.make_dir(directory / report_id)
    durable.make_dir(home / "evidence")
    if segments is None:
        segments = [trace(DEFAULT_ROWS, segment_s)] * 2
    if dumps is None:
        dumps = [look(DEFAULT_ROWS[:2], active=[PID], owner=PID)] * 3
    if states is None:
        states = json.dumps({str(PID): {"state": "R"}, str(PID + 1): {"state": "S"}}).encode()
    taken = _segments(len(segments), segment_s, seam_s)
    looks = _looks(len(dumps))
    before = _segments(len(leadup), segment_s, seam_s, "before-", START_S)
    files = {one.path: data for one, data in zip(taken, segments, strict=True)}
    files |= {one.path: data for one, data in zip(before, leadup, strict=True)}
    files |= {one.path: data for one, data in zip(looks, dumps, strict=True)}
    files |= {str(one.states_path): states for one in looks} | dict(extra or {})
    for path, data in files.items():
        (home / path).write_bytes(data)
    capture = _capture(
        target,
        report_id,
        dict(labels or {}),
        outcome,
        len(taken) * (segment_s + seam_s) - seam_s if taken else 3.0,
    )
    process = msgspec.structs.replace(capture.process, pid=pid)
    recording = _recording((*before, *taken), looks)
    evidence = tuple(_described(home, path) for path in sorted(files))
    capture = msgspec.structs.replace(
        capture, process=process, recording=recording, evidence=evidence, parts=tuple(parts)
    )
    durable.write_atomic(home / CAPTURE_FILE, coding.encode(capture, indent=2))
    return home


def _recording(taken: tuple[Segment, ...], looks: tuple[Dump, ...]) -> Recording:
    return Recording(
        sampler="pyspy",
        version="0.4.3",
        rate_hz=100,
        rate_reason="configured",
        blocking=False,
        segments=taken,
        dumps=looks,
    )


def _segments(
    count: int, segment_s: float, seam_s: float, mark: str = "", end_s: float | None = None
) -> tuple[Segment, ...]:
    first_s = START_S if end_s is None else end_s - count * (segment_s + seam_s)
    starts_s = [first_s + index * (segment_s + seam_s) for index in range(count)]
    return tuple(
        Segment(
            path=f"evidence/pyspy-{mark}{index:03}.json",
            sampler="pyspy",
            rate_hz=100,
            started_s=start_s,
            ended_s=start_s + segment_s,
        )
        for index, start_s in enumerate(starts_s)
    )


def _looks(count: int) -> tuple[Dump, ...]:
    stems = [f"evidence/dump-{index:03}" for index in range(count)]
    return tuple(
        Dump(path=f"{stem}.json", states_path=f"{stem}.states.json", sampler="pyspy", at_s=START_S + index)
        for index, stem in enumerate(stems)
    )


def finished_report(directory: Path, **options: object) -> Report:
    """A whole report, with a manifest over its evidence; checked. Takes the options of `make_report`."""
    home = make_report(directory, **options)  # type: ignore[arg-type]
    manifest = unrendered(home, "a test needs no pictures")
    assert_valid_report(home)
    return Report(directory=home, manifest=manifest)


def assert_valid_report(directory: Path) -> Manifest:
    """Hold a report against the manifest's schema and its own hashes."""
    document = json.loads((directory / MANIFEST_FILE).read_bytes())
    jsonschema.validate(document, json.loads(schema.FILE.read_bytes()))
    assert verify(directory) == ()
    return manifests.read(directory)


def _described(home: Path, path: str) -> Artifact:
    kind = "dump" if path.startswith("evidence/dump") else "segment"
    return manifests.describe(home, path, kind if path.endswith(".json") else "evidence", "application/json")


def _capture(
    target: str, report_id: str, labels: dict[str, str], outcome: Outcome, window_s: float
) -> Capture:
    trigger = Trigger(
        target=target,
        kind=TriggerKind.OVERRUN,
        reason="iteration 17 runs longer than 2 s",
        at_s=START_S - 0.02,
        iteration="17",
        started_s=START_S - 2.02,
        threshold_s=2.0,
    )
    return Capture(
        id=report_id,
        target=target,
        labels=labels,
        triggered_at="2026-11-21T08:58:11.250Z",
        wall_minus_monotonic_s=1_795_251_491.25 - trigger.at_s,
        process=ProcessIdentity(
            pid=PID, start_ticks=100, uid=1000, gid=1000, executable="/usr/bin/python3.11", name="python3.11"
        ),
        trigger=trigger,
        iteration=Iteration(id="17", started_s=START_S - 2.02, ended_s=None),
        window=Window(
            started_s=START_S,
            ended_s=START_S + window_s,
            collection_time_s=3.0,
            end=WindowEnd.COLLECTION_TIME,
        ),
        outcome=outcome,
        loopcam_version="0.1.0",
        host="box",
    )
