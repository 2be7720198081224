"""Heartbeats a second over HTTP, with the server on one core and the client on another."""

import json
from pathlib import Path

from benchmarks.apparatus.daemons import TARGET, daemon
from benchmarks.apparatus.processes import child, cores, cpu_s, program, said
from benchmarks.figures import FigureError, Row, often, rates

ROUNDS, SECONDS, CONNECTIONS = 3, 2, 16
BODY = json.dumps({"target": TARGET, "event": "beat"})  # each ends an iteration and begins the next
BEATS = {"heartbeat": {"mode": "beat", "idle_allowance": "1h", "max_per_s": 100_000}}


def measure(folder: Path, times: float) -> list[Row]:
    """The same requests to either server in turn."""
    if len(cores()) < 2:
        raise FigureError("needs two cores, one for the server and one for its client")
    ours, bare = [], []
    options = {"max_loop_time": "1h", "cooldown": "1h", "iterations": [BEATS]}
    core = cores()[0]
    with (
        child(program("threads", "4", "20")) as target,
        child(program("bare_server"), core=core) as server,
        daemon(folder, target.pid, options, core=core) as watching,
    ):
        said(target.stdout)
        bare_port = int(said(server.stdout))
        watching.wait_until_found()
        for _ in range(often(ROUNDS, times)):
            ours.append(_rates(watching.pid, watching.port))
            bare.append(_rates(server.pid, bare_port))
    note = f"{CONNECTIONS} connections, {len(BODY)} bytes of JSON"
    return rates("HTTP", ours, bare, "bare aiohttp handler", note)


def _rates(pid: int, port: int) -> tuple[float, float]:
    """Heartbeats a second of time, and a second of the server's CPU time."""
    argv = program("posts", str(port), BODY, str(CONNECTIONS), str(SECONDS))
    with child(argv, core=cores()[1]) as client:
        said(client.stdout, b"counting")
        before_s = cpu_s(pid)
        rate = float(said(client.stdout))
        return rate, rate * SECONDS / (cpu_s(pid) - before_s)
