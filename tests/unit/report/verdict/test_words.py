"""What a verdict says, and how: once, with one spelling, and no surer than it is."""

import pytest

from model.samples import Frame
from model.signals import Name
from model.verdict import Cause, Confidence, Verdict
from report.evidence.code import Line
from report.verdict import judge
from tests.unit.report.verdict.scenes import (
    OWN,
    SLEEP,
    lib,
    own,
    package,
    running,
    scene,
    waiting,
)

LOOP = (
    lib("asyncio/runners.py", "run"),
    lib("asyncio/base_events.py", "BaseEventLoop.run_forever"),
    lib("asyncio/base_events.py", "BaseEventLoop._run_once"),
    lib("asyncio/events.py", "Handle._run"),
)
BUSY = {"MainThread": (0.98, 0.01)}


def calling(line: int, *calls: str) -> tuple[Line, ...]:
    return (Line(OWN, line, calls=calls),)


@pytest.mark.parametrize(
    "verdict",
    [
        judge(scene({"MainThread": [running(1.0, own("plan"), own("pack"))]}, cpu=BUSY)),
        judge(scene({"MainThread": [waiting(1.0, SLEEP, package("botocore/endpoint.py", "_needs_retry"))]})),
    ],
    ids=["own code", "backoff"],
)
def test_the_first_fact_is_not_the_sentence_again(verdict: Verdict) -> None:
    assert " by way of run_once" in verdict.facts[0].text
    assert verdict.facts[0].text.partition(" by way")[2] not in verdict.sentence
    assert verdict.facts[0] in verdict.further


def test_sleeping_is_what_time_is_spent_on() -> None:
    assert (
        "100% of 10 s was spent sleeping in nap"
        in judge(scene({"MainThread": [waiting(1.0, SLEEP, own("nap"))]})).sentence
    )


def test_a_sleep_within_c_names_the_call_and_a_database_its_lock() -> None:
    drawing = scene({"MainThread": [waiting(1.0, SLEEP, own("write", 20))]}, code=calling(20, "base.execute"))
    verdict = judge(drawing)
    assert verdict.confidence is not Confidence.HIGH
    assert verdict.sentence.endswith(
        "the sleep is within base.execute, in C: it may ask for something again and again, "
        "as SQLite does while another connection has the database locked."
    )


def test_what_blocks_an_event_loop_is_an_alternative_that_does_not_make_it_less_sure() -> None:
    encoding = running(
        1.0,
        *LOOP,
        own("report"),
        lib("json/__init__.py", "dumps"),
        lib("json/encoder.py", "JSONEncoder.iterencode"),
    )
    verdict = judge(scene({"MainThread": [encoding]}, cpu=BUSY))
    assert (verdict.cause, verdict.confidence) == (Cause.EVENT_LOOP_BLOCKED, Confidence.HIGH)
    assert "encoding JSON" in verdict.sentence
    assert [each.cause for each in verdict.alternatives] == [Cause.SERIALISATION]


def test_cheap_calls_in_a_comprehension_are_pythons_own_work() -> None:
    """`random.choices` as Python 3.8 has it."""
    leaf = lib("random.py", "<listcomp>", 397)
    drawing = scene(
        {"MainThread": [running(1.0, own("draw"), lib("random.py", "choices", 397), leaf, lines=1)]},
        cpu=BUSY,
        code=(Line(leaf.file, 397, calls=("_int", "random", "_repeat")),),
    )
    assert judge(drawing).cause is Cause.OWN_CODE


@pytest.mark.parametrize(("children", "cause"), [(0.0, Cause.UNKNOWN), (1.0, Cause.CHILD_PROCESS)])
def test_a_pipe_is_a_childs_only_where_there_is_one(children: float, cause: Cause) -> None:
    drawing = scene(
        {"MainThread": [waiting(1.0, "anon_pipe_read", own("obey", 60))]}, signals={Name.CHILDREN: children}
    )
    verdict = judge(drawing)
    assert verdict.cause is cause, verdict.sentence
    if cause is Cause.UNKNOWN:
        assert "was spent waiting for input from a pipe in obey (scaler/loop.py:60)" in verdict.sentence
    else:
        assert any(fact.text == "It had up to 1 child process." for fact in verdict.facts)


def test_a_name_that_a_line_calls_and_that_has_no_frame_is_cs() -> None:
    """`from gc import collect`."""
    drawing = scene(
        {"MainThread": [running(1.0, own("tidy", 40), lines=1)]}, cpu=BUSY, code=calling(40, "collect")
    )
    assert judge(drawing).cause is Cause.GARBAGE_COLLECTION


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        (own("pack"), "in the target's own Python code, all of it in pack (scaler/loop.py:10)."),
        (
            lib("html/parser.py", "HTMLParser.goahead"),
            "in the standard library's Python code, all of it called by plan (scaler/loop.py:10).",
        ),
        (
            package("networkx/algorithms/paths.py", "_shortest"),
            "in an installed package's Python code, all of it called by plan (scaler/loop.py:10).",
        ),
        (own("root", 15, "<template>"), "all of it in plan (scaler/loop.py:10)."),
    ],
    ids=["own", "standard library", "package", "code without a file"],
)
def test_whose_code_computes_is_told_by_the_innermost_frame(leaf: Frame, said: str) -> None:
    verdict = judge(scene({"MainThread": [running(1.0, own("plan"), leaf)]}, cpu=BUSY))
    assert verdict.cause is Cause.OWN_CODE
    assert said in verdict.sentence
