"""CPU profiles become rows with true weights, whatever they hold."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.samples import Frame, SampleTable, Span, TableBuilder, ThreadKind
from report.evidence import cpu, profiles
from report.evidence.cpu import Busy
from report.pprof_pb2 import Profile as Message

RECORDED = Path(__file__).with_name("recorded")
SECOND = 1_000_000
LOOP, PACK, WATCH = (Frame(name, "/srv/main.go", 3) for name in ("main.loop", "main.binpack", "main.watch"))
stacks = st.dictionaries(
    st.tuples(st.sampled_from([LOOP, WATCH]), st.sampled_from([PACK, LOOP, WATCH])),
    st.integers(0, 7 * SECOND),
    max_size=4,
)


def _table(*found: Busy) -> SampleTable:
    builder = TableBuilder()
    for each in found:
        builder.add_beside(each.span, cpu.rows(each, 7, builder))
    return builder.freeze(found[0].span.start_us, found[-1].span.end_us)


def _weights(table: SampleTable) -> Counter[tuple[Frame, ...]]:
    found: Counter[tuple[Frame, ...]] = Counter()
    for run in table.runs():
        found[table.stack_frames(run.stack)] += run.end_us - run.start_us
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stacks, st.integers(1, 3 * SECOND))
def test_every_microsecond_comes_back_and_no_lane_is_fuller_than_its_time(
    stacks_us: dict[tuple[Frame, ...], int], lasted_us: int
) -> None:
    found = Busy(Span(5, 5 + max(lasted_us, 10_000), 100), stacks_us)
    table = _table(found)
    assert _weights(table) == +Counter(stacks_us)
    lanes = -(-found.cpu_us // (found.span.end_us - 5))
    assert [thread.name for thread in table.threads] == [f"CPU {lane + 1}" for lane in range(lanes)]
    assert {thread.kind for thread in table.threads} <= {ThreadKind.CPU}
    ends = [run.end_us for run in table.runs()]
    assert max(ends, default=5) <= found.span.end_us


def test_every_lane_has_the_mixture_of_the_whole() -> None:
    table = _table(Busy(Span(0, SECOND, 100), {(LOOP, PACK): 2_400_000, (WATCH,): 600_000}))
    by_lane: dict[int, list[int]] = {}
    for run in table.runs():
        by_lane.setdefault(run.thread, []).append(run.end_us - run.start_us)
    assert list(by_lane.values()) == [[800_000, 200_000]] * 3


def test_a_recorded_profile_names_the_culprit_with_inlined_calls() -> None:
    profile = profiles.read(RECORDED / "cpu/cpu-000.pb.gz")
    found = cpu.busy(profile, 0, 2_003_000)
    assert found.span.rate_hz == 100
    assert 2_000_000 <= found.span.end_us <= 2_003_000
    inside = sum(
        us for frames, us in found.stacks_us.items() if any(f.function == "main.binpack" for f in frames)
    )
    assert inside > 0.5 * found.cpu_us
    heaviest = max(found.stacks_us, key=found.stacks_us.__getitem__)
    assert [frame.function for frame in heaviest][-3:] == ["main.init.func1", "main.binpack", "main.score"]
    assert heaviest[0].function in ("runtime.main", "main.main")


def test_a_profile_that_says_no_duration_lasted_as_long_as_its_request() -> None:
    profile = profiles.read(RECORDED / "cpu/cpu-000.pb.gz")._replace(duration_ns=0)
    assert cpu.busy(profile, 0, 2_500_000).span == Span(0, 2_500_000, 100)


def test_what_is_no_cpu_profile_is_refused() -> None:
    with pytest.raises(ValueError, match="not cpu in nanoseconds"):
        cpu.busy(profiles.read(RECORDED / "blocked/heap.pb.gz"), 0, SECOND)


@pytest.mark.parametrize(("nanoseconds", "why"), [(-5, "has -5 nanoseconds"), (2**62, "the time of")])
def test_times_that_cannot_be_are_refused(nanoseconds: int, why: str) -> None:
    profile = profiles.read(RECORDED / "cpu/cpu-000.pb.gz")
    with pytest.raises(ValueError, match=why):
        cpu.busy(profile._replace(stacks=(((LOOP,), (1, nanoseconds)),)), 0, SECOND)


def _written(folder: Path, data: bytes) -> Path:
    file = folder / "p.pb.gz"
    file.write_bytes(data)
    return file


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_is_told_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = (RECORDED / "cpu/cpu-000.pb.gz").read_bytes()
    plain = bytearray(gzip.decompress(whole))
    for _ in range(data.draw(st.integers(1, 5))):
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    cut = data.draw(st.integers(0, len(whole) - 1))
    for damaged in (bytes(plain), gzip.compress(bytes(plain)), whole[:cut]):
        try:
            found = cpu.busy(profiles.read(_written(folder, damaged)), 0, SECOND)
        except ValueError:
            continue
        assert found.cpu_us >= 0


def test_what_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        profiles.read(_written(tmp_path, gzip.compress(bytes(2 << 20))))


def test_a_place_without_a_name_is_its_address(tmp_path: Path) -> None:
    message = Message(string_table=["", "cpu", "nanoseconds", "main.f", "gopkg.in/yaml%2ev3.g"])
    message.sample_type.add(type=1, unit=2)
    message.function.add(id=1, name=4)
    message.location.add(id=1, address=0xBEEF)
    message.location.add(id=2).line.add(function_id=1, line=-3)
    message.sample.add(location_id=[1, 2], value=[9])
    profile = profiles.read(_written(tmp_path, message.SerializeToString()))
    assert profile.stacks == (((Frame("gopkg.in/yaml.v3.g", "", 0), Frame("0xbeef", "", 0)), (9,)),)
