"""The demonstration's processes: a daemon and what it watches, gone when the demonstration is."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

from daemon.children import prepared
from model.errors import LoopcamError, UsageError

WITHIN_S = 60.0
_END_S = 30.0
ABOVE = "its log above"
Child = subprocess.Popen[bytes]


@contextlib.contextmanager
def child(
    *arguments: str, stdin: int | None = None, stdout: int | None = None, log: IO[bytes] | None = None
) -> Iterator[Child]:
    """A Python of ours with these arguments; what it logs goes where ours goes, or into a file.

    It is told to end, too, when we are killed. Call it from the main thread.
    """
    command, prepare = prepared([sys.executable, "-I", *arguments], signal.SIGTERM, {})
    started = subprocess.Popen(
        command, process_group=0, stdin=stdin, stdout=stdout, stderr=log, preexec_fn=prepare
    )
    try:
        yield started
    finally:
        end(started)


def end(started: Child) -> None:
    """SIGTERM, and in the end SIGKILL."""
    started.terminate()
    try:
        started.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def check_free(port: int) -> None:
    """Raises UsageError where somebody listens already: he would be taken for the daemon."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise UsageError(
            f"--port {port}: {error.strerror}", remedy="another one, or none: then one is found"
        ) from error


def wait_until_healthy(address: str, daemon: Child, log: str = ABOVE) -> None:
    """Until it listens; raises LoopcamError, which says where its log is."""
    host, _, port = address.partition(":")
    deadline_s = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline_s:
        check_alive(daemon, log=log)
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.05)
    raise LoopcamError("the daemon does not listen", remedy=f"{log} says why")


def check_alive(started: Child, name: str = "the daemon", log: str = ABOVE) -> None:
    """Raises LoopcamError when it has ended."""
    if started.poll() is not None:
        raise LoopcamError(f"{name} ended with {started.returncode}", remedy=f"{log} says why")
