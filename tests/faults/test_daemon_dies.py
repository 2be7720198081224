"""T3, T4: the daemon is killed while it captures. The target goes on, the sampler goes, reports stay."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests import cgroups
from tests.daemon import Daemon, daemon, target, until
from tests.prerequisites import require
from tests.tally import Tally, Times

ROUNDS, SOAK_ROUNDS = 8, 200
GONE_S = 1.0  # from a kill until its sampler is gone; once in a while a busy machine needs longer
MEBIBYTE = 2**20
BALLAST = "held = []\nwhile True: held.append(bytearray(b'x' * 2**20))"


def threads_held(pid: int) -> list[str]:
    """The states of its threads that somebody stopped or traces."""
    stats = (file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat"))
    states = (stat.rpartition(")")[2].split()[0] for stat in stats)
    return [state for state in states if state in "tT"]


def samplers(cam: Daemon) -> list[int]:
    return [pid for pid, line in cam.children().items() if "py-spy" in line or "austin" in line]


@pytest.mark.fault("T3")
def test_sigkill_in_a_capture_never_leaves_the_target_held_or_a_sampler_behind(
    tmp_path: Path, stuck: int, tally: Tally, times: Times
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    took_s: list[float] = []
    with daemon(tmp_path, target("one", stuck, collection_time="1m", cooldown="1m")) as cam:
        for round_ in range(times(ROUNDS, SOAK_ROUNDS)):
            assert cam.ask("POST", "/v1/collect")[0] == 202
            until(lambda: samplers(cam), "a sampler runs")
            sleep(moments.uniform(0, 0.5))
            cam.kill()
            killed_s = monotonic()
            tally.tries += 1
            tally.wrong = (tally.wrong or 0) + len(threads_held(stuck))
            until(lambda: not samplers(cam), f"the sampler is gone, round {round_}", 5)
            took_s.append(monotonic() - killed_s)
            tally.took(took_s[-1])
            tally.wrong += len(threads_held(stuck))
            assert tally.wrong == 0
            cam.start()
    assert sorted(took_s)[int(len(took_s) * 0.8)] < GONE_S


@pytest.mark.fault("T4")
def test_a_daemon_that_ran_out_of_memory_loses_no_report_and_its_target_goes_on(
    tmp_path: Path, stuck: int
) -> None:
    require("memory cgroup")
    with (
        cgroups.group("memory") as group,
        daemon(tmp_path, target("one", stuck, collection_time="1s")) as cam,
    ):
        cam.beat("start", "one", 1)
        (before,) = cam.stored(1)
        cam.beat("end", "one", 1)
        cam.configure(targets=[target("one", stuck, collection_time="1m")])
        cam.stop()
        cam.start()
        group.take(cam.process.pid)
        assert cam.ask("POST", "/v1/collect")[0] == 202
        until(cam.recorded_a_while, "it records")
        run_out_of_memory(group, cam)
        assert cam.process.wait(20) == -signal.SIGKILL
        assert not threads_held(stuck)
        until(lambda: not samplers(cam), "the sampler is gone", 5)
        cam.start()
        found = cam.stored(2)
        assert found[0] == before
        assert cam.metric("loopcam_captures_total", target="one", outcome="partial") == 1


def run_out_of_memory(group: cgroups.Group, cam: Daemon) -> None:
    """Have the kernel choose the daemon when its group has no memory left."""
    Path(f"/proc/{cam.process.pid}/oom_score_adj").write_text("1000")
    hungry = subprocess.Popen([sys.executable, "-I", "-c", f"input()\n{BALLAST}"], stdin=subprocess.PIPE)
    try:
        group.take(hungry.pid)
        group.limit_memory(24 * MEBIBYTE)
        assert hungry.stdin is not None
        hungry.stdin.write(b"\n")
        hungry.stdin.flush()
        until(group.killed, "the kernel ended one for lack of memory")
    finally:
        if hungry.poll() is None:
            os.kill(hungry.pid, signal.SIGKILL)
        hungry.communicate()
