"""Heartbeats a second as datagrams, with the daemon on one core and the sender on another."""

from pathlib import Path

from benchmarks.apparatus.daemons import TARGET, daemon
from benchmarks.apparatus.processes import child, cores, cpu_s, program, said
from benchmarks.apparatus.sockets import socket_place
from benchmarks.figures import FigureError, Row, often, rates

ROUNDS, SECONDS = 3, 2
TEXT = f"beat {TARGET}"  # each ends an iteration and begins the next
BEATS = {"heartbeat": {"mode": "beat", "idle_allowance": "1h", "max_per_s": 100_000}}


def measure(folder: Path, times: float) -> list[Row]:
    """The same datagrams to either listener in turn."""
    if len(cores()) < 2:
        raise FigureError("needs two cores, one for the daemon and one for the sender")
    core = cores()[0]
    options = {"max_loop_time": "1h", "cooldown": "1h", "iterations": [BEATS]}
    ours, bare = [], []
    with (
        socket_place() as place,
        socket_place() as bare_place,
        child(program("threads", "4", "20")) as target,
        child(program("bare_datagrams", str(bare_place)), core=core) as server,
        daemon(folder, target.pid, options, core=core, unix={"datagram": str(place)}) as watching,
    ):
        said(target.stdout)
        said(server.stdout)
        watching.wait_until_found()
        for _ in range(often(ROUNDS, times)):
            ours.append(_rates(watching.pid, place))
            bare.append(_rates(server.pid, bare_place))
    return rates("datagrams", ours, bare, "bare recvmsg in asyncio", f"{len(TEXT)} bytes each")


def _rates(pid: int, place: Path) -> tuple[float, float]:
    """Datagrams a second of time, and a second of the listener's CPU time."""
    argv = program("datagrams", str(place), TEXT, str(SECONDS))
    with child(argv, core=cores()[1]) as sender:
        said(sender.stdout, b"counting")
        before_s = cpu_s(pid)
        rate = float(said(sender.stdout))
        return rate, rate * SECONDS / (cpu_s(pid) - before_s)
