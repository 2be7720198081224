"""A whole daemon that follows a log, and what befalls it (fault rows L9 to L13)."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import Daemon, target, until
from tests.prerequisites import WATCHES, require
from tests.tally import Tally, Times

PAIR = {"start": r"iteration (?P<iteration>\d+) start", "end": r"iteration (?P<iteration>\d+) end"}
REST_S, MOST_SHARE = 3.0, 0.01


def config(pid: int, log: Path) -> dict[str, object]:
    iterations = [{"log": {"path": str(log), **PAIR}}]
    return target("scaler", pid, iterations=iterations, max_loop_time="2s")


@pytest.fixture
def cam(tmp_path: Path, stuck: int) -> Iterator[Daemon]:
    (tmp_path / "app.log").touch()
    one = Daemon(tmp_path, [config(stuck, tmp_path / "app.log")])
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def say(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def turn(log: Path, number: int) -> None:
    say(log, f"iteration {number} start", f"iteration {number} end")


def cpu_s(cam: Daemon) -> float:
    """CPU time, to the nanosecond, of all its threads."""
    threads = Path(f"/proc/{cam.process.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def hears(cam: Daemon) -> None:
    until(lambda: cam.source("scaler")["up"], "the log is heard")


def iterations(cam: Daemon) -> float:
    return cam.metric("loopcam_iterations_total", target="scaler")


def overruns(cam: Daemon) -> float:
    return cam.metric("loopcam_overruns_total", target="scaler")


def saved(cam: Daemon) -> Path:
    return cam.spool / "state" / "sources" / "scaler@log.json"


def test_an_iteration_that_was_open_at_a_restart_is_watched_from_then_on(cam: Daemon, log: Path) -> None:
    cam.start()
    hears(cam)
    say(log, "iteration 1 start")
    until(lambda: cam.metric("loopcam_events_total", event="start") == 1, "its start")
    cam.stop()
    cam.start()
    assert cam.report().capture.trigger.iteration == "1"


@pytest.mark.fault("L13")
def test_old_lines_never_bring_a_capture_though_an_overrun_is_among_them(
    cam: Daemon, log: Path, tally: Tally, times: Times
) -> None:
    cam.start()
    hears(cam)
    turn(log, 1)
    until(lambda: iterations(cam) == 1, "it is heard")
    cam.stop()
    line = "I1121 12:00:00.000000       1 static_autoscaler.go:187] nothing of interest in this line\n"
    tally.tries = times(1998, 30_000)  # of 36 kB each
    with log.open("a") as file:
        for number in range(2, tally.tries + 2):
            file.write(f"iteration {number} start\n" + line * 400 + f"iteration {number} end\n")
    assert log.stat().st_size > 64 * 2**20
    cam.start()
    before_bytes = cam.metric("process_resident_memory_bytes")
    until(lambda: cam.metric("loopcam_stale_events_total") == 2 * tally.tries, "all is read", 200)
    assert cam.metric("process_resident_memory_bytes") - before_bytes < 24 * 2**20
    turn(log, 99_999)
    until(lambda: iterations(cam) == 1, "the present is heard")
    tally.wrong = int(overruns(cam))
    assert tally.wrong == 0
    assert not cam.reports.exists() or not list(cam.reports.rglob("manifest.json"))


@pytest.mark.fault("L9")
@pytest.mark.parametrize("data", [b"", bytes(500), b'{"version":1', os.urandom(500), b'{"version":7}'])
def test_a_damaged_place_never_stops_the_start(cam: Daemon, log: Path, data: bytes) -> None:
    saved(cam).parent.mkdir(parents=True, mode=0o700)
    saved(cam).write_bytes(data)
    cam.start()
    hears(cam)
    turn(log, 1)
    until(lambda: iterations(cam) == 1, "it is heard")
    assert cam.metric("loopcam_damaged_places_total") == 1
    assert cam.said("place in the log is damaged, reading begins at its end")
    assert list(saved(cam).parent.glob("*.corrupt-*"))


@pytest.mark.fault("L10")
def test_kills_at_any_moment_lose_no_iteration_that_is_open(
    cam: Daemon, log: Path, stuck: int, tally: Tally, times: Times
) -> None:
    cam.configure(targets=[config(stuck, log) | {"max_loop_time": "1h"}])
    cam.start()
    hears(cam)
    tally.tries, tally.lost, tally.wrong = times(5, 500), 0, 0
    for number in range(tally.tries):
        turn(log, 2 * number)
        say(log, f"iteration {2 * number + 1} start")
        time.sleep(random.random() * 1.2)
        cam.kill()
        cam.start()
        until(lambda number=number: open_iteration(cam) == str(2 * number + 1), "it is known to be open")
        say(log, f"iteration {2 * number + 1} end")
        until(lambda: open_iteration(cam) is None, "its end is heard")
        tally.wrong += int(overruns(cam))
        assert tally.wrong == 0


def open_iteration(cam: Daemon) -> str | None:
    current = cam.target("scaler")["in_flight"]
    return current and str(current["iteration"])


@contextmanager
def no_watches() -> Iterator[None]:
    require("inotify limit")
    before = WATCHES.read_text()
    WATCHES.write_text("0")
    try:
        yield
    finally:
        WATCHES.write_text(before)


@pytest.mark.fault("L12")
def test_without_inotify_the_log_is_polled(cam: Daemon, log: Path) -> None:
    with no_watches():
        cam.start()
        hears(cam)
        until(lambda: cam.said("no inotify, files are polled"), "it is said")
        for number in range(1, 4):
            turn(log, number)
            until(lambda number=number: iterations(cam) == number, "it is heard")
    assert len(cam.said("no inotify, files are polled")) == 1


@pytest.mark.fault("L11")
@pytest.mark.parametrize("kind", ["missing", "directory", "fifo", "device", "forbidden"])
def test_what_is_no_readable_file_is_waited_for_at_no_cost(cam: Daemon, log: Path, kind: str) -> None:
    log.unlink()
    match kind:
        case "directory":
            log.mkdir()
        case "fifo":
            os.mkfifo(log)
        case "device":
            log.symlink_to("/dev/zero")
        case "forbidden":
            log.symlink_to(log)  # a loop of links: root may read everything else
    cam.start()
    until(lambda: cam.said("source waits"), "it is said")
    before_s = cpu_s(cam)
    time.sleep(REST_S)
    assert cpu_s(cam) - before_s < REST_S * MOST_SHARE
    assert not cam.source("scaler")["up"]
    if kind == "directory":
        log.rmdir()
    else:
        log.unlink(missing_ok=True)
    log.touch()
    hears(cam)
    turn(log, 1)
    until(lambda: iterations(cam) == 1, "it is heard")
    assert len(cam.said("source waits")) == 1


def test_a_flood_of_forged_lines_is_collapsed_and_the_truth_after_it_heard(cam: Daemon, log: Path) -> None:
    cam.start()
    hears(cam)
    say(log, *(f"iteration {number} start" for number in range(3000)))
    until(lambda: cam.metric("loopcam_stale_events_total") >= 1000, "most only add up")
    assert len(cam.said("more events a second than max_per_s")) >= 1
    report = cam.report()  # the last of them is open, and told
    assert report.capture.trigger.iteration == "2999"
