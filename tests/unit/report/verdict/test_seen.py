"""What was not sampled is no evidence; signals may speak all the same."""

import pytest

from model.capture import Iteration, Outcome
from model.signals import Name
from model.verdict import Cause, Confidence
from report.drawing import Drawing
from report.verdict import judge
from tests.unit.report.verdict.scenes import (
    DISK,
    SLEEP,
    SOCKET,
    STOP,
    captured,
    failed,
    lib,
    own,
    running,
    sampled_for,
    scene,
    waiting,
)

HANDSHAKE = (lib("ssl.py", "SSLContext.wrap_socket"), lib("ssl.py", "SSLSocket.do_handshake"))
CROWD = {Name.HOST_BUSY: 2.0, Name.HOST_CPUS: 2.0, Name.HOST_OTHERS: 1.9}
QUOTA = {Name.CGROUP_THROTTLED: 0.85, Name.CGROUP_THROTTLED_PERIODS: 0.95}
MEMORY = {Name.MAJOR_FAULTS: 900.0, Name.PRESSURE_MEMORY: 0.7}


@pytest.mark.parametrize(
    ("stand", "word"),
    [
        (running(1.0, own("pack")), "running, or ready to"),
        (waiting(1.0, SOCKET, own("ask")), "waiting for a socket"),
        (waiting(1.0, SLEEP, own("nap")), "asleep"),
    ],
    ids=["computing", "network", "asleep"],
)
def test_without_a_sample_no_stack_is_blamed(stand: object, word: str) -> None:
    drawing = sampled_for(scene({"MainThread": [stand]}, cpu={"MainThread": (0.98, 0.0)}), 0)  # type: ignore[list-item]
    why = failed(Outcome.FAILED, "py-spy: cannot read the memory of process 4242")
    verdict = judge(captured(drawing, parts=why, outcome=Outcome.FAILED))
    assert (verdict.cause, verdict.confidence) == (Cause.UNKNOWN, Confidence.LOW)
    assert verdict.sentence.startswith(
        "Nothing was sampled of the iteration: pyspy: py-spy: cannot read the memory of process 4242. "
    )
    assert f"The kernel saw MainThread {word} for 100%" in verdict.sentence
    assert "(not sampled)" not in verdict.sentence
    assert not verdict.alternatives


def test_neither_samples_nor_readings() -> None:
    ended = captured(scene({}), outcome=Outcome.ENDED_BEFORE_ATTACH)
    verdict = judge(ended)
    assert (verdict.cause, verdict.confidence) == (Cause.UNKNOWN, Confidence.LOW)
    assert verdict.sentence == (
        "Nothing was sampled of the iteration: it ended before a sampler could attach. "
        "Why it was slow cannot be told."
    )


SPOKEN: dict[Cause, Drawing] = {
    Cause.STOPPED: scene({"MainThread": [waiting(1.0, STOP, own("pack"), letter="T")]}),
    Cause.CPU_THROTTLED: scene(
        {"MainThread": [running(1.0, own("pack"))]}, cpu={"MainThread": (0.1, 0.8)}, signals=QUOTA
    ),
    Cause.CPU_STARVED: scene(
        {"MainThread": [running(1.0, own("pack"))]}, cpu={"MainThread": (0.1, 0.88)}, signals=CROWD
    ),
    Cause.MEMORY_PRESSURE: scene(
        {"MainThread": [waiting(1.0, DISK, own("look_up"), letter="D")]}, signals=MEMORY
    ),
}


@pytest.mark.parametrize("cause", SPOKEN)
def test_signals_speak_without_a_sample(cause: Cause) -> None:
    verdict = judge(sampled_for(SPOKEN[cause], 0))
    assert verdict.cause is cause, verdict.sentence
    assert "not seen" not in verdict.sentence
    assert "(not sampled)" not in verdict.sentence


def test_a_capture_that_found_it_stopped_says_so_without_anything_else() -> None:
    verdict = judge(captured(scene({}), outcome=Outcome.TARGET_STOPPED))
    assert verdict.cause is Cause.STOPPED
    assert "stopped by a signal" in verdict.sentence


def test_what_came_after_the_iteration_is_no_evidence_of_it() -> None:
    after = scene({"MainThread": [running(1.0, own("pack"))]}, told=False)
    verdict = judge(captured(after, iteration=Iteration(id="17", started_s=-5.0, ended_s=-1.0)))
    assert verdict.cause is Cause.UNKNOWN
    assert verdict.sentence.startswith("Nothing was sampled of the iteration")


def test_a_glimpse_names_no_cause_and_says_how_little_it_was() -> None:
    drawing = sampled_for(scene({"MainThread": [waiting(1.0, SOCKET, *HANDSHAKE)]}), 94_000)
    verdict = judge(captured(drawing, outcome=Outcome.ENDED_BEFORE_ATTACH))
    assert (verdict.cause, verdict.confidence) == (Cause.UNKNOWN, Confidence.LOW)
    assert verdict.sentence.startswith("Only 94")
    assert "run_once (scaler/loop.py:70)" in verdict.sentence
    assert verdict.sentence.endswith("too little to tell a cause.")


def test_a_short_iteration_that_was_seen_as_a_whole_is_enough() -> None:
    drawing = sampled_for(scene({"MainThread": [waiting(1.0, SOCKET, *HANDSHAKE)]}), 200_000)
    verdict = judge(captured(drawing, iteration=Iteration(id="17", started_s=0.0, ended_s=0.2)))
    assert verdict.cause is Cause.TLS


def test_less_than_half_of_the_iteration_is_said() -> None:
    verdict = judge(sampled_for(scene({"MainThread": [running(1.0, own("pack"))]}), 3_000_000))
    assert verdict.cause is Cause.OWN_CODE
    assert "Of the iteration's 10" in verdict.sentence
    whole = judge(scene({"MainThread": [running(1.0, own("pack"))]}))
    assert "Of the iteration's" not in whole.sentence
