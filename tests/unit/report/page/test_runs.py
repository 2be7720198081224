"""The runs of a page: whole where they fit, bounded where they do not, and true in both cases."""

import itertools
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from model.samples import NO_STACK, SampleTable, State
from report.page.runs import Runs, pack
from tests.reports import PID
from tests.unit.report import drawings as make
from tests.unit.report.page.rich import rich

hostile = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
WORK = [make.Frame("work", "/srv/a.py", 9)]


def _by_thread(table: SampleTable) -> Counter[int]:
    found: Counter[int] = Counter()
    for run in table.runs():
        found[run.thread] += run.end_us - run.start_us
    return found


def _packed(runs: Runs) -> Counter[int]:
    return Counter(
        {thread: sum(run.end_us - run.start_us for run in found) for thread, found in runs.threads.items()}
    )


def _path(callers: list[int], stack: int) -> int:
    steps = 0
    while stack:
        assert callers[stack] < stack
        stack, steps = callers[stack], steps + 1
    return steps


@hostile
@given(make.drawings)
def test_all_time_is_kept_where_it_fits(tmp_path: Path, segments: object) -> None:
    table = make.drawing(tmp_path, segments).whole  # type: ignore[arg-type]
    runs = pack(table)
    assert _packed(runs) == _by_thread(table)
    assert (runs.grid_us, runs.cut_us) == (0, 0)
    assert len(runs.callers) == len(runs.tops)
    for found in runs.threads.values():
        for before, after in itertools.pairwise(found):
            assert before.end_us <= after.start_us
            assert (before.end_us, before[2:]) != (after.start_us, after[2:])


def test_equal_neighbours_are_one_run_and_a_seam_is_a_gap(tmp_path: Path) -> None:
    rows = [(0, "MainThread", WORK, State.RUNNING)] * 4
    runs = pack(make.drawing(tmp_path, [rows, rows]).whole)
    (found,) = runs.threads.values()
    assert [run[:2] for run in found] == [(0, 1_000_000), (1_250_000, 2_250_000)]


def test_too_many_runs_are_looked_at_on_a_grid_with_about_the_same_shares(tmp_path: Path) -> None:
    table = rich(tmp_path, threads=6, busy=3).whole
    runs = pack(table, most_runs=2_000)
    assert runs.grid_us >= 2_000
    assert sum(map(len, runs.threads.values())) <= 2_000
    for thread, us in _by_thread(table).items():
        assert abs(_packed(runs)[thread] - us) < 0.02 * us


def test_rare_stacks_are_counted_to_their_callers(tmp_path: Path) -> None:
    table = rich(tmp_path, threads=6, busy=3).whole
    whole, runs = pack(table), pack(table, most_stacks=8)
    assert len(runs.callers) == 8 < len(whole.callers)
    assert runs.cut_us > 0
    assert _packed(runs) == _packed(whole)
    main = next(number for number, thread in enumerate(table.threads) if thread.os_id == PID)
    assert max(_path(list(runs.callers), run.stack) for run in runs.threads[main]) >= 3


def test_an_empty_table_has_the_root_only() -> None:
    table = make.TableBuilder().freeze(0, 1_000_000)
    runs = pack(table)
    assert (dict(runs.threads), list(runs.callers)) == ({}, [NO_STACK])
