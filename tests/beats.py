"""Heartbeats over Unix sockets for tests: sent by us, by other users, and heard by a daemon."""

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.daemon import Daemon, until

STRANGER = 54321  # a user who is nobody
LATE_S = 0.45  # beyond 0.25 a daemon first lets events arrive, beyond 1 it knows nothing


@contextmanager
def shared() -> Iterator[Path]:
    """A folder that every user can enter."""
    with tempfile.TemporaryDirectory(prefix="loopcam-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


def sockets(folder: Path, **options: object) -> dict[str, object]:
    """The configuration of both sockets in a folder."""
    return {"http": str(folder / "http.sock"), "datagram": str(folder / "beat.sock"), **options}


def send(path: Path, *datagrams: bytes) -> None:
    """Send datagrams, and wait where the queue is full."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(60)
        for datagram in datagrams:
            sender.sendto(datagram, str(path))


def overruns_unseen(cam: Daemon, name: str, iteration: int, max_loop_s: float) -> None:
    """An iteration that the dashcam samples, and that overruns and ends while the daemon does not run."""
    beats, began_s = cam.folder / "beat.sock", time.monotonic()
    send(beats, f"start {name} {iteration}".encode())
    until(lambda: cam.target(name)["dashcam"]["rate_hz"], "the dashcam samples it")
    time.sleep(max(0.0, began_s + 0.75 * max_loop_s - time.monotonic()))
    with cam.paused(0):
        time.sleep(max(0.0, began_s + max_loop_s + LATE_S - time.monotonic()))
        send(beats, f"end {name} {iteration}".encode())


@contextmanager
def ask_over(path: Path, line: str) -> Iterator[str]:
    """The beginning of the answer to one request, over a Unix socket that stays open for a while."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(60)
        one.connect(str(path))
        one.sendall(f"{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        yield one.recv(4096).decode()


def as_user(uid: int, act: Callable[[], object]) -> int:
    """Do something in a child of ours that is another user; its pid, for `ended`."""
    child = os.fork()
    if child:
        return child
    try:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        act()
        os._exit(0)
    finally:
        os._exit(1)


def ended(child: int) -> int:
    """The exit code of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def refused(cam: Daemon, reason: str) -> float:
    """How many heartbeats were refused for a reason."""
    return cam.metric("loopcam_heartbeats_refused_total", reason=reason)
