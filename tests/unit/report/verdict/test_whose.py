"""Whose work is judged: the loop's own, or that of the threads and processes that it waits for."""

from collections.abc import Mapping, Sequence

import pytest

from model.verdict import Cause, Confidence
from report.drawing import Drawing
from report.evidence.code import Line
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

# Stacks as CPython 3.11 has them
THREAD = (lib("threading.py", "Thread._bootstrap", 1002), lib("threading.py", "Thread.run", 982))
POOLED = (
    *THREAD,
    lib("concurrent/futures/thread.py", "_worker", 83),
    lib("concurrent/futures/thread.py", "_WorkItem.run", 58),
)
UNUSED = (*THREAD, lib("concurrent/futures/thread.py", "_worker", 81))
REPLY = (
    package("urllib3/connection.py", "HTTPConnection.getresponse", 571),
    lib("socket.py", "SocketIO.readinto", 706),
)
EVENT = (lib("threading.py", "Event.wait", 629), lib("threading.py", "Condition.wait", 331))
RESULT = (
    lib("concurrent/futures/_base.py", "Future.result", 451),
    lib("threading.py", "Condition.wait", 327),
)
ALL = (lib("concurrent/futures/_base.py", "wait", 305), *EVENT)
ASYNCIO = (
    lib("asyncio/runners.py", "run", 190),
    lib("asyncio/base_events.py", "BaseEventLoop.run_until_complete", 640),
    lib("asyncio/base_events.py", "BaseEventLoop.run_forever", 607),
    lib("asyncio/base_events.py", "BaseEventLoop._run_once", 1884),
)
SELECT = lib("selectors.py", "EpollSelector.select", 468)
GONE_PROCESS = lib("multiprocessing/connection.py", "wait", 930)
GREENLETS = package("gevent/hub.py", "Hub.run", 647)
Threads = Mapping[str, Sequence[Stand]]


def asks() -> list[Stand]:
    return [Stand(1.0, (*POOLED, own("ask", 110), *REPLY), SOCKET)]


def computes() -> list[Stand]:
    return [Stand(1.0, (*POOLED, own("price", 120)), lines=5)]


