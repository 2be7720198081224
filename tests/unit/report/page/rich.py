"""A drawing with everything on it that a page can show: lead-up, window, signals, comparison, verdict."""

import math
import random
from array import array
from pathlib import Path

import msgspec

from model.baseline import Era
from model.capture import Capture
from model.comparison import Comparison, Healthy
from model.history import History
from model.manifest import Rendering
from model.samples import Frame, Row, SampleTable, Span, State, TableBuilder
from model.signals import Name, Signal, Signals
from model.verdict import Cause, Confidence, Fact, FactKind, Suspect, Verdict
from report import manifests, slices
from report.baseline import eras
from report.baseline.calls import of_table
from report.baseline.eras import Columns
from report.baseline.moved import Side, moved
from report.drawing import Drawing
from report.evidence.looks import Look, Sighting
from report.top import top_stacks
from report.tree import trees, weights
from tests.reports import PID, START_S, make_report

LEADUP_S = 120
WINDOW_S = 30
STALLED_S = 22.5  # the iteration's age when the window begins
LOOP = "/srv/scaler/loop.py"
SITE = "/usr/lib/python3/dist-packages/"
BASE = (Frame("<module>", LOOP, 90), Frame("main", LOOP, 81), Frame("run_once", LOOP, 70))
HEALTHY = (
    (
        (Frame("list_pods", LOOP, 31), Frame("HTTPResponse.read", f"{SITE}urllib3/response.py", 560)),
        State.WAITING,
    ),
    ((Frame("simulate", LOOP, 44), Frame("score", LOOP, 51)), State.RUNNING_GIL),
    ((Frame("decide", LOOP, 61),), State.RUNNING_GIL),
    (
        (Frame("wait_for_next", LOOP, 66), Frame("Event.wait", "/usr/lib/python3.11/threading.py", 629)),
        State.WAITING,
    ),
)
BACKOFF = (
    Frame("describe_nodes", LOOP, 39),
    Frame("ClientCreator._api_call", f"{SITE}botocore/client.py", 569),
    Frame("Endpoint._send_request", f"{SITE}botocore/endpoint.py", 208),
    Frame("Endpoint._needs_retry", f"{SITE}botocore/endpoint.py", 311),
)
PARSE = (
    *BACKOFF[:2],
    Frame("parse_body", f"{SITE}botocore/parsers.py", 120),
    Frame("decode", "/usr/lib/python3.11/json/decoder.py", 337),
)
IDLE = (
    Frame("Thread._bootstrap", "/usr/lib/python3.11/threading.py", 1002),
    Frame("worker", LOOP, 12),
    Frame("Condition.wait", "/usr/lib/python3.11/threading.py", 327),
)


def rich(folder: Path, threads: int = 50, busy: int = 4) -> Drawing:
    """A stall of backing off in the main thread, after healthy iterations; most threads are idle."""
    home = make_report(folder, target="cluster-scaler", labels={"cluster": "prod-eu-1", "pod": "scaler-7f9c"})
    capture = manifests.read_capture(home)
    window = msgspec.structs.replace(
        capture.window, started_s=START_S, ended_s=START_S + WINDOW_S, collection_time_s=float(WINDOW_S)
    )
    began_s = START_S - STALLED_S
    trigger = msgspec.structs.replace(
        capture.trigger,
        at_s=START_S,
        started_s=began_s,
        threshold_s=20.0,
        reason="iteration 17 runs longer than 20s",
    )
    iteration = msgspec.structs.replace(capture.iteration, started_s=began_s, ended_s=START_S + 26.4)
    chance = random.Random(7)
    recent = tuple((began_s - 1 - 2 * each, chance.lognormvariate(0.2, 0.25)) for each in range(40, 0, -1))
    history = History(iterations=412, median_s=1.21, p90_s=1.9, p99_s=2.8, most_s=3.3, recent=recent)
    capture = msgspec.structs.replace(
        capture, window=window, trigger=trigger, iteration=iteration, history=history
    )
    return _drawing(capture, _table(threads, busy, chance))


def _table(threads: int, busy: int, chance: random.Random):
    builder = TableBuilder()
    start_us = round((START_S - LEADUP_S) * 1e6)
    until_us = round((START_S + WINDOW_S) * 1e6)
    at_us = start_us
    while at_us < until_us:
        rate_hz = 20 if at_us < START_S * 1e6 else 100
        span = Span(at_us, min(at_us + 5_000_000, until_us), rate_hz)
        builder.add(span, list(_rows(builder, span, threads, busy, chance)))
        at_us = span.end_us + 40_000
    return builder.freeze(start_us, until_us)


