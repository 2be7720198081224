"""What the daemon's own process loads and keeps: the work is done by its children."""

import json
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, looping, target, until
from tests.e2e.conftest import Bucket
from tests.tally import Tally, Times

CAPTURES, SOAK_CAPTURES = 20, 10_000
GROWTH_KIB = 6 * 1024
LOOKED_KIB = 1024
TELLING = """
import json, sys
from daemon.__main__ import main

try:
    main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w") as file:
        json.dump(sorted(sys.modules), file)
"""


def test_it_loads_neither_boto3_nor_a_renderer(tmp_path: Path, bucket: Bucket) -> None:
    told = tmp_path / "modules.json"
    sinks: list[object] = [{"file": {"path": str(tmp_path / "reports")}}, bucket.sink()]
    with looping() as child:
        cam = Daemon(tmp_path, [target("one", child.pid)], sinks=sinks)
        cam.command = ["-c", TELLING, str(told)]
        try:
            cam.start()
            cam.beat("start", "one")
            cam.stored(1)
            until(lambda: cam.metric("loopcam_deliveries_total", result="delivered") == 2, "both have it")
            assert cam.ask("GET", "/")[0] == 200
            assert cam.download(f"/v1/reports/{cam.entries()[0]}.tar.gz").startswith(b"\x1f\x8b")
            assert cam.stop() == 0
        finally:
            cam.close()
    loaded = {name.partition(".")[0] for name in json.loads(told.read_text())}
    assert {"daemon", "aiohttp", "sinks"} <= loaded
    assert not loaded & {"boto3", "botocore", "report", "google", "urllib3"}


@pytest.mark.fault("S15")
def test_many_captures_leave_its_memory_and_its_descriptors_as_they_were(
    tmp_path: Path, tally: Tally, times: Times
) -> None:
    tally.tries = times(CAPTURES, SOAK_CAPTURES)
    with looping() as child:
        quick = target("one", child.pid, collection_time="100ms", cooldown="100ms")
        cam = Daemon(tmp_path, [quick], sinks=[{"file": {"path": str(tmp_path / "reports"), "keep": 3}}])
        try:
            cam.start()
            for number in range(tally.tries + 5):
                cam.beat("start", "one", number)
                done = number + 1
                until(lambda done=done: delivered(cam) >= done, f"{done} delivered")
                cam.beat("end", "one", number)
                if number == 4:  # by now everything is loaded
                    before_kib, descriptors = resident_kib(cam), open_descriptors(cam)
                until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
            until(lambda: not cam.children(), "nothing is left running")
            assert resident_kib(cam) - before_kib < GROWTH_KIB
            assert open_descriptors(cam) <= descriptors + 2
            assert len(list(cam.reports.rglob("manifest.json"))) == 3
        finally:
            cam.close()


def delivered(cam: Daemon) -> float:
    return cam.metric("loopcam_deliveries_total", result="delivered")


def resident_kib(cam: Daemon) -> int:
    text = Path(f"/proc/{cam.process.pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def open_descriptors(cam: Daemon) -> int:
    return len(list(Path(f"/proc/{cam.process.pid}/fd").iterdir()))


def test_looking_at_the_page_leaves_nothing_behind(tmp_path: Path) -> None:
    targets = [target(f"t{number}", process={"match": f"no-such-{number}"}) for number in range(50)]
    with daemon(tmp_path, *targets) as cam:
        for _ in range(3):
            _look(cam)
        before_kib, descriptors = resident_kib(cam), open_descriptors(cam)
        for _ in range(30):
            _look(cam)
        until(lambda: open_descriptors(cam) <= descriptors, "its connections are gone")
        assert resident_kib(cam) - before_kib < LOOKED_KIB


def _look(cam: Daemon) -> None:
    """As a browser does, and close the page."""
    for path in ("/", "/assets/live.css", "/assets/live.js", "/assets/targets.js", "/v1/reports"):
        cam.download(path)
    connection = cam.connection()
    connection.request("GET", "/v1/live")
    with connection.getresponse() as answer:
        assert answer.readline().startswith(b"data: ")
    connection.close()
