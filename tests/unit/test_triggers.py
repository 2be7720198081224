"""Every trigger with a time that the test sets."""

from collections.abc import Iterable

import pytest

from daemon.triggers.adaptive import Adaptive
from daemon.triggers.contract import Judge, Seen, Usage
from daemon.triggers.cpu import Cpu, CpuJudge
from daemon.triggers.early import Early
from daemon.triggers.exit import UNKNOWN, Exit
from daemon.triggers.lasting import Lasting
from daemon.triggers.line import EVERY_S, Line, Lines
from daemon.triggers.memory import Memory, MemoryJudge
from daemon.triggers.silence import SilenceJudge
from daemon.watch.iterations import InFlight, Rules, Threshold
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind
from model.units import ByteSize, Percent, Seconds

MIB = 2**20


def used(at_s: float, cpu_s: float = 0.0, rss_bytes: int = 0) -> Seen:
    return Seen(now_s=at_s, usage=Usage(cpu_s=cpu_s, rss_bytes=rss_bytes))


def fired(judge: Judge, seen: Iterable[Seen]) -> list[tuple[float, str]]:
    return [(one.now_s, reason) for one in seen if (reason := judge.look(one)) is not None]


def test_what_lasts_is_a_reason_again_at_doubling_times() -> None:
    lasting = Lasting(10.0)
    times = [now_s for now_s in range(100) if lasting.fires(now_s, holds=now_s >= 5)]
    assert times == [5, 15, 25, 45, 85]
    assert not lasting.fires(100.0, holds=False)
    assert lasting.fires(101.0, holds=True)


def test_a_cpu_share_counts_over_the_whole_while_only() -> None:
    judge = CpuJudge(Cpu(above=Percent(0.8), over=Seconds(30)))
    busy = [used(at_s, cpu_s=0.97 * at_s) for at_s in range(0, 100, 5)]
    first, *more = fired(judge, busy)
    assert first == (30, "CPU share 97% of a core over 30s, limit 80%")
    assert [at_s for at_s, _ in more] == [60, 90]
    assert judge.says() == "97% of a core; fires above 80% over 30s"


def test_a_short_burst_of_cpu_is_none_and_several_cores_are_more_than_one() -> None:
    judge = CpuJudge(Cpu(above=Percent(0.8), over=Seconds(30)))
    burst = [used(at_s, cpu_s=min(at_s, 20)) for at_s in range(0, 300, 5)]
    assert fired(judge, burst) == []
    judge = CpuJudge(Cpu(above=Percent(3.0), over=Seconds(10)))
    assert fired(judge, [used(at_s, cpu_s=4 * at_s) for at_s in (0, 5, 10)])[0][1].startswith(
        "CPU share 400%"
    )


def test_a_cpu_share_that_fell_is_a_reason_anew() -> None:
    judge = CpuJudge(Cpu(above=Percent(0.5), over=Seconds(10)))
    cpu_s, seen = 0.0, []
    for at_s in range(0, 120, 5):
        cpu_s += 0 if 40 <= at_s < 80 else 5
        seen.append(used(at_s, cpu_s=cpu_s))
    assert [at_s for at_s, _ in fired(judge, seen)] == [10, 20, 30, 85, 95, 105]


def test_memory_above_a_limit() -> None:
    judge = MemoryJudge(Memory(above=ByteSize(2048 * MIB)))
    seen = [used(at_s, rss_bytes=(2000 + at_s) * MIB) for at_s in range(0, 100, 5)]
    assert fired(judge, seen) == [(50, "resident memory 2 GiB, limit 2 GiB")]
    assert judge.says() == "2.05 GiB; fires above 2 GiB"


def test_memory_that_grows_is_held_against_the_least_of_the_while() -> None:
    judge = MemoryJudge(Memory(growth=Percent(0.5), within=Seconds(600)))
    level = [used(at_s, rss_bytes=1000 * MIB) for at_s in range(0, 2000, 5)]
    assert fired(judge, level) == []
    leak = [used(2000 + at_s, rss_bytes=(1000 + at_s) * MIB) for at_s in range(0, 600, 5)]
    at_s, reason = fired(judge, leak)[0]
    assert at_s == 2505
    assert reason.startswith("resident memory 1.47 GiB, 50.5% more than the 1000 MiB of ")
    assert reason.endswith(" ago, limit 50%")


