"""Stalls that wait for time, for a child, or for whoever should read a log."""

import logging
import os
import subprocess
import sys
import threading
import time

from daemon.demo.stalls.contract import Setting, lasting


def wait_for_rollout(seconds: float) -> None:
    """Asleep on purpose."""
    time.sleep(seconds)


def roll_out(setting: Setting) -> None:
    """One long sleep that somebody wrote."""
    wait_for_rollout(setting.seconds)


def await_marker(setting: Setting) -> None:
    """Many short sleeps until something is there that never comes."""
    for _ in lasting(setting.seconds):
        if (setting.folder / "ready").exists():
            return
        time.sleep(0.1)


def _sleeper(seconds: float) -> list[str]:
    with_us = "ctypes.CDLL(None).prctl(1, 9)"  # PR_SET_PDEATHSIG: it is gone when we are, however we end
    return [sys.executable, "-I", "-c", f"import ctypes, time; {with_us}; time.sleep({seconds:g})"]


def run_hook(setting: Setting) -> None:
    """A command that takes its time, waited for."""
    subprocess.run(_sleeper(setting.seconds), check=True)


def read_hook(setting: Setting) -> None:
    """A command that says nothing, whose output is read."""
    subprocess.run(_sleeper(setting.seconds), check=True, capture_output=True)


def announce_pending(setting: Setting) -> None:
    """Logging into a pipe that nobody reads, until somebody does."""
    reading, writing = os.pipe()
    drain = threading.Timer(setting.seconds, _drain, (reading,))
    drain.daemon = True
    drain.name = "log-shipper"
    with os.fdopen(writing, "w") as pipe:
        handler = logging.StreamHandler(pipe)
        logger = logging.getLogger("autoscaler.shipped")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        drain.start()
        try:
            report_every_pod(logger)
        finally:
            logger.removeHandler(handler)
    drain.join()


def report_every_pod(logger: logging.Logger) -> None:
    """More lines than a pipe holds."""
    for number in range(1000):
        logger.info("pod %d is pending: %s", number, "insufficient cpu " * 8)


def _drain(reading: int) -> None:
    with os.fdopen(reading, "rb") as pipe:
        while pipe.read(65536):
            pass


def list_pending(setting: Setting) -> None:
    """The same with `print`: a standard output that nobody reads."""
    reading, writing = os.pipe()
    drain = threading.Timer(setting.seconds, _drain, (reading,))
    drain.daemon = True
    drain.start()
    with os.fdopen(writing, "w") as pipe:
        for number in range(1000):
            print("pod", number, "is pending: insufficient cpu", "." * 100, file=pipe, flush=True)
    drain.join()
