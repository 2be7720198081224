"""A helper process for what a program cannot do to itself, or must not leave behind.

It acts, says `ready`, and undoes what it did when its standard input ends: that is when the program is done
with it, or is dead. It is run as `python -m daemon.demo.guard ACTION ARGUMENT...`.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_FREEZE, _THAW = 0xC0045877, 0xC0045878  # FIFREEZE, FITHAW
_SIGNALS_LATER_S = 0.15  # so that the program is in its loop again


@contextlib.contextmanager
def guarding(action: str, *arguments: object, unshared: bool = False) -> Iterator[int]:
    """The helper's pid, once it is ready; it is gone afterwards. Unshared: with mounts of its own."""
    argv = [sys.executable, "-I", "-m", __name__, action, *map(str, arguments)]
    if unshared:
        argv = ["unshare", "--mount", *argv]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as helper:
        if helper.stdin is None or helper.stdout is None or helper.stdout.readline() != b"ready\n":
            raise RuntimeError(f"the helper for {action} did not get ready: see its words above")
        try:
            yield helper.pid
        finally:
            helper.stdin.close()


def _wait(seconds: float) -> None:
    """Until the program is done with us or dead, but not longer."""
    select.select([sys.stdin], [], [], seconds)


def _ready() -> None:
    print("ready", flush=True)


def stop(pid: str, seconds: str) -> None:
    """Stop the program, and let it go on."""
    _ready()
    time.sleep(_SIGNALS_LATER_S)
    os.kill(int(pid), signal.SIGSTOP)
    try:
        _wait(float(seconds))
    finally:
        os.kill(int(pid), signal.SIGCONT)


def freeze_group(file: str, frozen: str, thawed: str, seconds: str) -> None:
    """Freeze the program's control group by one of its files, from outside of it."""
    (Path(file).parent.parent / "cgroup.procs").write_text(str(os.getpid()))
    _ready()
    time.sleep(_SIGNALS_LATER_S)
    Path(file).write_text(frozen)
    try:
        _wait(float(seconds))
    finally:
        Path(file).write_text(thawed)


def keep_group(folder: str) -> None:
    """Remove a control group if the program cannot do so any more."""
    _ready()
    sys.stdin.read()
    for _ in range(300):  # what was short of memory may take long to end
        if not Path(folder).exists():
            return
        with contextlib.suppress(OSError):  # not empty yet
            Path(folder).rmdir()
        time.sleep(0.1)


def hog(core: str, count: str, seconds: str) -> None:
    """So many processes that want one core for themselves."""
    os.sched_setaffinity(0, {int(core)})
    for _ in range(int(count)):
        if os.fork() == 0:
            _spin(os.getppid(), float(seconds))
    _ready()
    _wait(float(seconds))


def _spin(parent: int, seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s and os.getppid() == parent:
        sum(range(10_000))
    os._exit(0)


def freeze_disk(folder: str, seconds: str) -> None:
    """A file system that only this process and its like see, and that freezes."""
    image, place = Path(folder) / "disk.img", Path(folder) / "disk"
    with image.open("wb") as file:
        file.truncate(64 * 2**20)
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    _ready()
    opened = os.open(place, os.O_RDONLY)
    time.sleep(_SIGNALS_LATER_S)
    fcntl.ioctl(opened, _FREEZE, 0)
    try:
        _wait(float(seconds))
    finally:
        fcntl.ioctl(opened, _THAW, 0)
        os.close(opened)
        _wait(5)  # while the program still writes, the mount stays
        subprocess.run(["umount", "--lazy", str(place)], check=False)


_ACTIONS: dict[str, Callable[..., None]] = {
    "stop": stop,
    "freeze_group": freeze_group,
    "keep_group": keep_group,
    "hog": hog,
    "freeze_disk": freeze_disk,
}


def main() -> None:
    """Do one thing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program, whose end we see
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _ACTIONS[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
