"""What else brings a capture, with a whole daemon and real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.events import PlanName, TriggerKind
from tests.daemon import daemon, looping, target, until
from tests.reports import assert_valid_report


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def test_a_light_capture_and_then_the_full_one_of_the_same_iteration(tmp_path: Path, stuck: int) -> None:
    early = [{"early": {"after": "300ms", "collection_time": "600ms"}}]
    with daemon(tmp_path, target("one", stuck, max_loop_time="6s", triggers=early)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        light, full = (assert_valid_report(one).capture for one in cam.stored(2))
        assert (light.trigger.kind, light.trigger.plan) == (TriggerKind.EARLY, PlanName.LIGHT)
        assert light.trigger.reason.endswith("an overrun at 6s")
        assert light.window.collection_time_s == 0.6
        assert (full.trigger.kind, full.trigger.plan) == (TriggerKind.OVERRUN, PlanName.FULL)
        assert (light.trigger.iteration, full.trigger.iteration) == ("17", "17")
        assert full.recording is not None
        assert cam.metric("loopcam_triggers_total", kind="early") == 1
        assert cam.metric("loopcam_overruns_total") == 1
        assert cam.target("one")["limits"]["would_refuse"] in ("cooldown", "busy")


def test_an_overrun_ends_the_light_capture_that_is_in_progress(tmp_path: Path, stuck: int) -> None:
    """An adaptive threshold, or a slow disk, may bring it earlier than the configuration foresees."""
    early = [{"early": {"after": "300ms", "collection_time": "1m"}}]
    with daemon(tmp_path, target("one", stuck, max_loop_time="2m", triggers=early)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        until(cam.recorded_a_while, "the light one runs")
        shorter = [{"early": {"after": "300ms", "collection_time": "500ms"}}]
        cam.configure(targets=[target("one", stuck, max_loop_time="1s", triggers=shorter)])
        light, full = (assert_valid_report(one).capture for one in cam.stored(2))
        assert (light.window.end, light.outcome) == ("escalated", "complete")
        assert (full.trigger.plan, full.trigger.iteration) == (PlanName.FULL, "17")
        assert cam.metric("loopcam_refusals_total", reason="busy") == 0
