"""Verdicts on a real Go program that is within reach of HTTP only: every rule is seen to be right."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from model.verdict import Cause, Confidence, Verdict
from tests.autoscaler import Autoscaler
from tests.live.test_go_report import captured

STALLS = {
    "cpu": Cause.OWN_CODE,
    "gc": Cause.GARBAGE_COLLECTION,
    "mutex": Cause.LOCK_WAIT,
    "deadlock": Cause.DEADLOCK,
    "channel": Cause.CHANNEL_WAIT,
    "http": Cause.NETWORK_WAIT,
    "fanout": Cause.NETWORK_WAIT,
    "dns": Cause.DNS,
    "tls": Cause.TLS,
    "syscall": Cause.DISK,
    "disk": Cause.DISK,
    "backoff": Cause.BACKOFF,
    "sleep": Cause.SLEEP,
    "child": Cause.CHILD_PROCESS,
    "json": Cause.SERIALISATION,
    "regexp": Cause.REGULAR_EXPRESSION,
    "logpipe": Cause.LOG_PIPE,
}


@pytest.mark.parametrize(("kind", "cause"), STALLS.items(), ids=STALLS)
def test_the_verdict_names_the_cause(
    autoscaler: Callable[..., Autoscaler], tmp_path: Path, kind: str, cause: Cause
) -> None:
    verdict = judged(autoscaler("-log", os.devnull), tmp_path, kind)
    assert verdict.cause is cause, verdict
    assert verdict.signature
    assert verdict.facts
    assert "stalls.go" in verdict.sentence or "causes.go" in verdict.sentence, verdict.sentence


def judged(target: Autoscaler, folder: Path, kind: str) -> Verdict:
    target.stall(kind)
    _, manifest = captured(target, folder / "out")
    assert manifest.verdict is not None, manifest.rendering
    return manifest.verdict


def test_who_may_hold_a_lock_is_named(autoscaler: Callable[..., Autoscaler], tmp_path: Path) -> None:
    verdict = judged(autoscaler("-log", os.devnull), tmp_path, "mutex")
    (told,) = [fact.text for fact in verdict.facts if "may hold it" in fact.text]
    assert "main.(*autoscaler).regenerateCache" in told


def test_equal_stalls_have_equal_signatures_and_a_file_is_never_named_with_high_confidence(
    autoscaler: Callable[..., Autoscaler], tmp_path: Path
) -> None:
    first = judged(autoscaler("-log", os.devnull), tmp_path / "1", "syscall")
    second = judged(autoscaler("-log", os.devnull, "-blocked", "20"), tmp_path / "2", "syscall")
    assert first.signature == second.signature
    assert Confidence.HIGH not in (first.confidence, second.confidence)
