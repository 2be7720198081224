"""Durations on disk: they come back, damage costs one target's only, and they are bounded."""

from pathlib import Path

import pytest

from daemon.baseline import histories
from daemon.baseline.histories import Histories
from daemon.watch.iterations import Ended


def ended(at_s: float, duration_s: float, **facts: bool) -> Ended:
    said = {"overran": False, "unseen": False, **facts}
    return Ended(iteration=None, started_s=at_s - duration_s, ended_s=at_s, **said)


def write(kept: Histories) -> None:
    kept.write(kept.taken())


def test_only_healthy_iterations_that_were_seen_whole_count(tmp_path: Path) -> None:
    kept = Histories(tmp_path)
    kept.ended("demo", ended(10.0, 1.0))
    kept.ended("demo", ended(20.0, 9.0, overran=True))
    kept.ended("demo", ended(30.0, 9.0, overran=True, unseen=True))
    kept.ended("demo", ended(40.0, 0.1, whole=False))
    history = kept.of("demo")
    assert history is not None
    assert (history.iterations, history.most_s) == (1, 1.0)


def test_they_come_back_after_a_restart(tmp_path: Path) -> None:
    kept = Histories(tmp_path / "history")
    for number in range(40):
        kept.ended("demo", ended(float(number), 0.5))
    write(kept)
    again = Histories(tmp_path / "history")
    assert again.of("demo") == kept.of("demo")
    assert again.of("another") is None
    again.ended("demo", ended(100.0, 0.5))
    history = again.of("demo")
    assert history is not None
    assert history.iterations == 41


@pytest.mark.parametrize("damage", [b"", b"{", b'{"target":"other"}', b"\xff" * 2**20 + b"\xff"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "demo.json").write_bytes(damage)
    kept = Histories(tmp_path)
    assert kept.of("demo") is None
    assert (tmp_path / "demo.json.damaged").read_bytes() == damage
    kept.ended("demo", ended(10.0, 1.0))
    write(kept)
    assert Histories(tmp_path).of("demo") is not None


def test_a_file_of_another_target_is_not_believed(tmp_path: Path) -> None:
    kept = Histories(tmp_path)
    kept.ended("demo", ended(10.0, 1.0))
    write(kept)
    (tmp_path / "demo.json").rename(tmp_path / "other.json")
    assert Histories(tmp_path).of("other") is None


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    kept = Histories(tmp_path)
    kept.ended("one", ended(10.0, 1.0))
    kept.of("two")
    assert kept.taken().keys() == {"one"}
    assert not kept.taken()


def test_it_knows_so_many_targets_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "MOST_TARGETS", 3)
    kept = Histories(tmp_path)
    for number in range(5):
        kept.ended(f"target-{number}", ended(10.0, 1.0))
    assert kept.of("target-0") is not None  # from its file
    assert len(kept) <= 3


def test_a_disk_that_refuses_is_told_and_costs_no_more(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    kept = Histories(blocked / "history")
    kept.ended("demo", ended(10.0, 1.0))
    write(kept)
    assert kept.of("demo") is not None
