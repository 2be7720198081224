"""Each cause by what it looks like: the verdict names it first."""

import pytest

from model.capture import Outcome
from model.samples import State
from model.signals import Name
from model.verdict import Cause, Confidence
from report.drawing import Drawing
from report.evidence.code import Line
from report.verdict import judge
from report.verdict.rules import RULES
from tests.unit.report.verdict.scenes import (
    CHILD,
    DISK,
    FUTEX,
    OWN,
    PIPE,
    POLL,
    SLEEP,
    SOCKET,
    STOP,
    Stand,
    lib,
    own,
    package,
    running,
    scene,
    waiting,
)

BUSY = {"MainThread": (0.98, 0.01)}
IDLE = {"MainThread": (0.0, 0.0)}
WORKER = (lib("threading.py", "Thread._bootstrap"), own("refresh", 200))
POOL = (lib("threading.py", "Thread._bootstrap"), lib("concurrent/futures/thread.py", "_worker", 83))
RESULT = (lib("concurrent/futures/_base.py", "Future.result"), lib("threading.py", "Condition.wait", 327))
LOOP = (
    lib("asyncio/runners.py", "run"),
    lib("asyncio/base_events.py", "BaseEventLoop.run_forever"),
    lib("asyncio/base_events.py", "BaseEventLoop._run_once"),
    lib("asyncio/events.py", "Handle._run"),
)
CROSSED = (
    Line(OWN, 20, takes=("PODS",), held=("NODES",)),
    Line(OWN, 200, takes=("NODES",), held=("PODS",)),
)
SHORT_OF_MEMORY = {Name.MAJOR_FAULTS: 900.0, Name.PRESSURE_MEMORY: 0.7}
CONTENDED = {"MainThread": (0.2, 0.01), "a": (0.4, 0.0), "b": (0.4, 0.0)}


def called(line: int, *calls: str) -> tuple[Line, ...]:
    return (Line(OWN, line, calls=calls),)


def shard(line: int) -> list[Stand]:
    return [Stand(1.0, (*WORKER, own("reconcile", line)), state=State.RUNNING_GIL, lines=6)]


