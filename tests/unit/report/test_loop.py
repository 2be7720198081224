"""Which goroutines run the loop, which moved, and what they did when."""

from model.samples import Frame, SampleTable, State, TableBuilder, ThreadKind
from report.evidence import loop
from report.evidence.goroutines import Goroutine
from report.evidence.loop import Dump
from report.groups import groups, title

MAIN, SLEEP = Frame("main.main", "/srv/main.go", 3), Frame("time.Sleep", "runtime/time.go", 1)
SELECT = Frame("net/http.(*persistConn).roundTrip", "net/http/transport.go", 2)
SERVE = Frame("net/http/pprof.Profile", "net/http/pprof/pprof.go", 2)


def function(name: str, line: int = 1) -> Frame:
    return Frame(name, "/srv/loop.go", line)


def goroutine(
    number: int, *frames: Frame, reason: str = "select", minutes: int = 0, creator: int = 0
) -> Goroutine:
    return Goroutine(number, reason, minutes, False, frames, "main.main" if creator else "", creator)


def dumps(*looks: list[Goroutine]) -> list[Dump]:
    return [Dump(at * 1_000_000, tuple(look)) for at, look in enumerate(looks)]


def table(taken: list[Dump], end_us: int = 3_000_000) -> SampleTable:
    builder = TableBuilder()
    loop.add(taken, loop.find(taken), end_us, 0, builder)
    return builder.freeze(0, end_us)


def test_without_a_known_function_the_first_goroutine_is_taken() -> None:
    found = loop.find(dumps([goroutine(7, function("main.work")), goroutine(1, MAIN)]))
    assert (found.numbers, found.function) == ({1}, "")
    assert loop.find(dumps([goroutine(7, function("main.work"))])).numbers == set()


def test_a_function_that_runs_iterations_tells_better() -> None:
    once = function("k8s.io/autoscaler/cluster-autoscaler/core.(*StaticAutoscaler).RunOnce")
    reconciling = function(
        "sigs.k8s.io/controller-runtime/pkg/internal/controller.(*Controller[...]).reconcileHandler"
    )
    look = [goroutine(1, MAIN), goroutine(40, reconciling), goroutine(50, once)]
    assert loop.find(dumps(look)).numbers == {50}
    found = loop.find(dumps(look[:2]))
    assert (found.numbers, found.function) == ({40}, reconciling.function)


def test_of_many_workers_those_count_that_were_in_an_iteration_most_often() -> None:
    busy, idle = function("c.reconcileHandler"), function("c.next")
    look = [goroutine(1, MAIN), goroutine(2, busy), goroutine(3, busy)]
    later = [goroutine(1, MAIN), goroutine(2, busy), goroutine(3, idle)]
    assert loop.find(dumps(look, later)).numbers == {2}


def test_a_row_holds_until_the_next_look_and_ends_with_the_goroutine() -> None:
    work, rest = function("main.binpack"), function("main.fetch")
    taken = dumps(
        [goroutine(1, MAIN, work, reason="runnable"), goroutine(9, work)],
        [goroutine(1, MAIN, rest), goroutine(9, rest)],
        [goroutine(1, MAIN, rest)],
    )
    found = table(taken)
    said = [
        (
            found.threads[run.thread].name,
            found.frames[found.tops[run.stack]].function,
            run.start_us,
            run.end_us,
        )
        for run in found.runs()
    ]
    assert sorted(said) == [
        ("goroutine 1 main.main", "main.binpack", 0, 1_000_000),
        ("goroutine 1 main.main", "main.fetch", 1_000_000, 2_000_000),
        ("goroutine 1 main.main", "main.fetch", 2_000_000, 3_000_000),
        ("goroutine 9 main.binpack", "main.binpack", 0, 1_000_000),
        ("goroutine 9 main.binpack", "main.fetch", 1_000_000, 2_000_000),
    ]
    assert [run.state for run in found.runs()][:1] == [State.RUNNING]
    assert [thread.kind for thread in found.threads] == [ThreadKind.LOOP, ThreadKind.GOROUTINE]
    assert found.segments[0].rate_hz == 1


def test_those_that_moved_are_shown_and_not_who_serves_us() -> None:
    still, other = function("main.still"), [function("main.work", line) for line in (1, 2)]
    looks = [
        [goroutine(1, MAIN), goroutine(2, still), goroutine(3, line), goroutine(4, line, SERVE)]
        for line in other
    ]
    taken = dumps(*looks)
    assert loop.others(taken, loop.find(taken)) == [3]


def test_no_more_are_shown_than_fit() -> None:
    taken = dumps(
        *([goroutine(number, function("main.f", at)) for number in range(2, 99)] for at in range(3))
    )
    assert len(loop.others(taken, loop.find(taken))) == loop.MOST_OTHERS


def test_two_entries_of_one_goroutine_do_no_harm() -> None:
    found = table(dumps([goroutine(1, MAIN), goroutine(1, SLEEP)]))
    assert [run.end_us - run.start_us for run in found.runs()] == [3_000_000]


def test_groups_are_named_by_the_function_that_people_know() -> None:
    refresh = function("main.refresh")
    crowd = [goroutine(number, refresh, SELECT, minutes=number % 4) for number in range(10, 30)]
    lone = goroutine(2, function("main.watch"), SLEEP, reason="sleep", minutes=5)
    waits = [goroutine(3, SELECT), goroutine(4, SELECT, reason="IO wait")]
    ours = [goroutine(90, SERVE, reason="running"), goroutine(91, SELECT, MAIN, creator=90)]
    works = goroutine(5, function("main.binpack"), reason="runnable")
    taken = dumps([*ours, *waits, lone, *crowd, works, goroutine(1, MAIN)])
    found = groups(taken[0], loop.find(taken))
    assert [title(group) for group in found] == [
        "goroutine 1 in main.main (select)",
        "goroutine 5 in main.binpack (runnable)",
        "20 goroutines in net/http.(*persistConn).roundTrip, longest 3 minutes (select), "
        "called by main.refresh",
        "goroutine 2 in main.watch for 5 minutes (sleep)",
        "2 goroutines in net/http.(*persistConn).roundTrip (1 select, 1 IO wait)",
        "goroutine 91 in main.main (select)",
        "goroutine 90 in net/http/pprof.Profile (running)",
    ]
    assert [group.ours for group in found] == [False] * 5 + [True] * 2
    assert (
        title(groups(Dump(0, (goroutine(8, reason="idle"),)), loop.NO_LOOP)[0])
        == "goroutine 8 in (no stack) (idle)"
    )
