"""The collector `http` and a real Go program: snapshots, metrics, health, the flight recorder."""

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.http import Http
from collectors.pprof import Pprof
from daemon.capture.window import CaptureWindow
from model.capture import Outcome, WindowEnd
from tests.autoscaler import Autoscaler
from tests.live.captures import until
from tests.prometheus import prometheus
from tests.serving import Came, collected, target

Starts = Callable[..., Autoscaler]
QUICK = ("--scan-interval", "20ms")
LONG_S = 60.0
SNAPSHOT = Http(path="/snapshotz")


async def fetched(scaler: Autoscaler, options: Http, folder: Path, name: str = "one") -> Came:
    return await collected(options, target(scaler.port), CaptureWindow(LONG_S), folder, name)


async def test_a_snapshot_comes_at_the_end_of_the_next_loop(autoscaler: Starts, tmp_path: Path) -> None:
    scaler = autoscaler(*QUICK, "--debugging-snapshot-enabled")
    came = await fetched(scaler, SNAPSHOT, tmp_path)
    assert came.error is None
    assert "EndTimestamp" in json.loads(came.read("one-trigger.json"))


async def test_snapshots_are_refused_in_words(autoscaler: Starts, tmp_path: Path) -> None:
    came = await fetched(autoscaler(*QUICK), SNAPSHOT, tmp_path, "none")
    assert came.failure[0] == Outcome.UNSUPPORTED
    assert "--debugging-snapshot-enabled" in came.failure[2]

    scaler = autoscaler(*QUICK, "--debugging-snapshot-enabled")
    scaler.stall("channel")
    window = CaptureWindow(LONG_S)
    first = asyncio.create_task(collected(SNAPSHOT, target(scaler.port), window, tmp_path))
    await asyncio.to_thread(scaler.wait_for, "main.(*snapshotter).serve")
    came = await fetched(scaler, SNAPSHOT, tmp_path, "second")
    assert came.failure[1].startswith("429: Another debugging snapshot request is being processed")
    window.end(WindowEnd.ITERATION_ENDED)
    came = await first
    assert "before the window ended" in came.failure[1]


async def test_metrics_before_and_after_are_told_apart(autoscaler: Starts, tmp_path: Path) -> None:
    scaler = autoscaler(*QUICK)
    scaler.stall("syscall")
    window = CaptureWindow(LONG_S)
    options = Http(path="/metrics", when="both")
    collecting = asyncio.create_task(collected(options, target(scaler.port), window, tmp_path))
    await until((tmp_path / "one-trigger.txt").exists, "the first metrics came")
    await asyncio.to_thread(scaler.go)
    window.end(WindowEnd.ITERATION_ENDED)
    came = await collecting
    assert came.files == {"one-trigger.txt", "one-end.txt"}
    before, after = (counted(came.read(f"one-{when}.txt").decode()) for when in ("trigger", "end"))
    assert after > before


def counted(metrics: str) -> int:
    found = re.search(
        r"^cluster_autoscaler_function_duration_seconds_count{.*} (\d+)$", metrics, re.MULTILINE
    )
    return int(found[1]) if found else 0


async def test_an_unhealthy_answer_is_evidence(autoscaler: Starts, tmp_path: Path) -> None:
    scaler = autoscaler(*QUICK, "--max-inactivity", "1ms")
    scaler.stall("channel")
    came = await fetched(scaler, Http(path="/health-check", statuses=(500,)), tmp_path)
    assert came.error is None
    assert came.read("one-trigger.txt").startswith(b"Error: last activity more ")


async def test_the_flight_recorder_gives_the_time_before(autoscaler: Starts, tmp_path: Path) -> None:
    scaler = autoscaler(*QUICK, "--flight-recorder")
    came = await fetched(scaler, Http(path="/debug/flight/snapshot"), tmp_path)
    if came.error is not None:  # a Go that has none
        assert came.failure[0] == Outcome.UNSUPPORTED
        assert go_version() < (1, 25)
    else:
        assert came.read("one-trigger.bin").startswith(b"go 1.")


def go_version() -> tuple[int, ...]:
    said = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:2])


@pytest.fixture(scope="module")
def prometheus_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with prometheus(tmp_path_factory.mktemp("prometheus")) as port:
        yield port


async def test_a_program_that_nobody_here_wrote(prometheus_port: int, tmp_path: Path) -> None:
    """Prometheus, as Debian has it."""
    everything = Pprof(profiles=("cpu", "goroutines", "heap", "mutex", "block", "trace"))
    came = await collected(everything, target(prometheus_port), CaptureWindow(1.0), tmp_path)
    assert came.error is None
    assert b"main.main()" in came.read("one-goroutines-000.txt")
    assert came.read("one-cpu-000.pb.gz").startswith(b"\x1f\x8b")
    assert all(one.status == 200 and one.whole for one in came.fetches)
    options, window = Http(path="/metrics"), CaptureWindow(LONG_S)
    metrics = await collected(options, target(prometheus_port), window, tmp_path, "metrics")
    assert b"prometheus_build_info{" in metrics.read("metrics-trigger.txt")
