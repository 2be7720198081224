"""Stalls by a control group: too little CPU time, or too little memory."""

import contextlib
import mmap
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from daemon.demo.guard import guarding
from daemon.demo.packing import simulate_binpacking_of_pending_pods
from daemon.demo.stalls.contract import Setting, lasting

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US, _QUOTA_US = 100_000, 6_000
_FILE_BYTES, _LIMIT_BYTES = 192 * 2**20, 32 * 2**20


class Group:
    """A control group of the program's own, of the first or the second version."""

    def __init__(self, controller: str, name: str) -> None:
        self._controller = controller
        self.folder = _parent(controller) / f"loopcam-demo-{name}"

    @contextlib.contextmanager
    def made(self, **settings: str) -> Iterator[None]:
        """Make it, with such content of its files; `__` in a name stands for a dot."""
        self.folder.mkdir()
        try:
            for name, text in settings.items():
                (self.folder / name.replace("__", ".")).write_text(text)
            yield
        finally:
            self._remove()

    @contextlib.contextmanager
    def joined(self, pid: int) -> Iterator[None]:
        """Move a process into it, and back."""
        home = self._home(pid)
        (self.folder / "cgroup.procs").write_text(str(pid))
        try:
            yield
        finally:
            (home / "cgroup.procs").write_text(str(pid))

    def _home(self, pid: int) -> Path:
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if self._controller in controllers.split(",") or (second() and not controllers):
                root = _ROOT if second() else _ROOT / self._controller
                return root / path.lstrip("/")
        raise RuntimeError(f"/proc/{pid}/cgroup does not name {self._controller}")

    def _remove(self) -> None:
        for _ in range(50):
            with contextlib.suppress(OSError):  # its last process leaves it a moment after it moved or ended
                self.folder.rmdir()
                return
            time.sleep(0.1)


def second() -> bool:
    """Whether control groups are of the second version."""
    return (_ROOT / "cgroup.controllers").exists()


def freezer_words() -> tuple[str, str, str]:
    """The file, and what freezes and thaws."""
    return ("cgroup.freeze", "1", "0") if second() else ("freezer.state", "FROZEN", "THAWED")


def without(controller: str) -> str:
    """Why there can be no group with this controller."""
    if os.geteuid() != 0:
        return "needs root, for a control group"
    place = _parent(controller)
    if not os.access(place, os.W_OK):
        return f"needs a writable {place}"
    if second() and controller not in ("freezer", *(_ROOT / "cgroup.subtree_control").read_text().split()):
        return f"needs {controller} in {_ROOT / 'cgroup.subtree_control'}"
    return ""


def _parent(controller: str) -> Path:
    return _ROOT if second() else _ROOT / controller


@contextlib.contextmanager
def _limited(controller: str, **settings: str) -> Iterator[None]:
    """The program in a group of its own; the group goes, even when the program is killed."""
    pid = os.getpid()
    group = Group(controller, f"{pid}-{controller}")
    with guarding("keep_group", group.folder), group.made(**settings), group.joined(pid):
        yield


def without_cpu_quota() -> str:
    """What `plan_nodes` needs."""
    return without("cpu")


def plan_nodes(setting: Setting) -> None:
    """Computes, with a quota of 6 % of a core."""
    if second():
        settings = {"cpu__max": f"{_QUOTA_US} {_PERIOD_US}"}
    else:
        settings = {"cpu__cfs_period_us": str(_PERIOD_US), "cpu__cfs_quota_us": str(_QUOTA_US)}
    with _limited("cpu", **settings):
        simulate_binpacking_of_pending_pods(setting.seconds)


def without_memory_limit() -> str:
    """What `read_index` needs."""
    return without("memory")


def write_index(setting: Setting) -> None:
    """Make the file ready, and let none of it stay in memory."""
    with (setting.folder / "index").open("wb") as file:
        for _ in range(_FILE_BYTES // 2**20):
            file.write(os.urandom(2**20))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_index(setting: Setting) -> None:
    """Reads here and there in a file of 192 MiB, with memory for 32 MiB of it."""
    settings = {"memory__max" if second() else "memory__limit_in_bytes": str(_LIMIT_BYTES)}
    with (
        (setting.folder / "index").open("rb") as file,
        _limited("memory", **settings),
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as index,
    ):
        index.madvise(mmap.MADV_RANDOM)
        for _ in lasting(setting.seconds):
            look_up(index)


def look_up(index: mmap.mmap) -> int:
    """A thousand entries."""
    return sum(index[random.randrange(len(index))] for _ in range(1000))  # noqa: S311  # places in a file