SCENES: dict[str, tuple[Cause, str, Threads]] = {
    "a pool of the standard library, beside another thread": (
        Cause.OWN_CODE,
        "MainThread waits in Future.result for pool_0.",
        {
            "MainThread": [waiting(1.0, FUTEX, *RESULT)],
            "pool_0": computes(),
            "pool_1": [Stand(1.0, UNUSED, FUTEX)],
            "metrics": [Stand(1.0, (*THREAD, own("push", 300), *REPLY), SOCKET)],
        },
    ),
    "an event loop whose executor asks": (
        Cause.NETWORK_WAIT,
        "MainThread's event loop waits, and asyncio_0 worked for it.",
        {"MainThread": [waiting(1.0, POLL, *ASYNCIO, SELECT)], "asyncio_0": asks()},
    ),
    "an event loop whose executor computes": (
        Cause.OWN_CODE,
        "MainThread's event loop waits, and asyncio_0 worked for it.",
        {"MainThread": [waiting(1.0, POLL, *ASYNCIO, SELECT)], "asyncio_0": computes()},
    ),
    "a main thread that only keeps the process alive": (
        Cause.NETWORK_WAIT,
        "MainThread waits in Event.wait for loop.",
        {
            "MainThread": [waiting(1.0, FUTEX, *EVENT)],
            "loop": [Stand(1.0, (*THREAD, own("reconcile", 200), own("ask", 210), *REPLY), SOCKET)],
        },
    ),
    "a pool of processes": (
        Cause.CHILD_PROCESS,
        "MainThread waits in Future.result for Thread-1.",
        {
            "MainThread": [waiting(1.0, FUTEX, *RESULT)],
            "Thread-1": [
                Stand(
                    1.0,
                    (
                        *THREAD[:1],
                        lib("concurrent/futures/process.py", "_ExecutorManagerThread.run", 332),
                        GONE_PROCESS,
                    ),
                    POLL,
                )
            ],
        },
    ),
    "the older pool of processes": (
        Cause.CHILD_PROCESS,
        "MainThread waits in Pool.map for Thread-3 (_handle_results).",
        {
            "MainThread": [
                waiting(
                    1.0,
                    FUTEX,
                    lib("multiprocessing/pool.py", "Pool.map", 367),
                    lib("multiprocessing/pool.py", "ApplyResult.get", 768),
                    *EVENT,
                )
            ],
            "Thread-3 (_handle_results)": [
                Stand(
                    1.0,
                    (
                        *THREAD,
                        lib("multiprocessing/pool.py", "Pool._handle_results", 579),
                        lib("multiprocessing/connection.py", "Connection._recv", 395),
                    ),
                    "pipe_read",
                )
            ],
        },
    ),
    "the older pool of threads, whose keepers wait": (
        Cause.OWN_CODE,
        "MainThread waits in Pool.map for Thread-1 (worker).",
        {
            "MainThread": [
                waiting(
                    1.0,
                    FUTEX,
                    lib("multiprocessing/pool.py", "Pool.map", 367),
                    lib("multiprocessing/pool.py", "ApplyResult.get", 768),
                    *EVENT,
                )
            ],
            "Thread-1 (worker)": [
                Stand(
                    1.0, (*THREAD, lib("multiprocessing/pool.py", "worker", 125), own("price", 120)), lines=5
                )
            ],
            "Thread-3 (_handle_workers)": [
                Stand(
                    1.0,
                    (
                        *THREAD,
                        lib("multiprocessing/pool.py", "Pool._handle_workers", 522),
                        lib("multiprocessing/connection.py", "wait", 930),
                    ),
                    POLL,
                )
            ],
        },
    ),
    "an event loop that waits": (
        Cause.NETWORK_WAIT,
        "",
        {"MainThread": [waiting(1.0, POLL, *ASYNCIO, SELECT)]},
    ),
    "greenlets that wait": (Cause.NETWORK_WAIT, "", {"MainThread": [waiting(1.0, POLL, GREENLETS)]}),
    "a server of the standard library": (
        Cause.NETWORK_WAIT,
        "",
        {
            "MainThread": [
                waiting(
                    1.0,
                    POLL,
                    lib("socketserver.py", "BaseServer.serve_forever"),
                    lib("selectors.py", "_PollLikeSelector.select"),
                )
            ]
        },
    ),
    "a condition": (
        Cause.LOCK_WAIT,
        "",
        {"MainThread": [waiting(1.0, FUTEX, lib("threading.py", "Condition.wait", 327))]},
    ),
    "a sleep beside a thread that asks": (
        Cause.SLEEP,
        "",
        {
            "MainThread": [Stand(1.0, (own("<module>", 90),), SLEEP)],
            "loop": [Stand(1.0, (*THREAD, own("reconcile"), *REPLY), SOCKET)],
        },
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_whose_work_it_is(name: str) -> None:
    cause, followed, threads = SCENES[name]
    verdict = judge(scene(threads))
    assert verdict.cause is cause, verdict.sentence
    assert followed in verdict.sentence
    assert Cause.LOCK_WAIT not in {each.cause for each in verdict.alternatives}, "the wait itself is no cause"


UNSURE: dict[str, tuple[str, str]] = {
    "an event loop that waits": ("", ""),
    "greenlets that wait": ("", ""),
    "a server of the standard library": ("", ""),
    "a condition": ("waiting for a word from another thread", "No thread is to be seen"),
    "a sleep beside a thread that asks": ("the loop may run in loop, which was in reconcile", ""),
}


@pytest.mark.parametrize("name", UNSURE)
def test_where_no_stack_shows_what_is_waited_for_it_is_not_sure(name: str) -> None:
    verdict = judge(scene(SCENES[name][2]))
    assert verdict.confidence is not Confidence.HIGH
    assert UNSURE[name][0] in verdict.sentence


def test_c_code_that_sleeps_may_ask_for_something_again_and_again() -> None:
    drawing = scene(
        {"MainThread": [waiting(1.0, SLEEP, own("write", 20))]},
        code=(Line(OWN, 20, calls=("base.execute",)),),
    )
    verdict = judge(drawing)
    assert verdict.confidence is not Confidence.HIGH
    assert "base.execute" in verdict.sentence


def mixed(asking: int, computing: int) -> Drawing:
    threads: dict[str, Sequence[Stand]] = {"MainThread": [waiting(1.0, FUTEX, *ALL)]}
    threads |= {f"pool_{number}": asks() for number in range(asking)}
    threads |= {f"pool_{asking + number}": computes() for number in range(computing)}
    return scene(threads, cpu={f"pool_{asking}": (0.98, 0.0)} if computing else None)


@pytest.mark.parametrize(
    ("asking", "computing", "said"),
    [
        (4, 1, "These threads differ: 4 of 5 network_wait, pool_4 own_code; it may wait for any of them."),
        (1, 1, "These threads differ: pool_0 network_wait, pool_1 own_code; it may wait for any of them."),
        (12, 1, "These threads differ: 12 of 13 network_wait, pool_12 own_code; it may wait"),
    ],
)
def test_threads_that_differ_are_never_sure_and_both_causes_are_named(
    asking: int, computing: int, said: str
) -> None:
    verdict = judge(mixed(asking, computing))
    assert verdict.cause is Cause.NETWORK_WAIT
    assert verdict.confidence is Confidence.LOW
    assert said in verdict.sentence
    assert [each.cause for each in verdict.alternatives] == [Cause.OWN_CODE]


def test_threads_that_agree_are_as_sure_as_one() -> None:
    verdict = judge(mixed(4, 0))
    assert (verdict.cause, verdict.confidence) == (Cause.NETWORK_WAIT, Confidence.HIGH)
    assert "differ" not in verdict.sentence


def test_one_thread_that_does_both_is_no_difference() -> None:
    stands = [Stand(0.6, asks()[0].frames, SOCKET), running(0.4, own("price"))]
    verdict = judge(scene({"MainThread": [waiting(1.0, FUTEX, *RESULT)], "pool_0": stands}))
    assert verdict.cause is Cause.LOCK_WAIT  # no single cause can be told of it
    assert "differ" not in verdict.sentence
