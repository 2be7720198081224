from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from daemon.exec import demands, junit, summary
from daemon.exec.reports import Found
from daemon.exec.tally import MOST_OPEN, MOST_TOLD, Tally, percentile
from daemon.watch.iterations import Ended
from model.errors import UsageError
from model.events import Trigger, TriggerKind

LIMIT_S = 2.0


def ended(took_s: float, name: str | None = None, *, fired: bool = False) -> Ended:
    overran = took_s >= LIMIT_S
    return Ended(
        iteration=name,
        started_s=100.0,
        ended_s=100.0 + took_s,
        overran=overran,
        unseen=overran and not fired,
    )


def trigger(name: str | None, age_s: float, fired: int = 1) -> Trigger:
    return Trigger(
        target="scaler",
        kind=TriggerKind.OVERRUN,
        reason="",
        at_s=100.0 + age_s,
        iteration=name,
        fired=fired,
        started_s=100.0,
        threshold_s=LIMIT_S,
    )


def tallied(*happened: Ended | Trigger) -> Tally:
    tally = Tally()
    for one in happened:
        tally.take(one)
    return tally


@pytest.mark.parametrize(
    ("percent", "value"), [(50, 5.0), (51, 6.0), (99, 10.0), (99.9, 10.0), (10, 1.0), (1, 1.0), (100, 10.0)]
)
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([float(n) for n in range(1, 11)], percent) == value
    assert percentile([7.0], percent) == 7.0


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("p50=1s", True),
        ("p50=900ms", False),
        ("p99=10s", True),
        ("p99.9=9s", False),
        ("max=10s", True),
        ("max=9.9s", False),
        ("mean=4s", True),
        ("mean=3.9s", False),
    ],
)
def test_a_demand_is_kept_up_to_its_limit(written: str, kept: bool) -> None:
    tally = tallied(*(ended(took_s) for took_s in (1.0, 1.0, 10.0)))
    judged = demands.of_durations(demands.demand(written), tally)
    assert (judged.broken == "") is kept


@pytest.mark.parametrize(
    "written", ["", "p99", "p99=", "p99=2", "p0=1s", "p100=1s", "median=1s", "p99=1s,max=2s"]
)
def test_what_is_no_demand_is_refused_with_its_form(written: str) -> None:
    with pytest.raises(UsageError, match="--sla") as refused:
        demands.demand(written)
    assert "p99=2s" in refused.value.remedy


def test_without_iterations_no_demand_is_kept() -> None:
    for judged in (
        demands.of_durations(demands.demand("max=1d"), Tally()),
        demands.of_overruns(Tally(), LIMIT_S, heard=False),
    ):
        assert judged.broken.startswith("no")


def test_an_overrun_counts_once_however_often_it_fired() -> None:
    tally = tallied(trigger("a", 2.0), trigger("a", 4.0, 2), ended(5.0, "a", fired=True), ended(3.0, "b"))
    assert tally.overruns == 2
    assert tally.iterations == 2
    judged = demands.of_overruns(tally, LIMIT_S, heard=True)
    assert judged.broken == "2 iterations overran"
    assert [(one.name, one.duration_s) for one in judged.iterations] == [("a", 5.0), ("b", 3.0)]


def test_an_overrun_that_never_ended_counts_with_the_age_it_was_seen_at() -> None:
    tally = tallied(ended(0.1), trigger("stuck", 2.0), trigger("stuck", 4.0, 2))
    assert (tally.iterations, tally.overruns) == (1, 1)
    assert tally.durations_s() == [pytest.approx(0.1), 4.0]
    judged = demands.of_durations(demands.demand("max=3s"), tally)
    assert junit.words(judged.iterations[0], 3.0) == (
        "iteration stuck never ended, and took at least 4s, allowed are 3s"
    )


def test_an_end_closes_the_overrun_that_had_no_name_before() -> None:
    tally = tallied(trigger(None, 2.0), ended(3.0, "named by its end", fired=True))
    assert [one.name for one in tally.slowest()] == ["named by its end"]
    assert len(tally.durations_s()) == 1


def test_what_is_remembered_is_bounded() -> None:
    tally = tallied(*(ended(number / 1000) for number in range(1000)))
    assert [one.number for one in tally.slowest()] == list(range(1000, 1000 - MOST_TOLD, -1))
    assert len(tally._slowest) <= 2 * MOST_TOLD
    for number in range(2 * MOST_OPEN):
        tally.take(trigger(str(number), 2.0))
    assert len(tally._open) == MOST_OPEN


