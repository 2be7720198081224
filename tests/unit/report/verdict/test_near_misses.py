"""What only looks like a cause: a name that is there, another thread, too little to go by."""

import pytest

from model.history import History
from model.samples import State
from model.signals import Name
from model.verdict import Cause, Confidence
from report.drawing import Drawing
from report.evidence.code import Line
from report.evidence.looks import NO_FRAME
from report.verdict import judge
from tests.unit.report.verdict.scenes import (
    FUTEX,
    OWN,
    POLL,
    SLEEP,
    SOCKET,
    Stand,
    lib,
    own,
    package,
    running,
    scene,
    waiting,
)

BUSY = {"MainThread": (0.98, 0.01)}
WORKER = (lib("threading.py", "Thread._bootstrap"), own("refresh", 200))
JSON = lib("json/encoder.py", "JSONEncoder.iterencode")
CROWDED = {Name.HOST_BUSY: 2.0, Name.HOST_CPUS: 2.0, Name.HOST_OTHERS: 1.8}

SCENES: dict[str, tuple[Cause, Drawing]] = {
    "JSON for 2 % of the time": (
        Cause.OWN_CODE,
        scene({"MainThread": [running(0.02, own("save"), JSON), running(0.98, own("pack"))]}, cpu=BUSY),
    ),
    "a reply that is waited for, then computed with": (
        Cause.OWN_CODE,
        scene(
            {"MainThread": [waiting(0.1, SOCKET, lib("socket.py", "readinto")), running(0.9, own("pack"))]}
        ),
    ),
    "a retry's wrapper around a slow reply": (
        Cause.NETWORK_WAIT,
        scene(
            {
                "MainThread": [
                    waiting(1.0, SOCKET, own("call_with_retry"), lib("socket.py", "SocketIO.readinto"))
                ]
            }
        ),
    ),
    "a retry's wrapper far around a sleep": (
        Cause.SLEEP,
        scene({"MainThread": [waiting(1.0, SLEEP, own("retry"), own("a"), own("b"), own("c"), own("nap"))]}),
    ),
    "a busy thread beside a loop that sleeps before a retry": (
        Cause.BACKOFF,
        scene(
            {
                "MainThread": [waiting(1.0, SLEEP, package("tenacity/nap.py", "sleep"))],
                "worker": [Stand(1.0, (*WORKER, own("compute")), lines=5)],
            },
            cpu={"MainThread": (0.0, 0.0), "worker": (0.97, 0.0)},
        ),
    ),
    "a background thread that waits for a lock": (
        Cause.OWN_CODE,
        scene({"MainThread": [running(1.0, own("pack"))], "worker": [Stand(1.0, WORKER, FUTEX)]}, cpu=BUSY),
    ),
    "an encoder that waits for the network": (
        Cause.NETWORK_WAIT,
        scene(
            {"MainThread": [waiting(1.0, SOCKET, lib("json/__init__.py", "load"), lib("socket.py", "read"))]}
        ),
    ),
    "a machine that was as crowded in healthy iterations": (
        Cause.OWN_CODE,
        scene(
            {"MainThread": [running(1.0, own("pack"))]},
            cpu={"MainThread": (0.2, 0.78)},
            signals=CROWDED,
            before=CROWDED,
        ),
    ),
    "a crowded machine, and no more to do than usual": (
        Cause.CPU_STARVED,
        scene(
            {"MainThread": [running(1.0, own("pack"))]},
            cpu={"MainThread": (0.1, 0.88)},
            signals=CROWDED,
            before=CROWDED,
            history=History(iterations=50, median_s=1.2, p90_s=1.3, p99_s=1.4, most_s=1.5),
        ),
    ),
    "a quota that throttles now and then": (
        Cause.OWN_CODE,
        scene(
            {"MainThread": [running(1.0, own("pack"))]},
            cpu={"MainThread": (0.8, 0.15)},
            signals={Name.CGROUP_THROTTLED: 0.1},
        ),
    ),
    "many short matches in a loop of many lines": (
        Cause.OWN_CODE,
        scene(
            {"MainThread": [running(1.0, own("parse", 60), lines=6)]},
            cpu=BUSY,
            code=(Line(OWN, 61, calls=("WORD.match",)),),
        ),
    ),
    "a generator's one line": (
        Cause.OWN_CODE,
        scene(
            {"MainThread": [running(1.0, own("total"), own("<genexpr>", 33), lines=1)]},
            cpu=BUSY,
            code=(Line(OWN, 33),),
        ),
    ),
    "a pool that waits for work": (
        Cause.OWN_CODE,
        scene(
            {
                "MainThread": [running(1.0, own("pack"))],
                "pool_0": [Stand(1.0, (*WORKER[:1], lib("concurrent/futures/thread.py", "_worker")), FUTEX)],
            },
            cpu=BUSY,
        ),
    ),
    "a subprocess' name on a computing stack": (
        Cause.OWN_CODE,
        scene({"MainThread": [running(1.0, own("run_subprocess"), own("pack"))]}, cpu=BUSY),
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_a_near_miss_is_not_taken_for_it(name: str) -> None:
    cause, drawing = SCENES[name]
    verdict = judge(drawing)
    assert verdict.cause is cause, verdict.sentence


def test_an_event_loop_in_its_own_select_is_not_blocked() -> None:
    loop = (
        lib("asyncio/base_events.py", "BaseEventLoop._run_once"),
        lib("selectors.py", "EpollSelector.select"),
    )
    verdict = judge(scene({"MainThread": [waiting(1.0, POLL, *loop)]}))
    assert verdict.cause is not Cause.EVENT_LOOP_BLOCKED
    assert verdict.confidence is not Confidence.HIGH


def test_a_futex_in_own_code_is_not_surely_a_lock() -> None:
    verdict = judge(scene({"MainThread": [waiting(1.0, FUTEX, own("step"))]}))
    assert verdict.cause is Cause.LOCK_WAIT
    assert verdict.confidence is not Confidence.HIGH


def test_a_line_that_stays_without_a_word_of_the_code_is_not_surely_native() -> None:
    verdict = judge(scene({"MainThread": [running(1.0, own("spin"), lines=1)]}, cpu=BUSY))
    assert verdict.cause is Cause.NATIVE_CODE
    assert verdict.confidence is Confidence.MEDIUM


def test_states_that_nobody_knows_are_unknown() -> None:
    stand = running(1.0, own("step"), state=State.UNKNOWN)
    verdict = judge(scene({"MainThread": [stand]}, told=False))
    assert verdict.cause is Cause.UNKNOWN
    assert "step" in verdict.sentence


def test_time_that_goes_to_many_things_is_unknown_or_a_guess() -> None:
    pieces = [
        waiting(0.25, SLEEP, own("nap")),
        waiting(0.25, SOCKET, lib("socket.py", "readinto")),
        running(0.25, own("save"), JSON),
        running(0.25, own("pack")),
    ]
    verdict = judge(scene({"MainThread": pieces}, cpu={"MainThread": (0.5, 0.0)}))
    assert verdict.confidence is Confidence.LOW
    assert verdict.cause is Cause.UNKNOWN
    assert len(verdict.alternatives) == 0


def test_two_causes_that_are_close_are_both_named_and_neither_is_sure() -> None:
    pieces = [waiting(0.5, SLEEP, own("nap")), waiting(0.5, SOCKET, lib("socket.py", "readinto"))]
    verdict = judge(scene({"MainThread": pieces}))
    assert verdict.confidence is Confidence.LOW
    assert {verdict.cause, *(each.cause for each in verdict.alternatives)} >= {
        Cause.SLEEP,
        Cause.NETWORK_WAIT,
    }


def test_a_thread_without_a_frame_of_python_runs_nobodys_code() -> None:
    """As one is while the interpreter starts or ends."""
    verdict = judge(scene({"MainThread": [Stand(1.0, (NO_FRAME,))]}, cpu=BUSY))
    assert verdict.cause is Cause.UNKNOWN
    assert verdict.sentence.endswith("went by in (no Python frame).")


def test_who_runs_with_the_gil_in_hand_does_not_sleep_whatever_the_kernel_said_a_moment_later() -> None:
    stand = waiting(1.0, SLEEP, own("pack"), state=State.RUNNING_GIL)
    verdict = judge(scene({"MainThread": [stand]}, cpu=BUSY))
    assert verdict.cause in (Cause.OWN_CODE, Cause.NATIVE_CODE)
