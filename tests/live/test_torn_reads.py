"""Stacks that change while they are read cost a try, never the recording: of a capture or of the dashcam."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from collectors.contract import Looker
from collectors.pyspy import PySpy
from daemon.capture.budget import Limits
from daemon.capture.child import run_to_end
from daemon.capture.look import TRIES
from daemon.capture.plan import sampling
from daemon.config.load import parse
from daemon.dashcam.around import Around, Seats
from daemon.dashcam.camera import Camera
from daemon.dashcam.pacing import Wish
from daemon.dashcam.purse import Purse
from daemon.dashcam.recorder import RingRecorder, over, segment_window
from daemon.dashcam.ring import Ring
from daemon.targets.process import HeldProcess
from daemon.targets.target import Target
from model.capture import Outcome
from tests.live.captures import Studio, recorder, until
from tests.live.torn import TornLooks, TornStarts
from tests.targets import Targets

WINDOW_S = 2.0
NEVER = 99


@pytest.fixture
def tries(tmp_path: Path) -> Path:
    return tmp_path / "tries"


def tried(tries: Path) -> int:
    """How often it was started."""
    return tries.stat().st_size if tries.exists() else 0


@pytest.mark.parametrize("fails", [TRIES - 1, TRIES, NEVER])
async def test_a_first_look_that_fails_does_not_cost_the_recording(
    targets: Targets, studio: Studio, tries: Path, fails: int
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, 2 * WINDOW_S, TornLooks(tries=str(tries), fails=fails))
    assert taken.capture.outcome is Outcome.COMPLETE
    assert "the_culprit" in taken.functions()
    assert any(segment.taken for segment in taken.recording.segments)
    assert bool(taken.recording.dumps) is (fails != NEVER)  # a later look goes well
    blind = fails >= TRIES
    told = "sampled without a first look: the stacks changed while py-spy read them"
    assert any(told in each for each in taken.recording.adjusted) is blind
    assert ("not known, taken for 50 threads" in taken.recording.rate_reason) is blind


async def test_an_unknown_error_of_the_first_look_does_not_cost_it_either(
    targets: Targets, studio: Studio, tries: Path
) -> None:
    target = targets.start("stalled.py")
    looker = TornLooks(tries=str(tries), fails=1, said="Error: something new")
    taken = await studio.take(target.pid, WINDOW_S, looker)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert any(segment.taken for segment in taken.recording.segments)
    assert any("Error: something new" in each for each in taken.recording.adjusted)


async def test_what_lasts_ends_it_at_the_first_look(targets: Targets, studio: Studio, tries: Path) -> None:
    looker = TornLooks(tries=str(tries), fails=NEVER, said="Permission Denied")
    taken = await studio.take(targets.start("stalled.py").pid, 20, looker)
    assert taken.seconds < 20
    assert taken.capture.outcome is Outcome.NOT_PERMITTED
    assert taken.capture.recording is None
    assert tried(tries) == 1


@pytest.mark.parametrize(("fails", "outcome"), [(2, Outcome.COMPLETE), (9, Outcome.PARTIAL)])
async def test_a_recording_that_does_not_begin_is_tried_again(
    targets: Targets, studio: Studio, tries: Path, fails: int, outcome: Outcome
) -> None:
    target = targets.start("stalled.py")
    taken = await studio.take(target.pid, WINDOW_S, TornStarts(tries=str(tries), fails=fails))
    assert taken.capture.outcome is outcome
    assert tried(tries) == min(fails + 1, TRIES)


async def test_looks_at_a_program_that_changes_all_the_time_fail_for_passing_reasons_only(
    targets: Targets, studio: Studio
) -> None:
    target = targets.start("restless.py")
    printed = [await run_to_end(PySpy().dump(target.pid), keep=2) for _ in range(60)]
    judged = [PySpy().judge(each.ended) for each in printed]
    assert all(one.outcome is Outcome.COMPLETE or one.passing for one in judged), judged
    taken = await studio.take(target.pid, WINDOW_S)
    assert taken.capture.outcome is Outcome.COMPLETE
    assert "restless" in taken.functions()


@pytest.mark.parametrize("torn", [TornLooks, TornStarts])
async def test_the_dashcam_takes_no_pause_for_it(
    targets: Targets, tmp_path: Path, tries: Path, torn: type[TornLooks | TornStarts]
) -> None:
    pid = targets.start("stalled.py").pid
    looker = torn(tries=str(tries), fails=NEVER if torn is TornLooks else 1)
    camera = continuous(pid, tmp_path, looker)
    try:
        camera.look()
        if torn is TornStarts:
            await until(lambda: not camera.sampling, "it stumbled")
            assert camera.backoff.failures == 0
            camera.look()
        await until(lambda: recorder() and tried(tries) > 1, "it records")
        await asyncio.sleep(WINDOW_S)  # py-spy writes what it has seen by then
        camera.retire()
        await camera.ended()
        assert camera.backoff.failures == 0
        assert camera.ring is not None
        assert [piece for piece in camera.ring.shelf if piece.segment is not None]
    finally:
        camera.retire()
        await camera.ended()
        camera.close()


async def test_the_dashcam_chooses_anew_once_a_look_goes_well(
    targets: Targets, tmp_path: Path, tries: Path
) -> None:
    camera = continuous(targets.start("stalled.py").pid, tmp_path, TornLooks(tries=str(tries), fails=TRIES))
    recorder = camera.recorder
    try:
        assert recorder is not None
        await recorder.begin(Limits())
        assert recorder.choice is not None
        assert "not known" in recorder.choice.pace.reason
        window = segment_window(40)
        wish = Wish(rate_hz=10, look_every_s=0.1, slow=True)
        recording = asyncio.create_task(recorder.segment(wish, 40, window))
        try:
            await until(lambda: recorder.choice is None, "a look goes well", 30)
        finally:
            over(window)
            await recording
        await recorder.begin(Limits())
        assert "not known" not in recorder.choice.pace.reason
    finally:
        camera.close()


def continuous(pid: int, folder: Path, looker: Looker) -> Camera:
    """A dashcam that records always, with this looker."""
    one = f"name: demo, process: {{pid: {pid}}}, max_loop_time: 1h, iterations: [heartbeat]"
    (config,) = parse(f"targets: [{{{one}, dashcam: continuous}}]", "a test").targets
    parts = (
        msgspec.structs.replace(each, options=looker) for each in config.collectors if each.kind == "pyspy"
    )
    config = msgspec.structs.replace(config, collectors=list(parts), sampler="pyspy")
    target, process = Target(config, lambda gone: None), HeldProcess(pid)
    ring = Ring(folder, "demo", process, config.dashcam)
    around = Around(
        hindrance=lambda target: "",
        history=lambda target: None,
        spent=lambda target, cpu_s: None,
        failed=lambda target: None,
        seats=Seats(),
    )
    purse = Purse.of("continuous", time.monotonic())
    camera = Camera(target, process, lambda: ring, purse, around)
    camera.ring = ring
    how = sampling(config)
    assert how is not None
    camera.recorder = RingRecorder(how, process, ring, lambda cpu_s: None)
    return camera
