"""A drawing that says hostile words in every place where a target, its host or its answers have a say."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import msgspec

from model.baseline import Era, Weighed
from model.capture import Capture, Outcome, PartOutcome
from model.comparison import Comparison, Doing, Healthy, Moved
from model.fetches import Fetch, Fetches
from model.manifest import Rendering
from model.samples import STATES, Frame, Row, SampleTable, Span, State, TableBuilder
from model.signals import Signal, Signals, ThreadReading
from model.verdict import Cause, Confidence, Fact, FactKind, Suspect, Verdict
from report import manifests, slices
from report.drawing import Drawing
from report.evidence.loglines import Tail
from report.evidence.looks import Look, Sighting
from report.evidence.metrics import Change, Difference, Value
from report.top import top_stacks
from report.tree import trees, weights
from tests.hostile import PAYLOADS
from tests.reports import PID, START_S, make_report

BEGUN_US = round(START_S * 1e6)
LEADUP_US, WINDOW_US = 4_000_000, 3_000_000


def hostile(folder: Path, words: Sequence[str] = PAYLOADS) -> Drawing:
    """One thread for each word, which is all its names; the main thread runs through all of them."""
    whole, capture, said = _table(words), _capture(folder, words), "\n".join(words)
    table = slices.window(whole, capture.window)
    by_key = weights(table)
    by_thread = trees(table, by_key)
    return Drawing(
        capture=capture,
        whole=whole,
        table=table,
        weights=by_key,
        trees=by_thread,
        looks=(_look(whole, words),),
        top_stacks=top_stacks(table, by_thread, PID),
        rendering=Rendering(rendered=True, detail=said, sampled_s=3.0),
        artifacts=(),
        fetches=(_fetches(words),),
        metrics=tuple(_difference(word) for word in words),
        logs=(Tail(f"evidence/{said}", tuple(words), False),),
        signals=_signals(words),
        comparison=_comparison(words),
        baseline=_era(words),
        verdict=_verdict(words),
    )


def _capture(folder: Path, words: Sequence[str]) -> Capture:
    capture = manifests.read_capture(make_report(folder, segments=[], dumps=[]))
    said = "\n".join(words)
    trigger = msgspec.structs.replace(capture.trigger, reason=said, iteration=said, target=said)
    return msgspec.structs.replace(
        capture,
        target=said,
        labels={word: word for word in words},
        trigger=trigger,
        iteration=msgspec.structs.replace(capture.iteration, id=said),
        process=msgspec.structs.replace(capture.process, executable=said, name=said),
        notes=tuple(words),
        host=said,
        address=said,
        loopcam_version=said,
        parts=tuple(
            PartOutcome(name=word, outcome=Outcome.FAILED, seconds=0.1, detail=word, remedy=word)
            for word in words
        ),
        recording=msgspec.structs.replace(
            capture.recording,
            sampler=said,
            version=said,
            rate_reason=said,
            choice=said,
            adjusted=tuple(words),
        ),
    )


def _table(words: Sequence[str]) -> SampleTable:
    builder = TableBuilder()
    for start_us, length_us in ((BEGUN_US - LEADUP_US, LEADUP_US), (BEGUN_US, WINDOW_US)):
        span = Span(start_us, start_us + length_us, 20)
        step_us = length_us // len(words)
        rows = [
            Row(start_us, builder.thread(PID + 1 + at, word, PID), _stack(builder, word), State.WAITING)
            for at, word in enumerate(words)
        ]
        main = builder.thread(PID, "MainThread", PID)
        rows += [
            Row(start_us + at * step_us, main, _stack(builder, word), STATES[at % len(STATES)])
            for at, word in enumerate(words)
        ]
        builder.add(span, sorted(rows, key=lambda row: row.time_us))
    return builder.freeze(BEGUN_US - LEADUP_US, BEGUN_US + WINDOW_US)


def _stack(builder: TableBuilder, word: str) -> int:
    return builder.stack([Frame("run_once", "/srv/a.py", 3), Frame(word, word, 1)])


def _look(table: SampleTable, words: Sequence[str]) -> Look:
    seen = [
        Sighting(table.threads[at], (Frame(word, word, 1),), State.WAITING, False, word)
        for at, word in enumerate(words)
    ]
    return Look(BEGUN_US, tuple(seen))


def _signals(words: Sequence[str]) -> Signals:
    times_us = array("q", range(BEGUN_US - LEADUP_US, BEGUN_US + WINDOW_US, 500_000))
    values = array("d", (at % 5 for at in range(len(times_us))))
    return Signals(
        series={word: Signal(word, word, word, times_us, values) for word in words},
        threads={
            PID: tuple(
                ThreadReading(at_us=BEGUN_US + at, state="S", wchan=word) for at, word in enumerate(words)
            )
        },
        missing={f"missing {word}": word for word in words},
    )


def _comparison(words: Sequence[str]) -> Comparison:
    said = "".join(words)
    healthy = Healthy(iterations=30, sampled_s=9.0, since=said, until=said, sampler=said, code_version=said)
    moved = (
        Moved(
            thread=word, doing=Doing.WAITING, function=word, file=word,
            stalled_share=0.5, healthy_share=0.1, stalled_s=1.0, healthy_s=0.2,
        )
        for word in words
    )  # fmt: skip
    return Comparison(healthy=healthy, times_median=9.0, moved=tuple(moved))


def _era(words: Sequence[str]) -> Era:
    numbers = range(len(words))
    said = "".join(words)
    return Era(
        code_version=said, sampler=said, since=said, until=said, until_s=1.0, iterations=30, weight=30.0,
        lasted_s=9.0, sampled_s=9.0, groups=("MainThread", *words),
        functions=tuple((word, word) for word in words),
        callers=(0, *(0 for _ in numbers)), tops=(-1, *numbers),
        weights=tuple(Weighed(at % 2 and at + 1, at + 1, 1, 0.5) for at in numbers),
    )  # fmt: skip


def _verdict(words: Sequence[str]) -> Verdict:
    said = " ".join(words)
    facts = (
        Fact(
            kind=tuple(FactKind)[at % 4], text=word, share=0.5, value=1.0, unit=word, signal=word,
            thread=word, frames=(word, word), started_s=START_S, ended_s=START_S + 1,
        )
        for at, word in enumerate(words)
    )  # fmt: skip
    return Verdict(
        cause=Cause.BACKOFF,
        confidence=Confidence.HIGH,
        sentence=said,
        score=0.9,
        facts=tuple(facts),
        alternatives=tuple(Suspect(cause=Cause.DNS, sentence=word, score=0.3) for word in words),
        remedy=said,
        signature=said,
    )


def _fetches(words: Sequence[str]) -> Fetches:
    found = (
        Fetch(
            what=word, path="", url=word, started_s=START_S, ended_s=START_S + 1, status=500, size_bytes=0,
            whole=False, detail=word, remedy=word,
        )
        for word in words
    )  # fmt: skip
    return Fetches(collector="".join(words), kind="http", fetches=tuple(found))


def _difference(word: str) -> Difference:
    change = Change((word, ((word, word),)), Value("gauge", 1.0), Value("gauge", 9.0))
    return Difference(word, BEGUN_US, BEGUN_US + 1, (change,), 1, 0, 0, 0)
