from collections.abc import Sequence

from benchmarks.strangers import STRANGERS
from benchmarks.verdicts import confusion
from benchmarks.verdicts.cases import cases
from benchmarks.verdicts.playing import Judged
from daemon.demo.stalls import STALLS
from model.verdict import Cause


def _judged_stranger(stall: str, judged: str) -> Judged:
    injected, *also = STRANGERS[stall].causes
    return Judged(stall=stall, injected=injected, also=tuple(also), judged=judged, seconds=4.0)


def _judged(stall: str, judged: str, confidence: str = "high") -> Judged:
    return Judged(
        stall=stall,
        injected=STALLS[stall].cause,
        judged=judged,
        confidence=confidence,
        sentence=f"It is {judged}.",
        threads=4,
        depth=0,
        seconds=4.0,
        report=f"/reports/{stall}",
    )


PLAYED: Sequence[Judged] = (
    _judged("sleep", "sleep"),
    _judged("sleep-polling", "backoff"),
    _judged("sleep-polling", "sleep", "low"),
    _judged("dns", "unknown", "low"),
    _judged("deadlock", "lock_wait", "medium"),
)


def test_the_table_counts_by_cause() -> None:
    assert confusion.table(PLAYED).splitlines()[2:] == [
        "| sleep | 3 | 2 | 0 | 1 x backoff |",
        "| dns | 1 | 0 | 1 |  |",
        "| deadlock | 1 | 0 | 0 | 1 x lock_wait |",
        "| **all** | 5 | 2 | 1 | 2 |",
    ]


def test_variants_are_told_apart() -> None:
    assert "| sleep-polling | 1 of 2 | 1 x low | 1 x backoff (high) |" in confusion.stalls_table(PLAYED)


def test_the_square_has_a_column_for_every_answer() -> None:
    lines = confusion.matrix(PLAYED).splitlines()
    assert lines[1].split() == ["1", "sleep", "2", ".", ".", "1", ".", "."]
    assert lines[4].split() == ["4", "backoff"]
    assert len(lines) == 7


def test_wrong_and_sure_comes_first_with_its_folder() -> None:
    lines = confusion.summary(PLAYED).splitlines()
    assert lines[0] == "right cause first: 2 of 5 (40.0%; aim 95%)"
    assert lines[1] == "no answer: 1"
    assert lines[2] == "wrong: 2, with high confidence: 1 (aim 0)"
    assert lines[3] == "  sleep-polling: judged backoff (high), /reports/sleep-polling"


def test_every_round_plays_every_stall_in_another_way() -> None:
    played = list(cases(4, ["sleep"]))
    assert [one.stall for one in played] == ["sleep", "sleep-polling"] * 4
    assert len({(one.stall, one.threads, one.depth, one.seconds) for one in played}) == 8
    assert len({one.target for one in played}) == 8


def test_only_takes_a_stall_or_a_cause() -> None:
    assert [one.stall for one in cases(1, ["sleep-polling"])] == ["sleep-polling"]
    assert {one.causes for one in cases(1, ["lock_wait", "deadlock"])} == {("lock_wait",), ("deadlock",)}


def test_any_of_a_strangers_causes_is_right_and_unknown_may_be() -> None:
    judged = [
        _judged_stranger("gather-mixed", "own_code"),
        _judged_stranger("rest-event", "unknown"),
        _judged_stranger("rest-queue", "lock_wait"),
        _judged_stranger("compress", "unknown"),
    ]
    assert [one.right for one in judged] == [True, True, False, False]
    assert confusion.table(judged).splitlines()[2:] == [
        "| network_wait | 1 | 1 | 0 |  |",
        "| unknown | 2 | 1 | 0 | 1 x lock_wait |",
        "| native_code | 1 | 0 | 1 |  |",
        "| **all** | 4 | 2 | 1 | 1 |",
    ]


def test_strangers_are_played_by_a_program_of_their_own() -> None:
    played = list(cases(2, [], "strangers"))
    assert {one.stall for one in played} == set(STRANGERS)
    assert len({one.target for one in played}) == 2 * len(STRANGERS)
    assert all("benchmarks.strangers.program" in one.program("http://x", "pid", 1) for one in played)
    assert {one.stall for one in cases(1, ["disk"], "strangers")} == {"lock-file"}
    assert {cause for one in STRANGERS.values() for cause in one.causes} <= set(Cause)
