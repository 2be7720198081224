"""Healthy samples are folded by a real renderer; one that cannot do it twice costs the samples only."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.baseline import folding as folding_module
from daemon.baseline.folding import EVERY_AT_FIRST_S, EVERY_S, Brief, Folding, brief
from daemon.baseline.samples import Samples
from tests.unit.baseline.healthy import put

PATIENCE_S = 30.0


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  # a child of ours ends
            await asyncio.sleep(0.02)


def scene(folder: Path) -> tuple[Samples, Folding, list[tuple[str, Brief]]]:
    samples = Samples(folder / "healthy")
    folding, told = Folding(samples, folder / "baselines"), list[tuple[str, Brief]]()
    folding.folded = lambda target, found: told.append((target, found))
    return samples, folding, told


async def test_samples_of_several_targets_are_folded_by_one_renderer(tmp_path: Path) -> None:
    samples, folding, told = scene(tmp_path)
    for target in ("one", "two"):
        put(samples, tmp_path / "ring", target)
    folding.found(samples.targets())
    folding.look({}, 0.0)
    await until(lambda: len(told) == 2)
    await folding.stop()
    assert samples.targets() == []
    assert [target for target, _ in told] == ["one", "two"]
    assert brief(folding.file("one")).eras[0].weight == 1
    assert not brief(folding.file("one")).knows("v1")


async def test_each_target_is_folded_in_its_time(tmp_path: Path) -> None:
    samples, folding, told = scene(tmp_path)
    for round_, (enough, now_s, count) in enumerate(
        (
            (False, 0.0, 1),
            (False, EVERY_AT_FIRST_S - 1, 1),
            (False, EVERY_AT_FIRST_S, 2),
            (True, EVERY_S, 2),
            (True, EVERY_AT_FIRST_S + EVERY_S, 3),
        )
    ):
        put(samples, tmp_path / "ring")
        folding.found(["demo"])
        folding.look({"demo": enough}, now_s)
        await until(lambda: folding.idle)
        assert len(told) == count, round_
    await folding.stop()


async def test_a_renderer_that_gives_no_answer_twice_costs_the_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    samples, folding, told = scene(tmp_path)
    monkeypatch.setattr(folding_module, "DEADLINE_S", 0.0)
    put(samples, tmp_path / "ring")
    folding.found(["demo"])
    folding.look({}, 0.0)
    await until(lambda: folding.idle)
    assert [one.message for one in caplog.records].count("healthy samples not folded") == 1
    assert samples.targets() == ["demo"]
    folding.look({}, EVERY_AT_FIRST_S)
    await until(lambda: not samples.targets())
    await until(lambda: folding.idle)
    assert told == []


async def test_what_goes_on_is_ended_with_the_daemon(tmp_path: Path) -> None:
    samples, folding, told = scene(tmp_path)
    put(samples, tmp_path / "ring")
    folding.found(["demo"])
    folding.look({}, 0.0)
    await folding.stop()
    assert folding.idle
    assert told == []
    assert samples.targets() == ["demo"]
