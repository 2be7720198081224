"""Host signals of real processes: each does one thing, and the signals say which."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.host.reader import Reader
from collectors.host.ring import Ring
from daemon.targets.process import HeldProcess
from model.artifacts import Artifact
from model.capture import Capture, Outcome, Window, WindowEnd
from model.events import Trigger, TriggerKind
from model.signals import SIGNALS_KIND, Name, Signals
from report.evidence import host
from tests import cgroups
from tests.prerequisites import require
from tests.targets import PATIENCE_S, Program, Targets

FILE = "host.signals.jsonl"
BUSY = "import os; os.sched_setaffinity(0, {0}); print('ready', flush=True)\nwhile True: pass"
ASLEEP = "import time; print('ready', flush=True); time.sleep(3600)"
GROWING = """
import sys, time
print('ready', flush=True)
sys.stdin.readline()
held = bytearray(b'x') * (64 << 20)
time.sleep(3600)
"""
RECEIVING = """
import socket, sys
from threading import Thread
one = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
print('ready', flush=True)
one.recv(1)
"""


class Watched:
    """A process that is read until its signals are as they are waited for."""

    def __init__(self, process: HeldProcess, folder: Path) -> None:
        self.ring = Ring(Reader(process.pid), process.alive)
        self._folder = folder

    def signals(self) -> Signals:
        """What a report would have of it."""
        with (self._folder / FILE).open("wb") as file:
            stop = self.ring.follow(file.write)
            stop()
        faults: list[str] = []
        found = host.signals(self._folder, CAPTURE, faults)
        assert faults == []
        return found

    def until(self, condition: Callable[[Signals], object], what: str) -> Signals:
        """Read on until it is so."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            self.ring.read(64, fast=True)
            found = self.signals()
            if condition(found):
                return found
            assert time.monotonic() < end_s, f"{what}: {found.series}, {found.missing}"
            time.sleep(0.2)


CAPTURE = Capture(
    id="x",
    target="a",
    labels={},
    triggered_at="",
    wall_minus_monotonic_s=0.0,
    trigger=Trigger(target="a", kind=TriggerKind.MANUAL, reason="a test", at_s=0.0),
    iteration=None,
    window=Window(started_s=0.0, ended_s=9.0, collection_time_s=9.0, end=WindowEnd.COLLECTION_TIME),
    outcome=Outcome.COMPLETE,
    evidence=(Artifact(path=FILE, kind=SIGNALS_KIND, media_type="x", size_bytes=1, sha256=""),),
)


@pytest.fixture
def watch(tmp_path: Path) -> Callable[[Program], Watched]:
    return lambda program: Watched(HeldProcess(program.pid), tmp_path)


def python(targets: Targets, code: str, *arguments: object) -> Program:
    return targets.run(sys.executable, "-c", code, *map(str, arguments))


def last(found: Signals, name: Name) -> float:
    series = found.series.get(name)
    return series.values[-1] if series is not None else 0.0


def test_a_hog_beside_it_shows_as_others_and_in_the_run_queue(
    targets: Targets, watch: Callable[[Program], Watched]
) -> None:
    watched = watch(python(targets, BUSY))
    for _ in range(2):
        python(targets, BUSY)
    found = watched.until(
        lambda found: last(found, Name.RUN_QUEUE) > 0.4 and last(found, Name.HOST_OTHERS) > 0.4, "starved"
    )
    assert last(found, Name.CPU_USER) < 0.7
    assert found.series[Name.HOST_OTHERS].unit == "cores"


def test_a_stopped_process_is_t(targets: Targets, watch: Callable[[Program], Watched]) -> None:
    program = python(targets, ASLEEP)
    watched = watch(program)
    os.kill(program.pid, signal.SIGSTOP)
    found = watched.until(lambda found: found.threads[program.pid][-1].state == "T", "stopped")
    os.kill(program.pid, signal.SIGCONT)
    watched.until(lambda found: found.threads[program.pid][-1].state == "S", "going on")
    assert found.threads[program.pid][-1].cpu in (None, 0.0)


def test_a_reader_of_a_socket_waits_in_a_call_of_it(
    targets: Targets, watch: Callable[[Program], Watched]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = python(targets, RECEIVING, server.getsockname()[1])
        found = watch(program).until(
            lambda found: (
                last(found, Name.TCP_ESTABLISHED) == 1 and found.threads[program.pid][-1].state == "S"
            ),
            "connected, and waiting",
        )
    reading = found.threads[program.pid][-1]
    assert reading.state == "S"
    assert reading.syscall is not None
    assert reading.syscall >= 0
    assert reading.wchan is None or "wait" in reading.wchan or "recv" in reading.wchan
    assert last(found, Name.TCP_CONNECTING) == 0


def test_who_may_not_trace_a_process_is_told_that(targets: Targets) -> None:
    require("root")
    program = python(targets, ASLEEP)
    code = (
        "import os, sys\nfrom collectors.host.reader import Reader\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "one = Reader(int(sys.argv[1])); one.read(1.0); print(one.header().missing['threads.wchan'])"
    )
    argv = [sys.executable, "-c", code, str(program.pid)]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
    assert told.startswith("not permitted: it needs the right to trace the process")


def test_memory_that_grows_shows(targets: Targets, watch: Callable[[Program], Watched]) -> None:
    program = python(targets, GROWING)
    watched = watch(program)
    before = watched.until(lambda found: last(found, Name.RSS), "read")
    program.tell("go on")
    grown = last(before, Name.RSS) + (60 << 20)
    found = watched.until(lambda found: last(found, Name.RSS) > grown, "grown")
    assert max(found.series[Name.MINOR_FAULTS].values) > 0


def test_throttling_shows_with_its_quota(targets: Targets, watch: Callable[[Program], Watched]) -> None:
    require("cpu cgroup")
    with cgroups.group("cpu") as group:
        group.limit_cpu(0.1)
        program = python(targets, BUSY)
        group.take(program.pid)
        found = watch(program).until(
            lambda found: (
                last(found, Name.CGROUP_THROTTLED_PERIODS) > 0.8 and last(found, Name.CPU_USER) < 0.3
            ),
            "throttled",
        )
        program.kill()
    assert last(found, Name.CGROUP_CPU_QUOTA) == pytest.approx(0.1)
    assert last(found, Name.CGROUP_THROTTLED) > 0.1  # less where others starve it, too


def test_rows_outlive_their_process(targets: Targets, watch: Callable[[Program], Watched]) -> None:
    program = python(targets, ASLEEP)
    watched = watch(program)
    assert watched.ring.read(64)
    program.kill()
    assert not watched.ring.read(64)
    assert len(watched.signals().series[Name.RSS].values) == 1


def test_a_process_of_somebody_else_tells_less_and_says_so(targets: Targets) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    program = python(targets, ASLEEP)
    reader = Reader(program.pid)
    os.seteuid(65534)
    try:
        row = reader.read(time.monotonic())
    finally:
        os.seteuid(0)
    missing = reader.header().missing
    assert {Name.READ, Name.TCP_ESTABLISHED, "threads.syscall"} <= missing.keys()
    assert "not permitted" in missing[Name.READ]
    assert row.threads[0].state in "RSD"
    assert row.threads[0].syscall is None
    assert Name.RSS not in missing