SCENES: dict[str, tuple[Cause, Drawing]] = {
    "a hot loop": (Cause.OWN_CODE, scene({"MainThread": [running(1.0, own("pack"))]}, cpu=BUSY)),
    "a worker's hot loop": (
        Cause.OWN_CODE,
        scene(
            {
                "MainThread": [waiting(1.0, FUTEX, *RESULT)],
                "pool_0": [Stand(1.0, (*POOL, own("price")), lines=5)],
            },
            cpu={"MainThread": (0.0, 0.0), "pool_0": (0.98, 0.0)},
        ),
    ),
    "a long call": (
        Cause.NATIVE_CODE,
        scene({"MainThread": [running(1.0, own("rank", 20), lines=1)]}, cpu=BUSY, code=called(20, "sorted")),
    ),
    "a call that sleeps with the GIL": (
        Cause.NATIVE_CODE,
        scene({"MainThread": [waiting(1.0, SLEEP, own("ask"), state=State.WAITING_GIL)]}, cpu=IDLE),
    ),
    "busy threads": (
        Cause.GIL_CONTENTION,
        scene(
            {
                "MainThread": [waiting(1.0, FUTEX, own("collect"), state=State.WANTING_GIL)],
                "a": shard(300),
                "b": shard(400),
            },
            cpu=CONTENDED,
        ),
    ),
    "a lock that a worker holds": (
        Cause.LOCK_WAIT,
        scene(
            {"MainThread": [waiting(1.0, FUTEX, own("read", 20))], "refresher": [Stand(1.0, WORKER, SLEEP)]},
            cpu=IDLE,
            code=(Line(OWN, 20, takes=("NODES",)), Line(OWN, 200, calls=("time.sleep",), held=("NODES",))),
        ),
    ),
    "a crossed pair of locks": (
        Cause.DEADLOCK,
        scene(
            {"MainThread": [waiting(1.0, FUTEX, own("drain", 20))], "evictor": [Stand(1.0, WORKER, FUTEX)]},
            cpu=IDLE,
            code=CROSSED,
        ),
    ),
    "a lock taken twice": (
        Cause.DEADLOCK,
        scene(
            {"MainThread": [waiting(1.0, FUTEX, own("drain", 20))]},
            code=(Line(OWN, 20, takes=("PODS",), held=("PODS",)),),
        ),
    ),
    "no reply": (
        Cause.NETWORK_WAIT,
        scene(
            {
                "MainThread": [
                    waiting(1.0, SOCKET, lib("http/client.py", "begin"), lib("socket.py", "readinto"))
                ]
            }
        ),
    ),
    "botocore's retry": (
        Cause.BACKOFF,
        scene({"MainThread": [waiting(1.0, SLEEP, package("botocore/endpoint.py", "_needs_retry"))]}),
    ),
    "own retry": (
        Cause.BACKOFF,
        scene(
            {"MainThread": [waiting(1.0, SLEEP, own("call_with_backoff"))]}, logs=["429 Too Many Requests"]
        ),
    ),
    "asleep": (Cause.SLEEP, scene({"MainThread": [waiting(1.0, SLEEP, own("wait_for_rollout"))]})),
    "a name": (
        Cause.DNS,
        scene(
            {
                "MainThread": [
                    waiting(1.0, POLL, lib("socket.py", "create_connection"), lib("socket.py", "getaddrinfo"))
                ]
            }
        ),
    ),
    "a handshake": (
        Cause.TLS,
        scene(
            {
                "MainThread": [
                    waiting(
                        1.0, SOCKET, lib("http/client.py", "connect"), lib("ssl.py", "SSLSocket.do_handshake")
                    )
                ]
            }
        ),
    ),
    "a key": (
        Cause.TLS,
        scene(
            {"MainThread": [running(1.0, own("renew", 30), lines=1)]},
            cpu=BUSY,
            code=called(30, "rsa.generate_private_key"),
        ),
    ),
    "a disk": (
        Cause.DISK,
        scene(
            {"MainThread": [waiting(1.0, DISK, own("write_state"), letter="D")]},
            signals={Name.PRESSURE_IO: 0.8},
        ),
    ),
    "many short waits for a disk": (
        Cause.DISK,
        scene(
            {"MainThread": [running(0.6, own("append", 25), lines=1), waiting(0.4, DISK, own("append", 25))]},
            cpu={"MainThread": (0.3, 0.05)},
            code=called(25, "os.fsync"),
            signals={Name.PRESSURE_IO: 0.4},
        ),
    ),
    "a command": (
        Cause.CHILD_PROCESS,
        scene(
            {"MainThread": [waiting(1.0, CHILD, lib("subprocess.py", "Popen._wait"))]},
            signals={Name.CHILDREN: 1},
        ),
    ),
    "a command's output": (
        Cause.CHILD_PROCESS,
        scene(
            {
                "MainThread": [
                    waiting(
                        1.0, POLL, lib("subprocess.py", "Popen._communicate"), lib("selectors.py", "select")
                    )
                ]
            }
        ),
    ),
    "gc.collect": (
        Cause.GARBAGE_COLLECTION,
        scene(
            {"MainThread": [running(1.0, own("tidy", 40), lines=1)]}, cpu=BUSY, code=called(40, "gc.collect")
        ),
    ),
    "a quota": (
        Cause.CPU_THROTTLED,
        scene(
            {"MainThread": [running(1.0, own("pack"))]},
            cpu={"MainThread": (0.1, 0.8)},
            signals={
                Name.CGROUP_THROTTLED: 0.85,
                Name.CGROUP_THROTTLED_PERIODS: 0.95,
                Name.CGROUP_CPU_QUOTA: 0.1,
            },
        ),
    ),
    "others' work": (
        Cause.CPU_STARVED,
        scene(
            {"MainThread": [running(1.0, own("pack"))]},
            cpu={"MainThread": (0.1, 0.88)},
            signals={Name.HOST_BUSY: 2.0, Name.HOST_CPUS: 2.0, Name.HOST_OTHERS: 1.9},
            before={Name.HOST_BUSY: 0.4, Name.HOST_CPUS: 2.0, Name.HOST_OTHERS: 0.3},
        ),
    ),
    "pages from disk": (
        Cause.MEMORY_PRESSURE,
        scene({"MainThread": [waiting(1.0, DISK, own("look_up"), letter="D")]}, signals=SHORT_OF_MEMORY),
    ),
    "stopped": (Cause.STOPPED, scene({"MainThread": [waiting(1.0, STOP, own("pack"), letter="T")]})),
    "frozen": (
        Cause.STOPPED,
        scene(
            {"MainThread": [waiting(1.0, "do_freezer_trap", own("pack"))]}, signals={Name.CGROUP_FROZEN: 1.0}
        ),
    ),
    "found stopped": (
        Cause.STOPPED,
        scene({"MainThread": [waiting(1.0, STOP, own("pack"))]}, outcome=Outcome.TARGET_STOPPED),
    ),
    "found stopped, with hardly a word of the kernel": (
        Cause.STOPPED,
        scene(
            {"MainThread": [waiting(1.0, "", own("pack"), state=State.WAITING_GIL)]},
            outcome=Outcome.TARGET_STOPPED,
            told=False,
        ),
    ),
    "a sleep in a coroutine": (
        Cause.EVENT_LOOP_BLOCKED,
        scene({"MainThread": [waiting(1.0, SLEEP, *LOOP, own("reconcile"), own("settle"))]}),
    ),
    "a computing coroutine": (
        Cause.EVENT_LOOP_BLOCKED,
        scene({"MainThread": [running(1.0, *LOOP, own("reconcile"), own("pack"))]}, cpu=BUSY),
    ),
    "JSON": (
        Cause.SERIALISATION,
        scene(
            {"MainThread": [running(1.0, own("save"), lib("json/encoder.py", "JSONEncoder.iterencode"))]},
            cpu=BUSY,
        ),
    ),
    "pickle": (
        Cause.SERIALISATION,
        scene(
            {"MainThread": [running(1.0, own("save", 50), lines=1)]},
            cpu=BUSY,
            code=called(50, "pickle.dumps"),
        ),
    ),
    "re.search": (
        Cause.REGULAR_EXPRESSION,
        scene(
            {"MainThread": [running(1.0, own("find"), lib("re/__init__.py", "search"), lines=1)]}, cpu=BUSY
        ),
    ),
    "a compiled pattern": (
        Cause.REGULAR_EXPRESSION,
        scene(
            {"MainThread": [running(1.0, own("parse", 60), lines=1)]},
            cpu=BUSY,
            code=called(60, "LABELS.match"),
        ),
    ),
    "a log's pipe": (
        Cause.LOG_PIPE,
        scene(
            {
                "MainThread": [
                    waiting(1.0, PIPE, own("announce"), lib("logging/__init__.py", "StreamHandler.flush"))
                ]
            }
        ),
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_the_cause_is_found(name: str) -> None:
    cause, drawing = SCENES[name]
    verdict = judge(drawing)
    assert verdict.cause is cause, verdict.sentence
    assert verdict.confidence is not Confidence.LOW, verdict.alternatives
    assert verdict.facts
    assert verdict.remedy
    assert len(verdict.signature) == 12


def test_every_cause_of_python_has_a_scene_and_a_rule() -> None:
    of_python = set(Cause) - {Cause.UNKNOWN, Cause.CHANNEL_WAIT}
    assert {cause for cause, _ in SCENES.values()} == of_python
    assert {rule.cause for rule in RULES.values()} == of_python
    assert {rule.cause.value for rule in RULES.values()} <= set(RULES)


@pytest.mark.parametrize("name", SCENES)
def test_a_sentence_says_what_where_and_how_long(name: str) -> None:
    verdict = judge(SCENES[name][1])
    assert "%" in verdict.sentence or "10s" in verdict.sentence
    assert verdict.sentence.endswith(".")
    assert "None" not in verdict.sentence
    assert "not seen" not in verdict.sentence
