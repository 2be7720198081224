import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.beats import refused, send, sockets
from tests.daemon import Daemon, daemon, looping, target, until

FLOOD = """
import socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.connect(sys.argv[1])
    try:
        while True:
            for text in sys.argv[2:]:
                sender.send(text.encode())
    except OSError:
        pass
"""
FLOODS = 2
RATE_PER_S = 50
BEATS = 100


@contextmanager
def flooded(path: Path, *texts: str) -> Iterator[None]:
    """Senders that send as fast as they can."""
    with ExitStack() as stack:
        for _ in range(FLOODS):
            child = subprocess.Popen([sys.executable, "-IS", "-c", FLOOD, str(path), *texts])
            stack.callback(child.wait)
            stack.callback(child.kill)
        yield


def beaten(name: str, pid: int, **options: object) -> dict[str, object]:
    beats = {"heartbeat": {"mode": "beat", "idle_allowance": "1h", **options}}
    return target(name, pid, max_loop_time="1h", iterations=[beats])


def events(cam: Daemon, name: str) -> float:
    return cam.metric("loopcam_events_total", target=name)


@pytest.mark.threat("floods")
@pytest.mark.fault("D6")
def test_d6_others_are_heard_through_a_flood_and_rates_hold(tmp_path: Path) -> None:
    with looping() as one, looping() as two:
        flood = beaten("flood", one.pid, max_per_s=RATE_PER_S)
        with daemon(tmp_path, flood, target("real", two.pid), unix=sockets(tmp_path)) as cam:
            cam.finds("flood", "real")
            memory_kib = _rss_kib(cam.process.pid)
            began_s = time.monotonic()
            with flooded(tmp_path / "beat.sock", "beat flood", "beat nobody", "nonsense"):
                until(lambda: refused(cam, "too_many") > 1000, "it is a flood")
                late_s = []
                for _ in range(BEATS):
                    asked_s = time.monotonic()
                    cam.beat("idle", "real")
                    late_s.append(time.monotonic() - asked_s)
                send(tmp_path / "beat.sock", b"start real 17")  # waits for its place in the queue
                until(lambda: cam.target("real")["in_flight"], "a datagram among the others")
                cam.stored(1)  # and its overrun is captured
                # at most one batch of datagrams is between two looks at HTTP, however busy the machine is
                assert sorted(late_s)[len(late_s) // 2] < 1.0
                taken = events(cam, "flood")
                took_s = time.monotonic() - began_s
                assert taken <= RATE_PER_S * (took_s + 1)
            assert refused(cam, "unknown_target") > 0
            assert refused(cam, "malformed") > 0
            assert len(cam.said("heartbeats refused")) <= 3 * (1 + took_s // 60 + 1)
            assert _rss_kib(cam.process.pid) - memory_kib < 20 * 1024


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
