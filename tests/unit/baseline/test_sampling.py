"""From an iteration's start to a sample on disk, with a real process and a ring that a test fills."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from daemon.baseline.folding import Folding
from daemon.baseline.samples import Samples
from daemon.baseline.sampling import Sampling
from daemon.baseline.schedule import EVERY_AT_FIRST_S
from daemon.config.load import parse
from daemon.targets.target import Target
from daemon.watch.iterations import Ended
from model import coding
from model.baseline import SAMPLE_FILE, HealthySample
from model.events import Event, EventKind
from tests.unit.baseline.healthy import Piece, piece

CONFIG = "targets: [{name: demo, process: {pid: 1}, max_loop_time: 10s}]"


class Scene:
    """A target that is this very process."""

    def __init__(self, folder: Path) -> None:
        self.ring = folder / "ring"
        self.pieces: list[Piece] = []
        self.samples = Samples(folder / "healthy")
        self.folding = Folding(self.samples, folder / "baselines")
        self.sampling = Sampling(self.samples, self.folding)
        self.sampling.covering = lambda target, started_s, ended_s: (self.ring, self.pieces)
        self.target = Target(parse(CONFIG, "a test").targets[0], lambda target: None)

    async def meet(self) -> None:
        self.target.hold(os.getpid())
        self.look()
        await self.sampling.stop()

    def look(self, later_s: float = 0.0) -> None:
        self.sampling.look({"demo": self.target}, time.monotonic() + later_s)

    def iteration(self, lasted_s: float, **facts: bool) -> Ended:
        """One that begins now and ended, as time is told, later."""
        now_s = time.monotonic()
        self.target.take(Event(source="heartbeat", target="demo", kind=EventKind.START, at_s=now_s))
        assert self.sampling.wanted(self.target)
        said = {"overran": False, "unseen": False, **facts}
        ended = Ended(iteration=None, started_s=now_s, ended_s=now_s + lasted_s, **said)
        self.sampling.ended("demo", ended)
        return ended

    def recorded(self, ended: Ended) -> None:
        """The ring has it."""
        one = piece(self.ring, len(self.pieces))
        assert one.segment is not None
        segment = msgspec.structs.replace(one.segment, started_s=ended.started_s, ended_s=ended.ended_s)
        self.pieces.append(msgspec.structs.replace(one, segment=segment))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    found = Scene(tmp_path)
    await found.meet()
    yield found
    found.target.let_go()


def kept(scene: Scene) -> list[HealthySample]:
    files = scene.samples.of("demo").glob(f"*/{SAMPLE_FILE}")
    return [coding.decode(file.read_bytes(), HealthySample) for file in files]


async def looked(scene: Scene, later_s: float = 0.0) -> None:
    scene.look(later_s)
    await scene.sampling.stop()


async def test_a_healthy_iteration_becomes_a_sample(scene: Scene) -> None:
    ended = scene.iteration(2.0)
    scene.recorded(ended)
    await looked(scene, 2.0)
    [sample] = kept(scene)
    assert [(one.started_s, one.ended_s) for one in sample.iterations] == [(ended.started_s, ended.ended_s)]
    assert sample.process.pid == os.getpid()
    assert len(sample.code_version) == 16
    assert not scene.sampling.wanted(scene.target)  # the next in its time


async def test_one_that_overran_is_none(scene: Scene) -> None:
    scene.recorded(scene.iteration(20.0, overran=True))
    assert not scene.sampling.wanted(scene.target)  # nor does it go on while the target rests
    await looked(scene, 60.0)
    assert kept(scene) == []


async def test_its_last_segment_is_waited_for(scene: Scene) -> None:
    ended = scene.iteration(2.0)
    await looked(scene, 2.0)
    assert kept(scene) == []
    scene.recorded(ended)
    await looked(scene, 3.0)
    assert len(kept(scene)) == 1


async def test_an_iteration_that_nothing_was_recorded_of_is_forgotten(scene: Scene) -> None:
    scene.iteration(2.0)
    await looked(scene, 60.0)
    assert kept(scene) == []
    await looked(scene, EVERY_AT_FIRST_S + 61)
    assert scene.sampling.enough() == {"demo": False}


async def test_a_target_without_a_process_is_not_sampled(scene: Scene) -> None:
    scene.target.let_go()
    scene.look()
    assert not scene.sampling.wanted(scene.target)
    assert scene.sampling.enough() == {}


async def test_a_ring_whose_files_are_gone_is_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.recorded(scene.iteration(2.0))
    for file in scene.ring.rglob("*.json"):
        file.unlink()
    await looked(scene, 2.0)
    assert kept(scene) == []
    assert [record.message for record in caplog.records] == ["healthy sample not kept"]
