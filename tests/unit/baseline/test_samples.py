"""Healthy samples on disk: linked from the ring, bounded, folded once, and let go."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from daemon.baseline import samples as samples_module
from daemon.baseline.samples import MOST_SAMPLES, OLDEST_S, Samples
from model import coding
from model.baseline import SAMPLE_FILE, Baseline, HealthySample
from report.baseline.folding import fold
from tests.unit.baseline.healthy import PROCESS, piece, put

CONTRADICTION = (
    b'{"target":"demo","eras":[{"code_version":"v1","sampler":"pyspy","since":"","until":"","until_s":0,"iterations":1,'
    b'"weight":1,"lasted_s":1,"sampled_s":1,"callers":[0,7],"tops":[-1,0]}]}'
)


def test_a_sample_is_linked_and_described(tmp_path: Path) -> None:
    samples, ring = Samples(tmp_path / "healthy"), tmp_path / "ring"
    assert put(samples, ring)
    [home] = samples.of("demo").iterdir()
    sample = coding.decode((home / SAMPLE_FILE).read_bytes(), HealthySample)
    [segment] = sample.recording.segments
    assert (home / segment.path).samefile(ring / segment.path)
    assert (sample.process, sample.target, sample.recording.version) == (PROCESS, "demo", "0.4.3")
    assert samples.targets() == ["demo"]


def test_without_a_segment_there_is_no_sample(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "healthy")
    assert not samples.put("demo", PROCESS, "v1", [], tmp_path, [])
    assert samples.targets() == []


def test_of_several_samplers_the_one_that_recorded_most_counts(tmp_path: Path) -> None:
    samples, ring = Samples(tmp_path / "healthy"), tmp_path / "ring"
    pieces = [piece(ring, 0), piece(ring, 1, "austin"), piece(ring, 2)]
    assert samples.put("demo", PROCESS, "v1", [], ring, pieces)
    [home] = samples.of("demo").iterdir()
    sample = coding.decode((home / SAMPLE_FILE).read_bytes(), HealthySample)
    assert {one.sampler for one in sample.recording.segments} == {"pyspy"}


def test_what_the_ring_let_go_of_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    samples, ring = Samples(tmp_path / "healthy"), tmp_path / "ring"
    one = piece(ring, 0)
    (ring / one.paths[0]).unlink()
    with pytest.raises(FileNotFoundError):
        samples.put("demo", PROCESS, "v1", [], ring, [one])
    assert list(samples.of("demo").iterdir()) == []


def test_there_are_so_many_of_a_target_and_no_more(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "healthy")
    for _ in range(MOST_SAMPLES + 3):
        put(samples, tmp_path / "ring")
    assert len(list(samples.of("demo").iterdir())) == MOST_SAMPLES


def test_many_that_are_kept_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "healthy")
    names = [f"target-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda name: put(samples, tmp_path / "ring" / name, name), names))
    assert samples.targets() == sorted(names)


def test_all_together_they_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = Samples(tmp_path / "healthy")
    for target in ("one", "two", "three"):
        put(samples, tmp_path / "ring", target)
    [home] = samples.of("three").iterdir()
    monkeypatch.setattr(samples_module, "MOST_BYTES", 2 * sum(f.stat().st_size for f in home.rglob("*.json")))
    samples.bound()
    assert "one" not in samples.targets()
    assert "three" in samples.targets()


def test_old_ones_and_unfinished_ones_go(tmp_path: Path) -> None:
    samples = Samples(tmp_path / "healthy")
    put(samples, tmp_path / "ring")
    [home] = samples.of("demo").iterdir()
    (samples.of("demo") / ".unfinished").mkdir()
    long_ago_s = time.time() - OLDEST_S - 60
    os.utime(home, (long_ago_s, long_ago_s))
    samples.bound()
    assert list(samples.of("demo").iterdir()) == []


def test_folding_counts_each_sample_once_and_removes_it(tmp_path: Path) -> None:
    samples, file = Samples(tmp_path / "healthy"), tmp_path / "baselines" / "demo.json"
    put(samples, tmp_path / "ring")
    [home] = samples.of("demo").iterdir()
    kept = {path.relative_to(home): path.read_bytes() for path in home.rglob("*.json")}
    [era] = fold(samples.of("demo"), file, "demo").eras
    assert (era.iterations, era.code_version, era.sampler) == (1, "v1", "pyspy")
    assert era.sampled_s == pytest.approx(1.5)
    assert era.groups == ("MainThread", "worker")
    assert samples.targets() == []
    for path, data in kept.items():  # the renderer was killed before it could remove it
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
    [again] = fold(samples.of("demo"), file, "demo").eras
    assert again == era
    assert samples.targets() == []


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"eras":7}', b'{"target":"other"}', CONTRADICTION])
def test_a_damaged_baseline_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    samples, file = Samples(tmp_path / "healthy"), tmp_path / "demo.json"
    file.write_bytes(damage)
    put(samples, tmp_path / "ring")
    assert fold(samples.of("demo"), file, "demo").eras
    assert (tmp_path / "demo.json.damaged").read_bytes() == damage
    assert coding.decode(file.read_bytes(), Baseline).eras


def test_a_damaged_sample_costs_itself_only(tmp_path: Path) -> None:
    samples, file = Samples(tmp_path / "healthy"), tmp_path / "demo.json"
    put(samples, tmp_path / "ring")
    [home] = samples.of("demo").iterdir()
    (home / SAMPLE_FILE).write_bytes(b"{")
    put(samples, tmp_path / "ring")
    [era] = fold(samples.of("demo"), file, "demo").eras
    assert era.iterations == 1
    assert samples.targets() == []
