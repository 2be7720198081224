"""S15: very many iterations, as fast as they are heard, leave memory and descriptors as they were."""

import os
import socket
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, target, until
from tests.tally import Tally, Times

ITERATIONS, SOAK_ITERATIONS = 20_000, 1_000_000
GROWTH_BYTES = 4 * 2**20


def resident_bytes(cam: Daemon) -> int:
    return int(Path(f"/proc/{cam.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(cam: Daemon) -> int:
    return len(list(Path(f"/proc/{cam.process.pid}/fd").iterdir()))


@pytest.mark.fault("S15")
def test_very_many_iterations_leave_nothing_behind(
    tmp_path: Path, stuck: int, tally: Tally, times: Times
) -> None:
    path, tally.tries = tmp_path / "beat.sock", times(ITERATIONS, SOAK_ITERATIONS)
    one = target("one", stuck, max_loop_time="1h", iterations=[{"heartbeat": {"max_per_s": 100_000}}])
    with (
        daemon(tmp_path, one, unix={"datagram": str(path)}) as cam,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect(str(path))
        for number in range(tally.tries):
            sender.sendall(b"start one %d" % number)
            sender.sendall(b"end one %d" % number)
            if number == tally.tries // 10:  # by now everything is loaded
                until(lambda number=number: heard(cam) > number, "all so far is heard")
                before_bytes, before = resident_bytes(cam), descriptors(cam)
        until(lambda: heard(cam) == tally.tries, "all is heard")
        tally.lost = tally.tries - int(heard(cam))
        assert resident_bytes(cam) - before_bytes < GROWTH_BYTES
        assert descriptors(cam) <= before + 2
        assert cam.metric("loopcam_overruns_total") == 0


def heard(cam: Daemon) -> float:
    return cam.metric("loopcam_iterations_total", target="one")
