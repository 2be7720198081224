"""Computing with little of a CPU: never sure, and a quota is no crowd."""

import pytest

from model.history import History
from model.signals import Name
from model.verdict import Cause, Confidence
from report.verdict import judge
from tests.unit.report.verdict.scenes import own, running, scene

# As recorded on a machine with two CPUs, whose load was 4.6 before the iteration: it used 0.15 s of a CPU
CROWD = {Name.HOST_BUSY: 2.0, Name.HOST_CPUS: 2.0, Name.HOST_OTHERS: 1.94}
BEFORE = {Name.HOST_CPUS: 2.0, Name.HOST_LOAD: 4.56}
QUOTA = {Name.CGROUP_THROTTLED: 0.88, Name.CGROUP_THROTTLED_PERIODS: 0.95, Name.CGROUP_CPU_QUOTA: 0.06}
HISTORY = History(iterations=4, median_s=0.0586, p90_s=0.1, p99_s=0.1, most_s=0.1)
STARVED = {"MainThread": (0.044, 0.845)}


def test_a_thread_that_got_no_cpu_is_not_surely_computing() -> None:
    threads = {"MainThread": [running(1.0, own("pack"))]}
    verdict = judge(scene(threads, cpu=STARVED, signals=CROWD, before=BEFORE, history=HISTORY))
    assert verdict.confidence is not Confidence.HIGH
    assert {verdict.cause, *(each.cause for each in verdict.alternatives)} >= {
        Cause.OWN_CODE,
        Cause.CPU_STARVED,
    }
    assert "It had a CPU for 5% of the time that it was ready to run." in verdict.sentence


def test_a_quota_is_not_taken_for_a_crowd_that_was_there_before() -> None:
    threads = {"MainThread": [running(1.0, own("pack"))]}
    verdict = judge(scene(threads, cpu=STARVED, signals={**CROWD, **QUOTA}, before=BEFORE, history=HISTORY))
    assert (verdict.cause, verdict.confidence) == (Cause.CPU_THROTTLED, Confidence.HIGH)


@pytest.mark.parametrize("cpu", [(0.98, 0.01), (0.6, 0.35)])
def test_a_thread_that_has_a_cpu_most_of_the_time_is_as_sure_as_ever(cpu: tuple[float, float]) -> None:
    verdict = judge(scene({"MainThread": [running(1.0, own("pack"))]}, cpu={"MainThread": cpu}))
    assert (verdict.cause, verdict.confidence) == (Cause.OWN_CODE, Confidence.HIGH)
    assert "had a CPU" not in verdict.sentence
