"""A process that is well is no stall: captured by hand, it is said to be idle."""

from collections.abc import Mapping, Sequence

import pytest

from model.verdict import Cause
from report.evidence.code import Line
from report.verdict import judge
from tests.unit.report.verdict.scenes import (
    FUTEX,
    OWN,
    POLL,
    SLEEP,
    SOCKET,
    STOP,
    Stand,
    asked_for,
    lib,
    own,
    package,
    running,
    scene,
    waiting,
)

MAIN = (own("<module>", 60), own("main", 50))
EVENT = (lib("threading.py", "Event.wait", 629), lib("threading.py", "Condition.wait", 331))
WORKER = (lib("threading.py", "Thread._bootstrap"), own("reconcile", 200))
Threads = Mapping[str, Sequence[Stand]]

RESTING: dict[str, tuple[str, Threads]] = {  # stacks as CPython 3.11 has them
    "Event.wait": (
        "waits in Event.wait, called by main",
        {"MainThread": [Stand(1.0, (*MAIN, *EVENT), FUTEX)]},
    ),
    "Queue.get": (
        "waits in Queue.get, called by main",
        {
            "MainThread": [
                Stand(
                    1.0,
                    (*MAIN, lib("queue.py", "Queue.get", 180), lib("threading.py", "Condition.wait", 331)),
                    FUTEX,
                )
            ]
        },
    ),
    "a server": (
        "waits in BaseServer.serve_forever, called by main",
        {
            "MainThread": [
                Stand(
                    1.0,
                    (
                        *MAIN,
                        lib("socketserver.py", "BaseServer.serve_forever"),
                        lib("selectors.py", "_PollLikeSelector.select"),
                    ),
                    POLL,
                )
            ]
        },
    ),
    "accept": (
        "waits in socket.accept, called by main",
        {"MainThread": [Stand(1.0, (*MAIN, lib("socket.py", "socket.accept", 294)), SOCKET)]},
    ),
    "select": (
        "waits in EpollSelector.select, called by main",
        {"MainThread": [Stand(1.0, (*MAIN, lib("selectors.py", "EpollSelector.select", 468)), POLL)]},
    ),
    "asyncio": (
        "waits in run, called by main",
        {
            "MainThread": [
                Stand(
                    1.0,
                    (
                        *MAIN,
                        lib("asyncio/runners.py", "run"),
                        lib("asyncio/base_events.py", "BaseEventLoop._run_once"),
                        lib("selectors.py", "EpollSelector.select"),
                    ),
                    POLL,
                )
            ]
        },
    ),
    "sleep": ("sleeps in main", {"MainThread": [Stand(1.0, MAIN, SLEEP)]}),
    "a pool without work": (
        "waits in Event.wait, called by main",
        {
            "MainThread": [Stand(1.0, (*MAIN, *EVENT), FUTEX)],
            "pool_0": [Stand(1.0, (WORKER[0], lib("concurrent/futures/thread.py", "_worker", 81)), FUTEX)],
        },
    ),
}


@pytest.mark.parametrize("name", RESTING)
def test_it_looks_idle(name: str) -> None:
    words, threads = RESTING[name]
    verdict = judge(asked_for(scene(threads, cpu={"MainThread": (0.0, 0.0)})))
    assert verdict.cause is Cause.UNKNOWN, verdict.sentence
    assert verdict.sentence.startswith(
        f"No iteration is known to run, and the process looks idle: MainThread {words}"
    ), verdict.sentence
    assert not verdict.alternatives


def test_within_an_iteration_it_is_a_stall() -> None:
    verdict = judge(scene(RESTING["Event.wait"][1], cpu={"MainThread": (0.0, 0.0)}))
    assert verdict.cause is Cause.LOCK_WAIT


@pytest.mark.parametrize(
    ("cause", "threads"),
    [
        (
            Cause.NETWORK_WAIT,
            {
                "MainThread": [Stand(1.0, (*MAIN, *EVENT), FUTEX)],
                "loop": [Stand(1.0, (*WORKER, lib("socket.py", "SocketIO.readinto")), SOCKET)],
            },
        ),
        (Cause.OWN_CODE, {"MainThread": [running(1.0, own("pack"))]}),
        (Cause.STOPPED, {"MainThread": [Stand(1.0, (*MAIN, *EVENT), STOP, letter="T")]}),
        (
            Cause.BACKOFF,
            {"MainThread": [waiting(1.0, SLEEP, package("botocore/endpoint.py", "_needs_retry"))]},
        ),
        (
            Cause.SLEEP,  # of the main thread, with the doubt that the loop runs in the other one
            {
                "MainThread": [Stand(1.0, MAIN, SLEEP)],
                "loop": [Stand(1.0, (*WORKER, lib("socket.py", "SocketIO.readinto")), SOCKET)],
            },
        ),
        (Cause.NETWORK_WAIT, {"MainThread": [waiting(1.0, SOCKET, lib("socket.py", "SocketIO.readinto"))]}),
    ],
    ids=["a worker asks", "it computes", "it is stopped", "it tries again", "beside another", "it asks"],
)
def test_what_does_something_is_not_idle(cause: Cause, threads: Threads) -> None:
    verdict = judge(asked_for(scene(threads)))
    assert verdict.cause is cause, verdict.sentence
    assert "idle" not in verdict.sentence


def test_a_lock_that_is_wanted_is_no_rest() -> None:
    drawing = scene(
        {"MainThread": [waiting(1.0, FUTEX, own("read", 20))]}, code=(Line(OWN, 20, takes=("NODES",)),)
    )
    assert judge(asked_for(drawing)).cause is Cause.LOCK_WAIT
