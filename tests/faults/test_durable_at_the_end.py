"""SIGTERM, or the end of the target, in a capture: what was taken is durable soon, before anything else."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from model import coding
from model.capture import Capture, WindowEnd
from model.report import CAPTURE_FILE
from tests.daemon import PATIENCE_S, Daemon, daemon, looping, target, until
from tests.prerequisites import require
from tests.servers import scripted, silent
from tests.targets import state

AIM_S = 2.0
BOUND_S = AIM_S + 2.0  # two busy cores
GRACE = "20s"  # a shutdown's: far longer than the bound, so that what waits for it is seen


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that never answers."""
    with scripted(silent) as server:
        yield server.url.removeprefix("http://")


def captured(cam: Daemon) -> tuple[Capture, float]:
    """The accepted capture, and when it was (Unix time): the folder's own, of its move among the reports."""
    (folder,) = until(lambda: list((cam.spool / "reports").iterdir()), "it is accepted")
    capture = coding.decode((folder / "report" / CAPTURE_FILE).read_bytes(), Capture)
    return capture, folder.stat().st_ctime


@contextmanager
def watching(folder: Path, pid: int, **options: object) -> Iterator[Daemon]:
    """A daemon whose target overruns, and would be captured for long."""
    with daemon(folder, target("one", pid, collection_time="30s", **options), shutdown_grace=GRACE) as cam:
        cam.finds("one")
        cam.beat("start", "one", 1)
        yield cam


def child(cam: Daemon, words: str) -> int | None:
    """The child with these words in its command line."""
    return next((pid for pid, line in cam.children().items() if f" {words} " in line), None)


def stop(cam: Daemon, words: str) -> None:
    """SIGSTOP such a child; one that ends before is followed by another."""

    def stopped() -> bool:
        pid = child(cam, words)
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        return state(pid) == "T"

    end_s = time.monotonic() + PATIENCE_S
    while not stopped():  # without a rest: a look is over in some milliseconds
        assert time.monotonic() < end_s, f"no child that does {words} could be stopped"


def recording(cam: Daemon) -> None:
    until(cam.recorded_a_while, "it records")


def hung_recording(cam: Daemon) -> None:
    recording(cam)
    stop(cam, "record")


def hung_look(cam: Daemon) -> None:
    stop(cam, "dump")


CASES: dict[str, tuple[dict[str, object], Callable[[Daemon], None], str]] = {
    "py-spy": ({"sampler": "pyspy"}, recording, ""),
    "austin": ({"sampler": "austin", "collectors": [{"pyspy": {}}, {"austin": {}}]}, recording, ""),
    "a hung sampler": ({"sampler": "pyspy"}, hung_recording, "pyspy"),
    "a hung look": ({"sampler": "pyspy"}, hung_look, ""),  # the first, or one that is simply left
    "a hung answer": ({"collectors": [{"pyspy": {}}, {"http": {"path": "/x"}}]}, recording, ""),
    "hung profiles": ({"collectors": [{"pyspy": {}}, {"pprof": {}}]}, recording, "pprof"),
}


def soon(cam: Daemon, act: Callable[[], None]) -> Capture:
    """What came of it, and that it came soon after the act."""
    acted_s = time.time()
    act()
    capture, durable_s = captured(cam)
    assert durable_s - acted_s < BOUND_S, f"{durable_s - acted_s:.2f} s, the aim is {AIM_S}"
    return capture


@pytest.mark.fault("S10")
@pytest.mark.parametrize("case", CASES)
def test_sigterm_makes_what_was_taken_durable_first(tmp_path: Path, hanging: str, case: str) -> None:
    options, ready, cut = CASES[case]
    require(*(["austin"] if case == "austin" else []))
    address = {"address": hanging} if len(options.get("collectors", ())) > 1 and case != "austin" else {}
    with looping() as stuck, watching(tmp_path, stuck.pid, **options, **address) as cam:
        ready(cam)
        capture = soon(cam, cam.process.terminate)
        assert capture.window.end is WindowEnd.SHUTDOWN
        said = {part.name: part.detail for part in capture.parts if part.detail.startswith("cut off, as ")}
        if cut:
            assert "loopcam stops" in said[cut]


@pytest.mark.fault("T5")
@pytest.mark.parametrize("case", ["py-spy", "a hung sampler", "a hung look"])
def test_so_does_the_end_of_the_target(tmp_path: Path, case: str) -> None:
    options, ready, cut = CASES[case]
    with looping() as stuck, watching(tmp_path, stuck.pid, **options) as cam:
        ready(cam)
        capture = soon(cam, stuck.kill)
        assert capture.window.end is WindowEnd.TARGET_EXITED
        assert not cut or any("the target is gone" in part.detail for part in capture.parts)


@pytest.mark.fault("S10")
@pytest.mark.parametrize("ready", [recording, hung_recording])
def test_without_a_grace_too(tmp_path: Path, ready: Callable[[Daemon], None]) -> None:
    with looping() as stuck:
        one = target("one", stuck.pid, collection_time="30s", sampler="pyspy")
        with daemon(tmp_path, one, shutdown_grace="0s") as cam:
            cam.finds("one")
            cam.beat("start", "one", 1)
            ready(cam)
            assert cam.stop() == 0
            assert captured(cam)[0].window.end is WindowEnd.SHUTDOWN
            assert not os.listdir(cam.spool / "incoming")


@pytest.mark.fault("S13")
def test_a_sink_that_hangs_holds_nothing_up(tmp_path: Path, hanging: str) -> None:
    sinks = [{"http": {"url": f"http://{hanging}/"}}]
    with looping() as first, looping() as second:
        one = target("one", first.pid, collection_time="200ms", sampler="pyspy")
        two = target("two", second.pid, collection_time="30s", sampler="pyspy")
        with daemon(tmp_path, one, two, sinks=sinks, shutdown_grace="3s") as cam:
            cam.finds("one", "two")
            cam.beat("start", "one", 1)
            until(lambda: len(os.listdir(cam.spool / "reports")) == 1, "the first is accepted")
            until(lambda: child(cam, "store"), "its store is at it")
            cam.beat("start", "two", 1)
            recording(cam)
            began_s = time.time()
            cam.process.terminate()
            until(lambda: len(os.listdir(cam.spool / "reports")) == 2, "the second, too", BOUND_S)
            print(f"durable after {time.time() - began_s:.2f} s")
            assert cam.process.wait(20) == 0
            assert not cam.said("report stored")
