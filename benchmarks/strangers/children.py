"""Other processes that are waited for."""

import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import time

from benchmarks.strangers.contract import Place, crunch


def run_script(place: Place) -> None:
    """A shell script whose output is wanted."""
    subprocess.run(["sh", "-c", f"echo begun; sleep {place.seconds}"], capture_output=True, check=True)


def read_lines(place: Place) -> None:
    """A command's lines, one by one."""
    argv = ["sh", "-c", f"echo begun; sleep {place.seconds}; echo done"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            line.strip()


def fork_and_wait(place: Place) -> None:
    """A child made by hand."""
    if (pid := os.fork()) == 0:
        time.sleep(place.seconds)
        os._exit(0)
    os.waitpid(pid, 0)


def map_over_pool(place: Place) -> None:
    """The older pool of processes."""
    with multiprocessing.Pool(2) as pool:
        pool.map(crunch, [place.seconds])


def submit_to_pool(place: Place) -> None:
    """The newer one."""
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        pool.submit(crunch, place.seconds).result()


def be_stopped(place: Place) -> None:
    """Somebody stops it, and lets it go on later."""
    argv = ["sh", "-c", f"kill -STOP {os.getpid()}; sleep {place.seconds}; kill -CONT {os.getpid()}"]
    with subprocess.Popen(argv):
        time.sleep(0.5)


def await_signal(place: Place) -> None:
    """A signal that comes late: nothing on the fixed list."""
    with subprocess.Popen(["sh", "-c", f"sleep {place.seconds}; kill -USR1 {os.getpid()}"]):
        signal.sigwait({signal.SIGUSR1})


def hold_signal(place: Place) -> None:
    """Let the signal wait for `sigwait`, in all threads."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
