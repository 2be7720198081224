"""From rows to signals: rates, sums over threads, and what is missing."""

from pathlib import Path

import msgspec
import pytest

from collectors.host.ring import Ring
from model.artifacts import Artifact
from model.capture import Capture, Outcome, Window, WindowEnd
from model.events import Trigger, TriggerKind
from model.signals import SIGNALS_KIND, Name, Signals
from report.evidence import host
from tests.unit.host.trees import OTHER, PID, PRESSURE, V2, Tree

FILE = "evidence/host.signals.jsonl"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def capture() -> Capture:
    artifact = Artifact(path=FILE, kind=SIGNALS_KIND, media_type="x", size_bytes=1, sha256="")
    return Capture(
        id="x",
        target="a",
        labels={},
        triggered_at="",
        wall_minus_monotonic_s=0.0,
        trigger=Trigger(target="a", kind=TriggerKind.MANUAL, reason="a test", at_s=0.0),
        iteration=None,
        window=Window(started_s=0.0, ended_s=9.0, collection_time_s=9.0, end=WindowEnd.COLLECTION_TIME),
        outcome=Outcome.COMPLETE,
        evidence=(artifact,),
    )


class Recording:
    """Rows of a tree, one a time, and the signals that a report makes of them."""

    def __init__(self, tree: Tree, folder: Path) -> None:
        self._now_s = 0.0
        self._ring = Ring(tree.reader(), lambda: True, clock=lambda: self._now_s)
        self._folder = folder
        self._lines: list[bytes] = []

    def read(self, at_s: float) -> None:
        self._now_s = at_s
        self._ring.read(16)
        if not self._lines:
            self._ring.follow(self._lines.append)

    def signals(self, cut: bytes = b"") -> tuple[Signals, list[str]]:
        path = self._folder / FILE
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(self._lines) + cut)
        faults: list[str] = []
        return host.signals(self._folder, capture(), faults), faults


def test_counters_become_rates_and_times_stay(tree: Tree, tmp_path: Path) -> None:
    recording = Recording(tree, tmp_path)
    recording.read(10.0)
    tree.process(user=150, system=60)
    tree.write(tree.proc, {"stat": "cpu  300 10 50 1000 20 5 5 30 0 0\ncpu0 0\ncpu1 0\n"})
    recording.read(11.0)
    found, faults = recording.signals()
    assert faults == []
    cpu = found.series[Name.CPU_USER]
    assert (cpu.unit, list(cpu.times_us), list(cpu.values)) == ("cores", [11_000_000], [0.5])
    assert list(found.series[Name.HOST_BUSY].values) == [2.0]
    assert list(found.series[Name.HOST_OTHERS].values) == [pytest.approx(1.4)]
    assert list(found.series[Name.RSS].values) == [2048000, 2048000]


def test_threads_sum_up_and_stay_apart(tree: Tree, tmp_path: Path) -> None:
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    tree.thread(PID, user=200, waited_ns=1_000_000_000)
    tree.thread(OTHER, waited_ns=500_000_000, state="D")
    recording.read(3.0)
    found, _ = recording.signals()
    assert list(found.series[Name.RUN_QUEUE].values) == [0.75]
    first, last = found.threads[OTHER]
    assert (first.cpu, first.run_queue) == (None, None)
    assert (last.at_us, last.state, last.run_queue, last.wchan, last.syscall) == (
        3_000_000, "D", 0.25, "futex_wait", 202,
    )  # fmt: skip
    assert found.threads[PID][1].cpu == 0.5


def test_throttled_periods_are_a_share_of_the_periods(tree: Tree, tmp_path: Path) -> None:
    tree.second()
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    told = "usage_usec 9\nnr_periods 110\nnr_throttled 30\nthrottled_usec 2000000\n"
    tree.write(tree.groups / "job", {"cpu.stat": told, "cpu.pressure": PRESSURE.format(us=1000000)})
    recording.read(2.0)
    found, _ = recording.signals()
    assert list(found.series[Name.CGROUP_THROTTLED_PERIODS].values) == [0.5]
    assert list(found.series[Name.CGROUP_THROTTLED].values) == [0.5]
    assert list(found.series[Name.PRESSURE_CPU].values) == [0.5]
    assert "cgroup.periods" not in found.series


def test_a_counter_that_begins_anew_makes_no_rate(tree: Tree, tmp_path: Path) -> None:
    tree.second()
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    tree.write(tree.groups / "job", {"cpu.stat": V2["cpu.stat"].replace("1500000", "0")})
    recording.read(2.0)
    found, _ = recording.signals()
    assert Name.CGROUP_THROTTLED not in found.series


def test_what_is_missing_is_named_and_no_series(tree: Tree, tmp_path: Path) -> None:
    (tree.proc / "pressure" / "io").unlink()
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    recording.read(2.0)
    found, _ = recording.signals()
    assert Name.PRESSURE_IO in found.missing
    assert Name.PRESSURE_IO not in found.series
    assert not found.missing.keys() & found.series.keys()


def test_a_line_that_was_cut_off_costs_itself(tree: Tree, tmp_path: Path) -> None:
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    found, faults = recording.signals(cut=b"[2.0,[1,2")
    assert (faults, len(found.series[Name.RSS].values)) == ([], 1)


def test_a_damaged_line_is_told_and_the_rest_stays(tree: Tree, tmp_path: Path) -> None:
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    found, faults = recording.signals(cut=b"[what]\n")
    assert len(found.series[Name.RSS].values) == 1
    (fault,) = faults
    assert FILE in fault


def test_a_report_without_them_has_none(tmp_path: Path) -> None:
    none = msgspec.structs.replace(capture(), evidence=())
    assert host.signals(tmp_path, none, []).series == {}


def test_another_group_begins_its_counters_anew(tree: Tree, tmp_path: Path) -> None:
    tree.second("one", {**V2, "cpu.stat": "nr_periods 1\nnr_throttled 0\nthrottled_usec 0\n"})
    recording = Recording(tree, tmp_path)
    recording.read(1.0)
    tree.second("two", V2)  # throttled for 1.5 s so far, of which nothing was seen
    recording.read(2.0)
    told = "nr_periods 110\nnr_throttled 35\nthrottled_usec 2000000\n"
    tree.write(tree.groups / "two", {"cpu.stat": told})
    recording.read(3.0)
    found, _ = recording.signals()
    throttled = found.series[Name.CGROUP_THROTTLED]
    assert (list(throttled.times_us), list(throttled.values)) == ([3_000_000], [0.5])
    assert list(found.series[Name.CGROUP_THROTTLED_PERIODS].values) == [1.0]