def test_the_growth_of_a_start_and_that_of_a_long_time_are_none() -> None:
    young = MemoryJudge(Memory(growth=Percent(0.5), within=Seconds(600)))
    assert fired(young, [used(at_s, rss_bytes=at_s * MIB) for at_s in range(1, 600, 5)]) == []
    slow = MemoryJudge(Memory(growth=Percent(0.5), within=Seconds(600)))
    assert fired(slow, [used(at_s, rss_bytes=(1000 + at_s // 10) * MIB) for at_s in range(0, 20000, 5)]) == []


def test_what_is_remembered_of_memory_is_bounded() -> None:
    judge = MemoryJudge(Memory(growth=Percent(0.5), within=Seconds(86400)))
    fired(judge, [used(at_s, rss_bytes=MIB) for at_s in range(0, 200_000, 5)])
    assert len(judge._rss) <= 66


def quiet(now_s: float, heard_s: float | None = 100.0, *, is_quiet: bool = True) -> Seen:
    return Seen(now_s=now_s, heard_s=heard_s, quiet=is_quiet)


def test_a_loop_that_stopped_is_told_once() -> None:
    judge = SilenceJudge(Seconds(60))
    seen = [quiet(now_s) for now_s in range(100, 400)]
    assert fired(judge, seen) == [(160, "no iteration for 1m, the loop stopped; limit 1m")]
    assert judge.says() == "silent for 4m59s; fires after 1m"
    again = [quiet(now_s, heard_s=400.0) for now_s in range(400, 500)]
    assert [at_s for at_s, _ in fired(judge, again)] == [460]


def test_no_silence_where_nothing_was_ever_heard_or_nothing_can_be() -> None:
    judge = SilenceJudge(Seconds(60))
    assert fired(judge, [quiet(now_s, heard_s=None) for now_s in range(500)]) == []
    # In flight, on standby or without a source until 600: then it counts from there.
    seen = [quiet(now_s, is_quiet=now_s > 600) for now_s in range(500, 900)]
    assert [at_s for at_s, _ in fired(judge, seen)] == [660]


def test_nobody_is_silent_while_we_did_not_run() -> None:
    judge = SilenceJudge(Seconds(60))
    assert fired(judge, [quiet(101), quiet(102), quiet(500)]) == []
    assert [at_s for at_s, _ in fired(judge, [quiet(n) for n in range(501, 600)])] == [560]


def test_many_lines_in_a_row_are_one_reason() -> None:
    lines = Lines("panic")
    told = [reason for now_s in range(25) if (reason := lines.matched(float(now_s)))]
    assert told[0] == "a line of the log matches panic; told once in 10s at most"
    assert [one.partition("; ")[0] for one in told[1:]] == [
        "a line of the log matches panic, and 9 lines since the last time",
    ] * 2
    assert EVERY_S == 10


@pytest.mark.parametrize("pattern", ["(?=x)", "x*", "("])
def test_a_pattern_that_is_not_read_or_says_nothing_is_a_fault(pattern: str) -> None:
    ((field, value, _),) = Line(match=pattern).check()
    assert (field, value) == ("match", pattern)


def test_an_exit_counts_within_an_iteration_or_at_any_time() -> None:
    running = InFlight(iteration="17", started_s=100.0, threshold=Threshold(time_s=60.0))
    status = "it was ended by SIGKILL"
    said = Exit().reason(112.0, running, status)
    assert said == "the process ended while iteration 17 was in flight for 12s; it was ended by SIGKILL"
    assert Exit().reason(112.0, None, status) is None
    said = Exit(within_iteration=False).reason(112.0, None, UNKNOWN)
    assert said == f"the process ended between iterations; {UNKNOWN}"


def test_what_waits_for_the_loop_says_for_what() -> None:
    rules = Rules(mode="start_end", max_loop_time_s=60.0, first_loop_time_s=60.0)
    adaptive, early = Adaptive(needs=1, last=5), Early(after=Seconds(10))
    watch = LoopWatch("a", "main", early.on_loop(adaptive.on_loop(rules)))
    assert adaptive.says(watch).startswith("not in effect: too few iterations")
    assert early.says(watch) == "fires at an age of 10s"
    for kind, at_s in ((EventKind.START, 100.0), (EventKind.END, 104.0)):
        watch.take(Event(source="test", target="a", kind=kind, at_s=at_s))
    assert adaptive.says(watch) == "allowed are 12s (3 times the median of the last 1 iterations, 4s)"
