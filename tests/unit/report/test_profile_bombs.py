"""Profiles that are small and would unfold into more than a renderer can hold: refused, and told."""

import gzip
from pathlib import Path

import pytest

from report.evidence import cpu, profiles
from report.pprof_pb2 import Profile as Message


def _message(samples: int, depth: int, inlined: int) -> Message:
    """Equal places over and over: `depth` of them in a stack, each with so many inlined calls."""
    message = Message(string_table=["", "cpu", "nanoseconds", "main.loop", "main.go"])
    message.sample_type.add(type=1, unit=2)
    message.function.add(id=1, name=3, filename=4)
    location = message.location.add(id=1)
    for _ in range(inlined):
        location.line.add(function_id=1, line=1)
    for number in range(samples):
        message.sample.add(location_id=[1] * (depth + number % 2), value=[1000])
    return message


def _written(folder: Path, message: Message) -> Path:
    file = folder / "cpu.pb.gz"
    file.write_bytes(gzip.compress(message.SerializeToString()))
    return file


@pytest.mark.threat("bombs")
@pytest.mark.parametrize(
    ("samples", "depth", "inlined"), [(1, 100_000, 100_000), (2, 1, 100_000), (20, 1000, 1)]
)
def test_stacks_without_end_are_refused(
    tmp_path: Path, samples: int, depth: int, inlined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "MOST_IN_ALL", 10_000)
    with pytest.raises(ValueError, match="larger than any program's"):
        profiles.read(_written(tmp_path, _message(samples, depth, inlined)))


def test_deep_stacks_with_inlined_calls_are_read(tmp_path: Path) -> None:
    profile = profiles.read(_written(tmp_path, _message(100, 128, 8)))
    assert len(profile.stacks[0][0]) == 1024


@pytest.mark.threat("bombs")
@pytest.mark.parametrize("packed", [True, False])
def test_what_unpacks_to_too_much_is_refused(
    tmp_path: Path, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "MOST_BYTES", 1 << 20)
    data = b"\x32\xff\xff\x7f" + bytes(2 << 20)
    file = tmp_path / "cpu.pb.gz"
    file.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        profiles.read(file)


@pytest.mark.threat("bombs")
def test_many_stacks_on_many_cpus_are_refused(tmp_path: Path) -> None:
    message = Message(string_table=["", "cpu", "nanoseconds", "main.loop", "main.go"])
    message.sample_type.add(type=1, unit=2)
    message.function.add(id=1, name=3, filename=4)
    for number in range(1000):
        message.location.add(id=number + 1).line.add(function_id=1, line=number)
        message.sample.add(location_id=[number + 1], value=[2_000_000_000])
    with pytest.raises(ValueError, match="1000 stacks on 2000 CPUs"):
        cpu.busy(profiles.read(_written(tmp_path, message)), 0, 1_000_000)


@pytest.mark.parametrize("what", ["sample", "location", "function"])
def test_more_than_any_program_has_is_refused_before_it_is_looked_at(tmp_path: Path, what: str) -> None:
    file = tmp_path / "cpu.pb"
    number = Message.DESCRIPTOR.fields_by_name[what].number
    file.write_bytes(bytes([number << 3 | 2, 0]) * (profiles.MOST_THINGS + 1))
    with pytest.raises(ValueError, match="more than 200000"):
        profiles.read(file)
