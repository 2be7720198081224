import os
import resource
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests import cgroups
from tests.daemon import Daemon, daemon, target, until
from tests.prerequisites import require

SHORTAGE_S = 3.0


def cpu_s(cam: Daemon) -> float:
    fields = Path(f"/proc/{cam.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.fault("S14")
def test_without_file_descriptors_it_rests_and_recovers(tmp_path: Path, stuck: int) -> None:
    waiting = target("other", process={"match": "never to be seen"})
    with daemon(tmp_path, target("one", stuck, max_loop_time="1s", cooldown="1s"), waiting) as cam:
        cam.beat("start", "one", 1)
        most = resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE)
        open_now = len(list(Path(f"/proc/{cam.process.pid}/fd").iterdir()))
        started_s, used_s = monotonic(), cpu_s(cam)
        resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE, (open_now, most[1]))
        try:
            until(lambda: cam.said("could not look at processes or files"), "it says so")
            until(lambda: cam.said("overrun"), "it still keeps time")
            sleep(max(0.0, started_s + SHORTAGE_S - monotonic()))
            assert cam.process.poll() is None
            assert cpu_s(cam) - used_s < 0.5 * (monotonic() - started_s)
        finally:
            resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE, most)
        assert cam.get("/healthz") == {"ok": True}
        cam.beat("end", "one", 1)
        until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
        cam.beat("start", "one", 2)
        until(lambda: cam.said("report stored"), "captured and stored")


@pytest.mark.fault("S14")
def test_a_renderer_that_cannot_be_started_costs_time_only(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="1s")) as cam:
        most = resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE)
        cam.beat("start", "one")
        until(lambda: any("record" in line for line in cam.children().values()), "it records")
        open_now = len(list(Path(f"/proc/{cam.process.pid}/fd").iterdir()))
        resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE, (open_now, most[1]))
        try:
            sleep(SHORTAGE_S)
            assert cam.process.poll() is None
        finally:
            resource.prlimit(cam.process.pid, resource.RLIMIT_NOFILE, most)
        assert [one for one in cam.report().artifacts if one.kind == "dump"]


@pytest.mark.fault("S14")
@pytest.mark.parametrize("more", [0, 2])
def test_without_processes_it_rests_and_recovers(tmp_path: Path, stuck: int, more: int) -> None:
    require("pids cgroup")
    quick = target("one", stuck, max_loop_time="500ms", cooldown="1s")
    with cgroups.group("pids") as group, daemon(tmp_path, quick) as cam:
        group.take(cam.process.pid)
        group.limit_processes(more)
        started_s, used_s = monotonic(), cpu_s(cam)
        cam.beat("start", "one", 1)
        until(lambda: cam.said("overrun"), "it still keeps time")
        sleep(SHORTAGE_S)
        assert cam.process.poll() is None
        assert cam.get("/healthz") == {"ok": True}
        assert cpu_s(cam) - used_s < 0.5 * (monotonic() - started_s)
        group.limit_processes(None)
        cam.beat("end", "one", 1)
        until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
        cam.beat("start", "one", 2)
        until(lambda: cam.said("report stored"), "captured and stored")
