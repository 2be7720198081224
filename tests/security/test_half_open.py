"""Three thousand connections that say half of a request, to a whole daemon."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.daemon import daemon, looping, target, until
from tests.prerequisites import require
from tests.tally import Tally

CROWD = 3000
HALVES = (
    b"",
    b"P",
    b"POST /v1/heartbeat HTTP/1.1\r\nHost: l",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
)
GONE_S, BEAT_S, MEMORY_KIB = 6.0, 0.05, 2048
BEATS = [json.dumps({"target": "one", "event": event}) for event in ("start", "end")]


@contextmanager
def descriptors(count: int) -> Iterator[None]:
    """Room for so many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), max(hard, count)))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory_kib(pid: int) -> int:
    """What is resident of a process and its own."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0])


def crowd(stack: ExitStack, port: int) -> list[socket.socket]:
    """Connections in the state of having said half."""
    found = []
    for number in range(CROWD):
        one = stack.enter_context(socket.socket())
        one.settimeout(20)
        with suppress(OSError):
            one.connect((f"127.0.0.{1 + number % 200}", port))
            one.send(HALVES[number % len(HALVES)])
        found.append(one)
    return found


def is_over(one: socket.socket) -> bool:
    """Whether the daemon has closed it; what it said before that is read."""
    try:
        while one.recv(4096, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.threat("slow")
def test_they_are_gone_soon_cost_nothing_and_keep_no_heartbeat_out(tmp_path: Path, tally: Tally) -> None:
    require("root")
    one = looping()
    with (
        one as child,
        daemon(tmp_path, target("one", child.pid, max_loop_time="1h")) as cam,
        ExitStack() as held,
    ):
        port = int(cam.url.rpartition(":")[2])
        kept = held.enter_context(closing(cam.connection()))
        cam.finds("one")

        def beat(number: int = 0) -> float:
            began_s = time.monotonic()
            kept.request("POST", "/v1/heartbeat", BEATS[number % 2], {"Content-Type": "application/json"})
            answer = kept.getresponse()
            answer.read()
            assert answer.status == 204
            return time.monotonic() - began_s

        beat()
        before_kib = memory_kib(cam.process.pid)
        with descriptors(CROWD + 500), ExitStack() as stack:
            others, began_s = crowd(stack, port), time.monotonic()
            beats_s = [beat(number + 1) for number in range(50)]
            grown_kib = memory_kib(cam.process.pid) - before_kib
            until(lambda: all(map(is_over, others)), "all are closed", 20)
            tally.took(time.monotonic() - began_s)
            tally.tries = len(others)
        assert tally.worst_s < GONE_S
        assert grown_kib < MEMORY_KIB
        assert sorted(beats_s)[len(beats_s) // 2] < BEAT_S
        assert cam.ask("GET", "/healthz")[0] == 200
