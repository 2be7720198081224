"""D1: the clock is set forward and back while the daemon runs. Durations do not follow it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep, time

import pytest

from tests.daemon import Daemon, target, until
from tests.prerequisites import require

Start = Callable[..., Daemon]
HOUR_S = 3600
LIBRARIES = "/usr/lib"
# libfaketime also moves the clock of a child's CPU time, which real clocks that are set do not
ITS_COST_UNKNOWN = [{"pyspy": {"rate_hz": 20}}]


class Clock:
    """The daemon's clock, as libfaketime shows it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0)

    def set(self, offset_s: int) -> None:
        """So far off the machine's."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset_s:+d}\n")
        fresh.replace(self.file)

    def environment(self, *, monotonic: bool) -> dict[str, str]:
        """What makes a program see it; with `monotonic` even the clock that no one can set."""
        library = next(Path(LIBRARIES).glob("*/faketime/libfaketimeMT.so.1"))
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "0" if monotonic else "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    require("faketime")
    return Clock(tmp_path / "clock")


@pytest.fixture
def watching(tmp_path: Path, stuck: int, clock: Clock) -> Iterator[Start]:
    """Starts a daemon under that clock."""
    cams: list[Daemon] = []

    def start(*, monotonic: bool, **options: object) -> Daemon:
        cam = Daemon(tmp_path, [target("one", stuck, collectors=ITS_COST_UNKNOWN, **options)])
        if monotonic:  # no children then: libfaketime's locks, which threads take, do not survive a fork
            cam.configure(capture_disabled_file=str(tmp_path))
        cam.environment = clock.environment(monotonic=monotonic)
        cams.append(cam)
        return cam.start()

    yield start
    for cam in cams:
        cam.close()


def ticks(cam: Daemon) -> float:
    """How often the daemon has looked around."""
    return cam.metric("loopcam_lateness_seconds_count")


def passes(cam: Daemon, count: int = 2) -> None:
    """Wait until the daemon has looked around so often again."""
    before = ticks(cam)
    until(lambda: ticks(cam) >= before + count, "it looks around")


@pytest.mark.fault("D1")
@pytest.mark.parametrize("offset_s", [HOUR_S, -HOUR_S])
def test_a_wall_clock_that_jumps_makes_no_trigger_and_hides_none(
    watching: Start, clock: Clock, offset_s: int
) -> None:
    cam = watching(monotonic=False, max_loop_time="30s", first_loop_time="30s")
    cam.beat("start", "one", 1)
    clock.set(offset_s)
    passes(cam)
    cam.beat("end", "one", 1)
    clock.set(0)
    passes(cam)
    assert cam.metric("loopcam_overruns_total", target="one") == 0
    assert cam.metric("loopcam_iterations_total", target="one") == 1
    assert not cam.said("overrun")
    assert not cam.said("the daemon itself was paused")


@pytest.mark.fault("D1")
@pytest.mark.parametrize("offset_s", [HOUR_S, -HOUR_S])
def test_an_overrun_is_captured_and_its_cooldown_kept_whatever_the_wall_clock_does(
    watching: Start, clock: Clock, offset_s: int
) -> None:
    cam = watching(monotonic=False, collection_time="4s", cooldown="30m")
    cam.beat("start", "one", 1)
    clock.set(offset_s)
    manifest = cam.report()
    assert manifest.capture.outcome == "complete"
    assert not manifest.capture.notes
    assert manifest.top_stacks[0].function == "the_culprit"
    cam.beat("end", "one", 1)
    cam.beat("start", "one", 2)
    until(lambda: cam.metric("loopcam_refusals_total", reason="cooldown"), "refused")
    left_s = cam.target("one")["limits"]["cooldown_left_s"]
    assert 1000 < left_s <= 1800
    assert len(cam.entries()) == 1


@pytest.mark.fault("D1")
def test_the_report_bears_the_wall_clock_of_its_trigger(watching: Start, clock: Clock) -> None:
    clock.set(-HOUR_S)
    cam = watching(monotonic=False)
    cam.beat("start", "one", 1)
    capture = cam.report().capture
    assert abs(capture.trigger.at_s + capture.wall_minus_monotonic_s - (time() - HOUR_S)) < 120


@pytest.mark.fault("D1")
@pytest.mark.parametrize("offset_s", [HOUR_S, -HOUR_S])
def test_even_a_monotonic_clock_that_jumps_blames_nobody_without_saying_so(
    watching: Start, clock: Clock, offset_s: int
) -> None:
    cam = watching(monotonic=True, max_loop_time="30s", first_loop_time="30s")
    cam.beat("start", "one", 1)
    clock.set(offset_s)
    sleep(2)  # its own timers may stand still: that is the fault
    clock.set(0)
    cam.beat("end", "one", 1)
    assert cam.get("/healthz") == {"ok": True}
    for overrun in cam.said("overrun"):
        assert cam.said("the daemon itself was paused"), overrun
