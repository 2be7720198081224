"""Trees like those of /proc and /sys/fs/cgroup, as kernels really write them."""

from collections.abc import Mapping
from pathlib import Path

from collectors.host.machine import Machine
from collectors.host.reader import COLUMNS, Reader
from model.host_rows import Row

PID, OTHER = 42, 43
STAT = (
    "{tid} (a (b) c) {state} 1 42 42 0 -1 4194560 {minor} 0 7 0 {user} {system} 0 0 20 0 2 0 100 2000 500 "
    "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)
STATUS = "Name:\tx\nVmSwap:\t     12 kB\nvoluntary_ctxt_switches:\t{v}\nnonvoluntary_ctxt_switches:\t{i}\n"
IO = "rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n"
TCP = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 900 1 0\n"
    "   1: 0100007F:1F90 0100007F:A000 01 00000000:00000000 00:00000000 00000000     0        0 901 1 0\n"
    "   2: 0100007F:1F91 0100007F:A001 01 00000040:00000000 01:00000010 00000003     0        0 902 1 0\n"
    "   3: 0100007F:1F92 0100007F:A002 02 00000001:00000000 01:00000010 00000001     0        0 903 1 0\n"
    "   4: 0100007F:1F93 0100007F:A003 01 00000040:00000000 01:00000010 00000009     0        0 777 1 0\n"
)
PRESSURE = (
    "some avg10=0.00 avg60=0.00 avg300=0.00 total={us}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"
)
MACHINE = {
    "stat": "cpu  100 10 50 1000 20 5 5 30 0 0\ncpu0 50 5 25 500 10 0 0 0 0 0\n"
    "cpu1 50 5 25 500 10 0 0 0 0 0\n",
    "loadavg": "1.50 0.70 0.30 2/300 4000\n",
    "meminfo": "MemTotal: 1000 kB\nMemAvailable:   600 kB\n",
    "vmstat": "nr_free_pages 1\npswpin 3\npswpout 4\n",
}
V2 = {
    "cpu.max": "50000 100000\n",
    "cpu.stat": "usage_usec 9\nnr_periods 100\nnr_throttled 25\nthrottled_usec 1500000\n",
    "memory.current": "1048576\n",
    "memory.max": "2097152\n",
    "memory.events": "low 0\nhigh 0\nmax 0\noom 2\noom_kill 1\n",
    "cgroup.events": "populated 1\nfrozen 1\n",
    "cpu.pressure": PRESSURE.format(us=500000),
    "memory.pressure": PRESSURE.format(us=250000),
    "io.pressure": PRESSURE.format(us=125000),
}
V1 = {
    "cpu/job/cpu.cfs_quota_us": "25000\n",
    "cpu/job/cpu.cfs_period_us": "100000\n",
    "cpu/job/cpu.stat": "nr_periods 10\nnr_throttled 5\nthrottled_time 2500000000\n",
    "cpu/cpu.cfs_quota_us": "-1\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "memory/job/memory.usage_in_bytes": "4096\n",
    "memory/job/memory.limit_in_bytes": "9223372036854771712\n",
    "memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "freezer/job/freezer.state": "FROZEN\n",
}


class Tree:
    """A /proc with one process of two threads, and control groups beside it."""

    def __init__(self, root: Path) -> None:
        self.proc, self.groups = root / "proc", root / "cgroup"
        self.write(self.proc, MACHINE)
        for what in ("cpu", "memory", "io"):
            self.write(self.proc, {f"pressure/{what}": PRESSURE.format(us=1000000)})
        self.mounts("")
        self.member("")
        self.process()

    def process(self, user: int = 100, system: int = 50, minor: int = 10, state: str = "S") -> None:
        """The process as it is now."""
        told = STAT.format(tid=PID, state=state, minor=minor, user=user, system=system)
        self.of_process({"stat": told, "status": STATUS.format(v=1, i=1), "io": IO})
        for tid in (PID, OTHER):
            self.thread(tid, user=user if tid == PID else 0, state=state)

    def thread(self, tid: int, *, user: int = 0, waited_ns: int = 0, state: str = "S") -> None:
        """One of its threads as it is now."""
        files = {
            "stat": STAT.format(tid=tid, state=state, minor=0, user=user, system=0),
            "status": STATUS.format(v=100, i=10),
            "schedstat": f"1000 {waited_ns} 5\n",
            "wchan": "futex_wait",
            "syscall": "202 0x0 0x0 0x0 0x0 0x0 0x0 0x7ff 0x7fe\n",
            "children": "501 502 " if tid == OTHER else "",
        }
        self.of_process({f"task/{tid}/{name}": told for name, told in files.items()})

    def of_process(self, files: Mapping[str, str]) -> None:
        """Files of /proc/PID."""
        self.write(self.proc / str(PID), files)

    def sockets(self, *inodes: int) -> None:
        """Its descriptors are these sockets, and one file."""
        folder = self.proc / str(PID) / "fd"
        folder.mkdir()
        (folder / "0").symlink_to("/dev/null")
        for number, inode in enumerate(inodes, start=3):
            (folder / str(number)).symlink_to(f"socket:[{inode}]")
        self.of_process({"net/tcp": TCP})

    def mounts(self, lines: str) -> None:
        """What is mounted here."""
        self.write(self.proc, {"self/mountinfo": lines})

    def member(self, lines: str) -> None:
        """Which groups the process is in."""
        self.of_process({"cgroup": lines})

    def write(self, folder: Path, files: Mapping[str, str]) -> None:
        """Write files."""
        for name, told in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(told)

    def second(self, inside: str = "job", files: Mapping[str, str] = V2) -> None:
        """The process is in a group of the second version."""
        self.mounts(f"40 31 0:37 / {self.groups} rw - cgroup2 cgroup2 rw\n")
        self.member(f"0::/{inside}\n")
        self.write(self.groups / inside, files)

    def first(self) -> None:
        """The process is in groups of the first version, with an empty one of the second beside them."""
        kinds = ("cpu", "memory", "freezer")
        mounts = (
            f"3{n} 31 0:3{n} / {self.groups}/{k} rw - cgroup cgroup rw,{k}\n" for n, k in enumerate(kinds)
        )
        self.mounts("".join(mounts) + f"40 31 0:37 / {self.groups}/unified rw - cgroup2 cgroup2 rw\n")
        self.member("".join(f"{n}:{k}:/job\n" for n, k in enumerate(kinds, start=2)) + "0::/\n")
        self.write(self.groups, {**V1, "unified/cgroup.procs": ""})

    def reader(self) -> Reader:
        """A reader of the process."""
        proc = str(self.proc)
        return Reader(PID, Machine(proc), proc)


def named(row: Row) -> dict[str, float]:
    """What a row has, by name."""
    return {str(name): value for name, value in zip(COLUMNS, row.values, strict=True) if value is not None}
