"""S9: a real partition. Packets vanish, or there is no way; captures go on, and other sinks get reports."""

import socket
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.daemon import Daemon, target, until, whole_reports
from tests.prerequisites import require
from tests.tally import Tally

VANISHES, NO_WAY = "192.0.2.1", "198.51.100.1"  # of documentation: nobody has them
CONNECT_S, SLACK_S = 5.0, 4.0
NETWORK = f"""
set -e
ip link set lo up
ip link add v0 type veth peer name v1
ip addr add 192.0.2.2/24 dev v0
ip link set v0 up; ip link set v1 up
ip neigh add {VANISHES} lladdr 02:00:00:00:00:01 dev v0
ip route add blackhole {NO_WAY}
exec "$@"
"""


@pytest.mark.fault("S9")
def test_in_a_partition_captures_go_on_and_attempts_end_in_time(
    tmp_path: Path, stuck: int, tally: Tally
) -> None:
    require("root", "unshare", "ip")
    keys = {"access_key_id": "testing", "secret_access_key": "testing"}
    sinks: list[object] = [
        {"file": {"path": str(tmp_path / "reports")}},
        {"http": {"url": f"http://{VANISHES}/{{file}}"}, "name": "vanishes"},
        {"s3": {"bucket": "stalls", "endpoint_url": f"http://{VANISHES}", **keys}},
        {"http": {"url": f"http://{NO_WAY}/{{file}}"}, "name": "no-way"},
    ]
    beats = tmp_path / "beat.sock"
    cam = Daemon(
        tmp_path,
        [target("one", stuck, cooldown="400ms")],
        sinks=sinks,
        unix={"datagram": str(beats)},
        shutdown_grace="0",
    )
    cam.python, cam.command = "unshare", ["--net", "sh", "-c", NETWORK, "sh", sys.executable, "-m", "daemon"]
    try:
        cam.start()  # in a network of its own: it is heard by its socket, its log and its folder
        say(beats, "start one 1")
        until(lambda: whole_reports(cam.reports), "captured and stored elsewhere")
        say(beats, "end one 1")
        for sink in ("vanishes", "s3", "no-way"):
            until(lambda sink=sink: failures(cam, sink), f"{sink} is tried in vain")
            took_s = _time(failures(cam, sink)[0]) - _time(cam.said("report stored")[0])
            assert took_s < CONNECT_S + SLACK_S
            tally.tries += 1
            tally.took(max(0.0, took_s))
        before = len(whole_reports(cam.reports))
        say(beats, "start one 2")  # while all of them are away
        until(lambda: len(whole_reports(cam.reports)) > before, "captured all the same")
        until(lambda: len(failures(cam, "s3")) > 1, "tried again")
        tally.lost = len({one.name for one in whole_reports(cam.reports)} - set(cam.entries()))
        assert tally.lost == 0
    finally:
        cam.close()


def say(path: Path, words: str) -> None:
    """A heartbeat."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(path))
        sender.sendall(words.encode())


def failures(cam: Daemon, sink: str) -> list[dict[str, object]]:
    return [line for line in cam.said("report not stored yet") if line["sink"] == sink]


def _time(line: dict[str, object]) -> float:
    return datetime.fromisoformat(str(line["time"])).timestamp()
