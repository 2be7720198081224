"""Demands on a simulation are read, judged and told; looks are made up."""

import json
from pathlib import Path

import pytest

from daemon.demo.simulator import progress, sla
from daemon.demo.simulator.contract import Counts, Iterated
from daemon.demo.simulator.course import Course
from daemon.demo.simulator.looks import Look, Process, Seen
from model.errors import LoopcamError, UsageError

MIB = 2**20
HOUR_S = 3600.0


def course(
    *, grows_bytes_per_h: float = 0.0, descriptors: tuple[int, ...] = (20,), every_s: float = 60.0,
    zombies: tuple[int, ...] = (), looks: int = 61, overruns: int = 0, took_s: tuple[float, ...] = (1.0, 3.0),
) -> Course:  # fmt: skip
    """One that was looked at regularly; before it settles, its memory leaps."""
    made = Course(max_loop_time_s=2.0)
    for one in took_s:
        made.take(Iterated(took_s=one, backed_off_s=0.5, retries=1, failed="gone" if one > 5 else ""))
    for number in range(looks):
        at_s = number * every_s
        own = 20 * MIB + grows_bytes_per_h * at_s / HOUR_S + (8 * MIB if number > looks // 10 else 0)
        made.looks.append(
            Look(
                at_s=at_s,
                process=Process(
                    pss_bytes=30 * MIB - number,
                    own_bytes=int(own),
                    descriptors=descriptors[number * len(descriptors) // looks],
                    cpu_s=number * 0.6,
                    zombies=zombies[number : number + 1] if number < len(zombies) else (),
                ),
                seen=Seen(overruns=overruns, undelivered=2),
                api=Counts(calls=number),
            )
        )
    return made


def kept(written: str, one: Course) -> bool:
    return sla.judge(sla.demand(written), one).kept


@pytest.mark.parametrize(
    ("written", "one", "well"),
    [
        ("p99=3s", course(), True),
        ("p50=999ms", course(), False),
        ("max=2s", course(), False),
        ("mean=2s", course(), True),
        ("overruns=0", course(overruns=1), False),
        ("overruns=1", course(overruns=1), True),
        ("missed=0", course(overruns=1), True),
        ("missed=0", course(overruns=0), False),
        ("missed=0", course(overruns=0, took_s=(2.2,)), True),  # too near to say who is right
        ("failed=0", course(took_s=(6.0,), overruns=1), False),
        ("undelivered=1", course(), False),
        ("undelivered=2", course(), True),
        ("growth=1MiB", course(), True),
        ("growth=1MiB/h", course(), True),
        ("growth=1MiB/h", course(grows_bytes_per_h=0.9 * MIB), True),
        ("growth=1MiB/h", course(grows_bytes_per_h=1.1 * MIB), False),
        ("growth=1MiB", course(grows_bytes_per_h=4 * MIB), False),
        ("growth=1MiB", course(grows_bytes_per_h=-4 * MIB), True),
        ("descriptors=2", course(descriptors=(10, 20, 20, 20, 22, 22)), True),
        ("descriptors=2", course(descriptors=(10, 20, 20, 20, 23, 23)), False),
        ("zombies=0", course(zombies=(7, 8, 9)), True),  # each was waited for soon
        ("zombies=0", course(zombies=(7, 7)), False),
        ("cpu=1%", course(), True),
        ("cpu=0.9%", course(), False),
    ],
)
def test_a_demand_is_kept_or_broken(written: str, one: Course, well: bool) -> None:
    assert kept(written, one) is well


@pytest.mark.parametrize("written", ["growth=1GiB", "descriptors=100", "cpu=100%"])
def test_too_few_looks_are_no_proof(written: str) -> None:
    judged = sla.judge(sla.demand(written), course(looks=7))
    assert not judged.kept
    assert judged.measured == "7 looks, and 8 are needed"


def test_no_iteration_is_no_proof_of_iterations_and_says_nothing_of_the_daemon() -> None:
    none = course(took_s=())
    assert not any(kept(written, none) for written in ("overruns=0", "missed=0", "failed=0", "p99=1h"))
    assert all(kept(written, none) for written in ("growth=1MiB", "descriptors=0", "zombies=0", "cpu=1%"))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "p99",
        "p0=1s",
        "overruns=-1",
        "overruns=1.5",
        "cpu=1",
        "memory=1MiB",
        "growth=x/h",
        "growth=1MiB/d",
    ],
)
def test_what_is_no_demand_is_refused_with_all_that_there_are(written: str) -> None:
    with pytest.raises(UsageError, match=f"--sla {written}(: needed is a| is no demand)") as error:
        sla.demand(written)
    assert "growth=1MiB/h" in error.value.remedy
    assert "p99=2s" in error.value.remedy


def test_a_slope_needs_time() -> None:
    sla.check(sla.demand("growth=1MiB/h"), 600)
    with pytest.raises(UsageError, match=r"no slope can be told within 1m") as error:
        sla.check(sla.demand("growth=1MiB/h"), 60)
    assert error.value.remedy.startswith("--for 10m or longer")


def test_a_line_tells_of_what_came_since_the_last_one() -> None:
    one = course()
    told = progress.Progress(one)
    assert "    0s: 2 iterations p50 1s p99 3s," in told.line(one.looks[0])
    line = told.line(one.looks[1])
    assert "  1m: 0 iterations p50 0s p99 0s," in line
    assert "calls 1 errors 0 throttled 0 unreachable 0" in line
    assert line.endswith("daemon 30 MiB 20 descriptors 1% CPU")


def test_the_summary_names_what_was_broken_and_the_file_has_all(tmp_path: Path) -> None:
    one = course()
    judged = [sla.judge(sla.demand(written), one) for written in ("p99=2s", "zombies=0")]
    said = list(progress.summary(one, judged))
    assert said[-2:] == ["SLA           p99=2s: 3s   BROKEN", "SLA           zombies=0: 0"]
    assert any("0 seen, 1 missed" in line for line in said)
    file = tmp_path / "told.json"
    progress.write(file, progress.told(one, judged, {"seed": "1"}))
    told = json.loads(file.read_text())
    assert (told["iterations"], len(told["looks"]), told["options"]) == (2, 61, {"seed": "1"})
    assert [judgement["kept"] for judgement in told["judgements"]] == [False, True]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    one = course(looks=1)
    with pytest.raises(LoopcamError, match=r"--json .*: Is a directory"):
        progress.write(tmp_path, progress.told(one, [], {}))