def written(tally: Tally, name: str = "scaler") -> ElementTree.Element:
    judged = [
        demands.of_exit(7),
        demands.of_overruns(tally, LIMIT_S, heard=True),
        demands.of_durations(demands.demand("p99=1s"), tally),
        demands.of_durations(demands.demand("max=1h"), tally),
    ]
    reports = [Found(Path("/out/<&>\x1b/report"), "iteration a\x00]]>")]
    text = junit.document(name, judged, reports, 1.5)
    assert text.startswith(b"<?xml")
    return ElementTree.fromstring(text)


def test_the_xml_holds_a_case_for_each_demand_and_says_what_broke_it() -> None:
    suites = written(tallied(trigger("a", 2.0), ended(5.0, "a", fired=True)))
    assert (suites.get("tests"), suites.get("failures")) == ("4", "3")
    cases = suites.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == [
        "the command ends with 0",
        "no iteration longer than 2s",
        "p99 within 1s",
        "max within 1h",
    ]
    failures = [case.find("failure") for case in cases]
    assert failures[3] is None
    assert failures[0] is not None
    assert failures[0].get("message") == "it ended with 7"
    assert failures[1] is not None
    assert "iteration a took 5s, allowed are 2s" in (failures[1].text or "")
    assert "/report" in (failures[1].text or "")


def test_whatever_a_name_holds_the_xml_is_valid() -> None:
    nasty = '\x00\x1b<a href="&">]]>\ud800\uffff'
    suites = written(tallied(ended(5.0, nasty)), "scaler")
    text = "".join(suites.itertext())
    assert '<a href="&">]]>' in text


def test_the_summary_says_what_was_seen() -> None:
    tally = tallied(*(ended(0.1) for _ in range(9)), ended(3.0, "slow"))
    judged = [demands.of_exit(0), demands.of_overruns(tally, LIMIT_S, heard=True)]
    lines = list(summary.lines(tally, judged, [], {"cooldown": 1}, heard=True, unheard={}))
    assert lines == [
        "10 iterations, p50 100ms, p99 3s, max 3s, 1 overrun",
        "captures refused: 1 cooldown",
        "broken: no iteration longer than 2s: 1 iteration overran",
        "  iteration slow took 3s, allowed are 2s",
    ]


def test_what_never_ended_is_told_apart_and_counts_in_every_figure() -> None:
    tally = tallied(ended(1.0), trigger("stuck", 4.0))
    judged = [demands.of_durations(demands.demand("max=3s"), tally)]
    lines = list(summary.lines(tally, judged, [], {}, heard=True, unheard={}))
    assert lines == [
        "1 iteration and 1 unfinished, p50 1s, p99 4s, max 4s, 1 overrun",
        "broken: max within 3s: max of 1 iteration and 1 unfinished is 4s, demanded are 3s",
        "  iteration stuck never ended, and took at least 4s, allowed are 3s",
    ]


def test_a_report_names_its_iteration_in_the_words_of_the_failure() -> None:
    overran = msgspec.structs.replace(trigger(None, 2.5), started_s=200.0)
    end = msgspec.structs.replace(ended(3.0, fired=True), started_s=200.0, ended_s=203.0)
    tally = tallied(ended(0.1), overran, end)
    (slow,) = demands.of_overruns(tally, LIMIT_S, heard=True).iterations
    assert junit.words(slow, LIMIT_S).startswith("iteration number 2 took 3s")
    assert tally.named(overran) == "iteration number 2"
    assert tally.named(trigger("a", 2.0)) == "iteration a"
    assert tally.named(trigger(None, 2.0)) == "an unfinished iteration"


def test_silence_is_told_with_what_to_do() -> None:
    (line,) = summary.lines(Tally(), [demands.of_exit(0)], [], {}, heard=False, unheard={})
    assert "nothing was heard" in line
    assert "LOOPCAM_SOCKET" in line


def test_heartbeats_that_were_all_refused_are_not_silence() -> None:
    (line,) = summary.lines(Tally(), [demands.of_exit(0)], [], {}, heard=False, unheard={"malformed": 2})
    assert "nothing was heard" not in line
    assert "2 heartbeats were refused, and no other came" in line
    assert "2 malformed (an iteration's name has 1 to 128" in line
