"""Readings of recorded trees: what is there is read, what is not is missing with its reason."""

import shutil
from pathlib import Path

import pytest

from model.host_rows import ThreadRow
from model.signals import Name
from tests.unit.host.trees import MACHINE, OTHER, PID, V2, Tree, named


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_the_process_is_read(tree: Tree) -> None:
    tree.sockets()
    read = named(tree.reader().read(1.0))
    assert read["process.cpu_user"] == 1.0
    assert read["process.cpu_system"] == 0.5
    assert read["process.minor_faults"] == 10
    assert read["process.major_faults"] == 7
    assert read["process.threads"] == 2
    assert read["process.rss"] == 500 * 4096
    assert read["process.swapped"] == 12 * 1024
    assert (read["process.read"], read["process.written"]) == (4096, 8192)
    assert read["process.children"] == 2


def test_the_machine_is_read(tree: Tree) -> None:
    read = named(tree.reader().read(1.0))
    assert read["host.busy"] == pytest.approx(1.7)  # user, nice, system, interrupts
    assert read["host.stolen"] == pytest.approx(0.3)
    assert read["host.io_wait"] == pytest.approx(0.2)
    assert read["host.load"] == 1.5
    assert read["host.cpus"] == 2
    assert read["host.memory_available"] == 600 * 1024
    assert read["host.swapped"] == 7


def test_threads_tell_where_they_wait(tree: Tree) -> None:
    tree.thread(OTHER, user=20, waited_ns=2_000_000_000)
    row = tree.reader().read(1.0)
    assert row.threads[1] == ThreadRow(
        OTHER, "S", wchan="futex_wait", syscall=202, processor=1, cpu_s=0.2, waited_s=2.0, voluntary=100,
        involuntary=10,
    )  # fmt: skip


def test_a_thread_that_ran_again_lacks_no_right(tree: Tree) -> None:
    ran = {f"task/{tid}/wchan": "0" for tid in (PID, OTHER)}
    reader = tree.reader()
    tree.of_process(ran)
    reader.read(1.0)
    assert reader.header().missing["threads.wchan"].startswith("each thread ran again")
    tree.thread(OTHER)
    reader.read(2.0)
    tree.of_process(ran)
    reader.read(3.0)
    assert "threads.wchan" not in reader.header().missing


def test_many_threads_are_read_in_turn_and_the_main_one_always(tree: Tree) -> None:
    for tid in range(100, 110):
        tree.thread(tid)
    reader = tree.reader()
    seen = [[thread.tid for thread in reader.read(at_s, 4).threads] for at_s in (1.0, 2.0, 3.0, 4.0)]
    assert all(tids[0] == PID and len(tids) == 4 for tids in seen)
    assert {tid for tids in seen for tid in tids} == {PID, OTHER, *range(100, 110)}


def test_sockets_are_its_own(tree: Tree) -> None:
    tree.sockets(900, 901, 902, 903)
    read = named(tree.reader().read(1.0))
    assert read["tcp.established"] == 2
    assert read["tcp.connecting"] == 1
    assert read["tcp.close_wait"] == 0
    assert read["tcp.unacknowledged"] == 2  # a listener's queue is something else
    assert read["tcp.retransmitted"] == 4


def test_a_group_of_the_second_version(tree: Tree) -> None:
    tree.second()
    reader = tree.reader()
    read = named(reader.read(1.0))
    assert read["cgroup.cpu_quota"] == 0.5
    assert read["cgroup.throttled"] == 1.5
    assert (read["cgroup.throttled_periods"], read["cgroup.periods"]) == (25, 100)
    assert (read["cgroup.memory"], read["cgroup.memory_limit"]) == (1 << 20, 2 << 20)
    assert read["cgroup.oom_kills"] == 1
    assert read["cgroup.frozen"] == 1
    assert read["pressure.cpu"] == 0.5
    sources = {column.name: column.source for column in reader.header().columns}
    assert sources["pressure.io"] == "io.pressure of the control group"


def test_a_tighter_limit_above_counts(tree: Tree) -> None:
    tree.second("pod/job", {**V2, "cpu.max": "max 100000\n", "memory.max": "max\n"})
    tree.write(
        tree.groups / "pod", {"cpu.max": "20000 100000\n", "cpu.stat": V2["cpu.stat"], "memory.max": "4096\n"}
    )
    reader = tree.reader()
    read = named(reader.read(1.0))
    assert (read["cgroup.cpu_quota"], read["cgroup.memory_limit"]) == (0.2, 4096)
    sources = {column.name: column.source for column in reader.header().columns}
    assert sources["cgroup.throttled"] == "cpu.stat of a group above its own"