def _rows(builder: TableBuilder, span: Span, threads: int, busy: int, chance: random.Random):
    for number in range(busy, threads):
        thread = builder.thread(PID + number, f"pool-{number // 16}-worker-{number}", PID)
        yield Row(span.start_us, thread, builder.stack(IDLE), State.WAITING)
    for at_us in range(span.start_us, span.end_us, 1_000_000 // span.rate_hz):
        offset_s = at_us / 1e6 - START_S
        for number in range(busy):
            name = "MainThread" if number == 0 else f"refresher-{number}"
            frames, state = _seen(offset_s, number, chance)
            yield Row(at_us, builder.thread(PID + number, name, PID), builder.stack((*BASE, *frames)), state)


def _seen(offset_s: float, number: int, chance: random.Random):
    if number or offset_s < -STALLED_S or offset_s > 26.4:
        phase = (offset_s * (1 + number * 0.21)) % 1.9
        frames, state = HEALTHY[min(3, int(phase / 0.45))]
        if chance.random() < 0.1:
            frames, state = HEALTHY[1]
        return frames, state
    return (PARSE, State.RUNNING_GIL) if chance.random() < 0.07 else (BACKOFF, State.WAITING)


def _drawing(capture: Capture, whole: SampleTable) -> Drawing:
    era = _era(whole)
    table = slices.window(whole, capture.window)
    by_key = weights(table)
    by_thread = trees(table, by_key)
    seen = [
        Sighting(whole.threads[each], (*BASE, *BACKOFF) if each == 4 else IDLE, State.WAITING, False, "")
        for each in range(min(12, len(whole.threads)))
    ]
    missed_us = sum(until - begun for begun, until in table.gaps())
    return Drawing(
        capture=capture,
        whole=whole,
        table=table,
        weights=by_key,
        trees=by_thread,
        looks=(Look(round(START_S * 1e6) + 20_000, tuple(seen)),),
        top_stacks=top_stacks(table, by_thread, PID),
        rendering=Rendering(rendered=True, sampled_s=WINDOW_S - missed_us / 1e6, missed_s=missed_us / 1e6),
        artifacts=(),
        signals=_signals(),
        comparison=_comparison(whole, era, capture),
        baseline=era,
        verdict=_verdict(),
    )


def _signals() -> Signals:
    found = {}
    for name, unit, source, value in (
        (
            Name.CPU_USER,
            "cores",
            "/proc/PID/stat",
            lambda t: 0.05 if -STALLED_S < t < 26 else 0.6 + 0.2 * math.sin(t),
        ),
        (Name.CPU_SYSTEM, "cores", "/proc/PID/stat", lambda t: 0.05),
        (Name.RSS, "bytes", "/proc/PID/statm", lambda t: 180e6 + 1e5 * t),
        (Name.VOLUNTARY_SWITCHES, "1/s", "/proc/PID/status", lambda t: 120 + 40 * math.cos(t / 3)),
        (Name.INVOLUNTARY_SWITCHES, "1/s", "/proc/PID/status", lambda t: 3),
        (Name.CGROUP_THROTTLED, "share", "cpu.stat", lambda t: 0.0),
        (Name.PRESSURE_CPU, "share", "/proc/pressure/cpu", lambda t: 0.02 + 0.01 * math.sin(t / 9)),
        (Name.PRESSURE_IO, "share", "/proc/pressure/io", lambda t: 0.0),
        (Name.HOST_OTHERS, "cores", "/proc/stat", lambda t: 0.8 + 0.3 * math.sin(t / 7)),
        (Name.TCP_ESTABLISHED, "count", "/proc/PID/net/tcp", lambda t: 12 if t < -STALLED_S else 13),
        (Name.TCP_CONNECTING, "count", "/proc/PID/net/tcp", lambda t: 0),
    ):
        times = [round((START_S + t) * 1e6) for t in range(-LEADUP_S, WINDOW_S)]
        values = [value(t) for t in range(-LEADUP_S, WINDOW_S)]
        found[name] = Signal(name, unit, source, array("q", times), array("d", values))
    return Signals(
        series=found,
        missing={
            Name.CGROUP_MEMORY: "cgroup v1 without memory controller",
            Name.HOST_STOLEN: "not a virtual machine",
        },
    )


def _era(whole: SampleTable) -> Era:
    """What the lead-up tells of healthy iterations."""
    found = Columns(of_table(slices.between(whole, 0, round((START_S - STALLED_S) * 1e6)), PID))
    return Era(
        code_version="9f2c",
        sampler="pyspy",
        since="2026-11-21T07:00:00Z",
        until="2026-11-21T08:40:00Z",
        until_s=0.0,
        iterations=38,
        weight=38.0,
        lasted_s=46.0,
        sampled_s=44.0,
        groups=tuple(found.groups),
        functions=tuple((each.name, each.file) for each in found.functions),
        callers=tuple(found.callers),
        tops=tuple(found.tops),
        weights=found.weights,
    )


def _comparison(whole: SampleTable, era: Era, capture: Capture) -> Comparison:
    healthy = Healthy(iterations=38, sampled_s=44.0, since=era.since, until=era.until, sampler="pyspy")
    stalled = of_table(slices.stalled(whole, capture), PID)
    found = moved(Side(stalled), Side(eras.calls(era), 1 / 80))
    return Comparison(healthy=healthy, times_median=40.4, moved=found)


def _verdict() -> Verdict:
    frames = tuple(f"{each.function} ({each.file}:{each.line})" for each in (*BASE, *BACKOFF))
    return Verdict(
        cause=Cause.BACKOFF,
        confidence=Confidence.HIGH,
        score=0.93,
        sentence="The main thread was asleep between retries of an AWS call for 93% of the stall: "
        "describe_nodes is being throttled.",
        facts=(
            Fact(
                kind=FactKind.STACK,
                text="MainThread spent 93% of the stall in Endpoint._needs_retry, asleep.",
                share=0.93,
                thread="MainThread",
                frames=frames,
                started_s=START_S - STALLED_S,
                ended_s=START_S + 26.4,
            ),
            Fact(
                kind=FactKind.SIGNAL,
                text="The process used 0.05 cores in the stall, 0.6 before it.",
                signal=Name.CPU_USER,
                value=0.05,
                unit="cores",
            ),
            Fact(kind=FactKind.HISTORY, text="This iteration took 40 times the median of 412 healthy ones."),
        ),
        alternatives=(
            Suspect(
                cause=Cause.NETWORK_WAIT,
                sentence="The replies themselves may be slow: one socket more was open.",
                score=0.31,
            ),
        ),
        remedy="Look for 429 or Throttling answers in the log, "
        "and for what else uses this account's request rate.",
        signature="backoff-3f9a1c07be",
    )
