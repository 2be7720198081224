from pathlib import Path

import msgspec
import pytest

from daemon.commands.demo_words import is_of_stall, told
from daemon.demo.autoscaler import is_stalling
from disk import durable
from model import coding
from model.capture import Iteration
from model.manifest import TopStack
from model.report import MANIFEST_FILE
from model.verdict import Cause, Confidence, Fact, FactKind, Suspect, Verdict
from tests.reports import finished_report

VERDICT = Verdict(
    cause=Cause.LOCK_WAIT,
    confidence=Confidence.HIGH,
    sentence="It waits for a lock.",
    score=0.9,
    facts=(Fact(kind=FactKind.STACK, text="98% in acquire"), Fact(kind=FactKind.SIGNAL, text="0% CPU")),
    alternatives=(Suspect(cause=Cause.DEADLOCK, sentence="Nobody ever lets go.", score=0.4),),
    remedy="Look at who holds it.",
)
TOP = TopStack(
    thread="MainThread",
    os_thread_id=1,
    share=0.98,
    function_share=0.97,
    function="read_cache",
    frames=("main (loop.py:1)", "read_cache (loop.py:2)"),
    state="waiting",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return _with(tmp_path, VERDICT)


def _with(folder: Path, verdict: Verdict | None) -> Path:
    report = finished_report(folder)
    manifest = msgspec.structs.replace(report.manifest, verdict=verdict, top_stacks=(TOP,))
    durable.write_atomic(report.directory / MANIFEST_FILE, coding.encode(manifest))
    return report.directory


def test_the_verdict_comes_first_then_the_stack_then_where_to_look(home: Path) -> None:
    lines = told(home, "lock_wait").splitlines()
    assert lines[0] == "Verdict       It waits for a lock."
    assert lines[1] == "Cause         lock_wait (high confidence); that is what was injected"
    assert lines[2:4] == ["Evidence      98% in acquire", "              0% CPU"]
    assert lines[4] == "Or            deadlock: Nobody ever lets go."
    assert lines[5] == "Next          Look at who holds it."
    assert lines[6] == "Top stack     98% of MainThread:"
    assert lines[9] == "Culprit       97% in read_cache"
    assert lines[10] == f"The report    {home}"


@pytest.mark.parametrize(("number", "stalls"), [("4", False), ("5", True), ("6", False), ("15", True)])
def test_only_the_report_of_a_stalled_iteration_counts(number: str, stalls: bool, tmp_path: Path) -> None:
    report = finished_report(tmp_path)
    iteration = Iteration(id=number, started_s=1.0, ended_s=None)
    capture = msgspec.structs.replace(report.manifest.capture, iteration=iteration)
    manifest = msgspec.structs.replace(report.manifest, capture=capture)
    durable.write_atomic(report.directory / MANIFEST_FILE, coding.encode(manifest))
    assert is_of_stall(report.directory) == stalls


def test_a_fact_that_the_sentence_says_is_not_said_again(tmp_path: Path) -> None:
    said = Fact(kind=FactKind.STACK, text="It waits for a lock.")
    home = _with(tmp_path, msgspec.structs.replace(VERDICT, facts=(said, *VERDICT.facts)))
    assert told(home, "lock_wait").count("It waits for a lock") == 1


def test_a_demonstration_with_more_healthy_iterations_stalls_after_them() -> None:
    assert [number for number in range(1, 60) if is_stalling(number, 30)] == [31, 41, 51]


def test_a_verdict_that_names_another_cause_is_owned_up_to(home: Path) -> None:
    assert "lock_wait (high confidence); but sleep was injected" in told(home, "sleep-polling")


def test_a_report_without_a_verdict_says_so(tmp_path: Path) -> None:
    lines = told(_with(tmp_path, None), "sleep").splitlines()
    assert lines[0] == "Verdict       none: the report has no verdict"
    assert lines[1] == "Top stack     98% of MainThread:"
