"""Quotas and freezers of both versions of control groups, laid out as kernels lay them out."""

from pathlib import Path

import pytest

from daemon.capture.cgroups import cpu_quota, frozen, memory_limit_bytes, processes_left


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """A /proc with process 7, and a /sys/fs/cgroup."""
    proc, mounted = tmp_path / "proc", tmp_path / "sys" / "fs" / "cgroup"
    (proc / "7").mkdir(parents=True)
    mounted.mkdir(parents=True)
    return proc, mounted


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/a/b", {"cgroup.controllers": "cpu", "a/b/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a/b", {"cgroup.controllers": "cpu", "a/cpu.max": "20000 100000", "a/b/cpu.max": "max 1"}, 0.2),
        ("0::/", {"cgroup.controllers": "cpu", "cpu.max": "max 100000\n"}, None),
        ("0::/host/id", {"cgroup.controllers": "cpu", "cpu.max": "100000 100000"}, 1.0),  # a container
        ("0::/../other", {"cgroup.controllers": "cpu", "cpu.max": "100000 100000"}, 1.0),
        (
            "4:cpu,cpuacct:/a",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "30000", "cpu,cpuacct/a/cpu.cfs_period_us": "100000"},
            0.3,
        ),
        ("4:cpu:/a", {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.cfs_period_us": "100000"}, None),
        ("1:cpu:/host/id", {"cpu/cpu.cfs_quota_us": "5000", "cpu/cpu.cfs_period_us": "100000"}, 0.05),
        ("", {}, None),
    ],
)
def test_the_least_quota_counts(roots, groups, files, quota):
    proc, mounted = roots
    lay(proc, {"7/cgroup": f"{groups}\n" if groups else ""})
    lay(mounted, files)
    assert cpu_quota(7, proc, mounted) == quota


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/a", {"cgroup.controllers": "", "a/cgroup.events": "populated 1\nfrozen 1\n"}, True),
        ("0::/a", {"cgroup.controllers": "", "a/cgroup.events": "populated 1\nfrozen 0\n"}, False),
        ("0::/a\n6:freezer:/b", {"freezer/b/freezer.state": "FROZEN\n"}, True),
        ("6:freezer:/b", {"freezer/b/freezer.state": "THAWED\n"}, False),
        ("0::/", {}, False),
    ],
)
def test_a_frozen_process_is_known(roots, groups, files, expected):
    proc, mounted = roots
    lay(proc, {"7/cgroup": groups + "\n"})
    lay(mounted, files)
    assert frozen(7, proc, mounted) is expected


@pytest.mark.parametrize(
    ("groups", "files", "memory", "left"),
    [
        ("0::/a", {"cgroup.controllers": "", "a/memory.max": "max\n", "a/pids.max": "max"}, None, None),
        (
            "0::/a/b",
            {
                "cgroup.controllers": "",
                "a/memory.max": "1000",
                "a/b/memory.max": "2000",
                "a/b/pids.max": "50",
                "a/b/pids.current": "20\n",
            },
            1000,
            30,
        ),
        (
            "4:memory:/a\n5:pids:/a",
            {
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
                "memory/a/memory.limit_in_bytes": "268435456\n",
                "pids/a/pids.max": "8",
                "pids/a/pids.current": "8",
            },
            268435456,
            0,
        ),
    ],
)
def test_memory_and_processes_are_limited(roots, groups, files, memory, left):
    proc, mounted = roots
    lay(proc, {"7/cgroup": f"{groups}\n"})
    lay(mounted, files)
    assert memory_limit_bytes(7, proc, mounted) == memory
    assert processes_left(7, proc, mounted) == left


def test_a_line_that_is_none_is_passed_over(roots: tuple[Path, Path]) -> None:
    proc, mounted = roots
    lay(proc, {"7/cgroup": "odd\n\n0::/a\n"})
    lay(mounted, {"cgroup.controllers": "memory", "a/memory.max": "1000\n"})
    assert memory_limit_bytes(7, proc, mounted) == 1000
