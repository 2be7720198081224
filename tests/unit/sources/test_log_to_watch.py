"""What the presets make of a loop's life: from lines with times to what is due and what has overrun."""

from collections.abc import Iterable

import pytest

from daemon.sources.log.feed import make_feed
from daemon.sources.log.options import Log
from daemon.sources.log.presets import PresetName
from daemon.watch.crowd import CrowdWatch
from daemon.watch.iterations import Ended, Rules, Watch
from daemon.watch.sequence import LoopWatch
from model.events import Event, EventKind

CA = "I0929 06:59:22.973759       1 "
CA_START = f"{CA}static_autoscaler.go:187] Starting main loop"
NOISE = f"{CA}klogx.go:87] Pod default/x is unschedulable"


class Followed:
    """A loop as a preset sees it."""

    def __init__(self, preset: PresetName, **options: object) -> None:
        log = Log(path="/x", preset=preset, **options)  # type: ignore[arg-type]
        told = log.loop_rules()
        rules = Rules(
            mode=told.mode,
            max_loop_time_s=told.max_loop_time_s or 120,
            first_loop_time_s=told.max_loop_time_s or 120,
            idle_allowance_s=told.idle_allowance_s,
            concurrent=told.concurrent,
        )
        self.watch: Watch = (CrowdWatch if told.concurrent else LoopWatch)("a", "main", rules)
        self.ended: list[Ended] = []
        self._feed = make_feed(log)

    def lines(self, *lines: tuple[float, str]) -> "Followed":
        """Lines, each at its time."""
        for at_s, line in lines:
            for mark in self._feed.take(f"{line}\n".encode()):
                event = Event(
                    source="log",
                    target="a",
                    kind=EventKind(mark.kind),
                    at_s=at_s,
                    iteration=mark.iteration,
                    duration_s=mark.duration_s,
                )
                self.ended += [one for one in self.watch.take(event) if isinstance(one, Ended)]
        return self


def noise(until_s: int) -> Iterable[tuple[float, str]]:
    return ((float(second), NOISE) for second in range(until_s))


def test_cluster_autoscaler_overruns_while_it_goes_on_logging():
    followed = Followed("cluster-autoscaler").lines((0, CA_START), *noise(134))
    assert followed.watch.fire(134) is None
    trigger = followed.watch.fire(135)
    assert trigger is not None
    assert trigger.reason == "silent for 2m15s, allowed are 2m and 15s of pause"


def test_cluster_autoscaler_with_short_iterations_never_overruns():
    followed = Followed("cluster-autoscaler").lines(*((10.0 * turn, CA_START) for turn in range(100)))
    assert followed.watch.due_s() == 990 + 135
    assert len(followed.ended) == 99
    assert not any(one.overran for one in followed.ended)


def test_after_the_end_of_a_long_iteration_of_cluster_autoscaler_nothing_is_due():
    end = f"{CA}metrics.go:391] Function main took 1m40s to complete"
    followed = Followed("cluster-autoscaler").lines((0, CA_START), (100, end))
    assert followed.watch.due_s() is None
    assert [(one.ended_s - one.started_s, one.overran) for one in followed.ended] == [(100, False)]


def test_a_standby_replica_never_starts_and_nothing_is_ever_due():
    waits = f"{CA}leaderelection.go:250] attempting to acquire leader lease kube-system/cluster-autoscaler..."
    followed = Followed("cluster-autoscaler").lines((0, waits), *noise(1000))
    assert followed.watch.due_s() is None
    assert followed.watch.idle


def test_ray_overruns_when_no_end_comes_also_after_an_error():
    took = "INFO autoscaler.py:146 -- The autoscaler took 7.5 seconds to complete the update iteration."
    failed = "ERROR autoscaler.py:369 -- StandardAutoscaler: Error during autoscaling."
    followed = Followed("ray-autoscaler").lines((10, took), (22, failed))
    assert followed.watch.due_s() == 22 + 75
    assert [one.ended_s - one.started_s for one in followed.ended] == [7.5, 12]


def test_patroni_overruns_at_its_time_to_live():
    owner = "2026-12-10 16:30:48,403 INFO: Lock owner: pg-1; I am pg-1"
    done = "2026-12-10 16:30:48,503 INFO: no action. I am (pg-1), the leader with the lock"
    followed = Followed("patroni").lines((0, owner), (0.1, done), (10, owner), (10.1, done))
    assert followed.watch.due_s() == 42


def test_reconciliations_overrun_one_by_one():
    line = '{{"level":"debug","msg":"{}","reconcileID":"0000000{}-6f0b-4d6e-9a3c-1c2d3e4f5a6b"}}'
    followed = Followed("controller-runtime").lines(
        (0, line.format("Reconciling", 1)),
        (1, line.format("Reconciling", 2)),
        (2, line.format("Reconcile successful", 1)),
        (3, line.format("Reconciling Machine", 2)),
    )
    assert followed.watch.due_s() == 61
    assert len(followed.ended) == 1


@pytest.mark.parametrize("line", ["", "   "])
def test_lines_without_text_are_no_sign_of_life(line):
    followed = Followed("beat", idle_allowance=30.0).lines((0, "alive"), (100, line))
    assert followed.watch.due_s() == 150