def test_groups_of_the_first_version_with_an_empty_one_of_the_second(tree: Tree) -> None:
    tree.first()
    reader = tree.reader()
    read = named(reader.read(1.0))
    assert read["cgroup.cpu_quota"] == 0.25
    assert read["cgroup.throttled"] == 2.5
    assert read["cgroup.memory"] == 4096
    assert read["cgroup.oom_kills"] == 3
    assert read["cgroup.frozen"] == 1
    assert reader.header().missing["cgroup.memory_limit"] == "no memory limit is set"
    assert read["pressure.cpu"] == 1.0  # the host's


@pytest.mark.parametrize("outside", ["0::/../other\n", "0::/job\n"])
def test_a_group_that_cannot_be_seen_is_missing_and_never_another(tree: Tree, outside: str) -> None:
    tree.mounts(f"40 31 0:37 /docker/us {tree.groups} rw - cgroup2 cgroup2 rw\n")
    tree.write(tree.groups, V2)
    tree.member(outside)
    reader = tree.reader()
    assert [name for name in named(reader.read(1.0)) if name.startswith("cgroup.")] == ["cgroup.moves"]
    assert "outside of what is mounted here" in reader.header().missing["cgroup.cpu_quota"]


def test_a_container_sees_its_own_group_at_the_mount(tree: Tree) -> None:
    tree.mounts(f"40 31 0:37 /docker/us {tree.groups} rw - cgroup2 cgroup2 rw\n")
    tree.write(tree.groups, V2)
    tree.member("0::/docker/us\n")
    assert named(tree.reader().read(1.0))["cgroup.cpu_quota"] == 0.5


def test_without_pressure_and_schedstat_they_are_missing_and_not_zero(tree: Tree) -> None:
    shutil.rmtree(tree.proc / "pressure")
    for tid in (PID, OTHER):
        (tree.proc / str(PID) / "task" / str(tid) / "schedstat").unlink()
    reader = tree.reader()
    row = reader.read(1.0)
    assert "pressure.cpu" not in named(row)
    assert "on this kernel" in reader.header().missing["pressure.cpu"]
    assert "on this kernel" in reader.header().missing[Name.RUN_QUEUE]
    assert [thread.waited_s for thread in row.threads] == [None, None]


def test_a_hidden_process_is_missing_and_the_machine_is_not(tree: Tree) -> None:
    shutil.rmtree(tree.proc / str(PID))
    reader = tree.reader()
    row = reader.read(1.0)
    assert {name.partition(".")[0] for name in named(row)} == {"host", "pressure"}
    assert row.threads == []
    missing = reader.header().missing
    assert {"process.cpu_user", "process.rss", "process.run_queue", "tcp.established"} <= missing.keys()


def test_a_sandbox_that_counts_nothing_is_no_idle_machine(tree: Tree) -> None:
    tree.write(tree.proc, {"stat": "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n"})
    reader = tree.reader()
    assert "host.busy" not in named(reader.read(1.0))
    assert "counts nothing" in reader.header().missing["host.busy"]


def test_what_becomes_readable_is_no_longer_missing(tree: Tree) -> None:
    (tree.proc / "vmstat").unlink()
    reader = tree.reader()
    assert "host.swapped" not in named(reader.read(1.0))
    assert "host.swapped" in reader.header().missing
    tree.write(tree.proc, {"vmstat": MACHINE["vmstat"]})
    assert named(reader.read(2.0))["host.swapped"] == 7
    assert "host.swapped" not in reader.header().missing


def test_garbage_costs_its_own_value(tree: Tree) -> None:
    tree.write(tree.proc, {"loadavg": "", "meminfo": "what\n", "stat": "cpu x\n"})
    tree.of_process({"stat": "42 (x) S 1\n"})
    reader = tree.reader()
    read = named(reader.read(1.0))
    assert "process.swapped" in read
    assert {
        "host.load",
        "host.memory_available",
        "host.busy",
        "process.rss",
    } <= reader.header().missing.keys()
