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
_GROUPS: "dict[str, Group]" = {}  # what was made ready


class Group:
    """A control group of the program's own, of the first or the second version."""

    def __init__(self, controller: str, name: str) -> None:
        self._controller = controller
        self.folder = _parent(controller) / f"loopcam-demo-{name}"

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Make it, and remove it when it is empty again."""
        self.folder.mkdir()
        try:
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


def enter(controller: str, setting: Setting) -> Group:
    """Move the program into a group of its own until it ends; the group goes then, also when it is killed."""
    pid = os.getpid()
    group = Group(controller, f"{pid}-{controller}")
    setting.undo.enter_context(guarding("keep_group", group.folder))
    setting.undo.enter_context(group.made())
    setting.undo.enter_context(group.joined(pid))
    return group


def without_cpu_quota() -> str:
    """What `plan_nodes` needs."""
    return without("cpu")


def take_two_cores(setting: Setting) -> None:
    """A quota, as a container has one, that does not hurt."""
    group = enter("cpu", setting)
    _set_quota(group, 2 * _PERIOD_US)
    setting.undo.callback(_set_quota, group, 2 * _PERIOD_US)  # so that the end does not take long
    _GROUPS["cpu"] = group


def _set_quota(group: Group, quota_us: int) -> None:
    if second():
        (group.folder / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
    else:
        (group.folder / "cpu.cfs_quota_us").write_text(str(quota_us))


def plan_nodes(setting: Setting) -> None:
    """Computes, with a quota of 6 % of a core."""
    _set_quota(_GROUPS["cpu"], _QUOTA_US)
    try:
        simulate_binpacking_of_pending_pods(setting.seconds)
    finally:
        _set_quota(_GROUPS["cpu"], 2 * _PERIOD_US)


def without_memory_limit() -> str:
    """What `read_index` needs."""
    return without("memory")


def write_index(setting: Setting) -> None:
    """A limit of memory, as a container has one, and a file that fits beneath it."""
    group = enter("memory", setting)
    _set_limit(group, 4 * _FILE_BYTES)
    _GROUPS["memory"] = group
    with (setting.folder / "index").open("wb") as file:
        for _ in range(_FILE_BYTES // 2**20):
            file.write(os.urandom(2**20))
        file.flush()
        os.fsync(file.fileno())


def _set_limit(group: Group, limit_bytes: int) -> None:
    (group.folder / ("memory.max" if second() else "memory.limit_in_bytes")).write_text(str(limit_bytes))


def read_index(setting: Setting) -> None:
    """Reads here and there in a file of 192 MiB, with memory for 32 MiB of it."""
    with (
        (setting.folder / "index").open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as index,
    ):
        index.madvise(mmap.MADV_RANDOM)
        _set_limit(_GROUPS["memory"], _LIMIT_BYTES)
        try:
            for _ in lasting(setting.seconds):
                look_up(index)
        finally:
            _set_limit(_GROUPS["memory"], 4 * _FILE_BYTES)


def look_up(index: mmap.mmap) -> int:
    """A thousand entries."""
    return sum(index[random.randrange(len(index))] for _ in range(1000))  # noqa: S311  # places in a file
