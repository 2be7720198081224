"""T12: every iteration overruns. The limits hold, and what is not captured is counted."""

from pathlib import Path

import pytest

from tests.daemon import daemon, target, until

ITERATIONS, CAPTURES = 30, 3


@pytest.mark.fault("T12")
def test_a_storm_of_overruns_is_captured_as_often_as_allowed_and_counted(tmp_path: Path, stuck: int) -> None:
    times = {"max_loop_time": "20ms", "collection_time": "100ms", "cooldown": "100ms"}
    with daemon(tmp_path, target("one", stuck, **times, captures_per_hour=CAPTURES)) as cam:
        for number in range(ITERATIONS):
            cam.beat("start", "one", number)
            until(lambda number=number: len(cam.said("overrun")) > number, "it overran")
            cam.beat("end", "one", number)
            if number < CAPTURES:  # so that the cooldown is not what refuses the next one
                until(lambda number=number: len(cam.said("report accepted")) > number, "captured")
                until(lambda: cam.target("one")["limits"]["would_refuse"] != "cooldown", "cooled down")
        cam.stored(CAPTURES)
        assert cam.metric("loopcam_overruns_total", target="one") == ITERATIONS
        assert len(cam.said("capture started")) == CAPTURES
        refused = cam.metric("loopcam_refusals_total", target="one", reason="rate_limited")
        assert refused >= ITERATIONS - CAPTURES  # an overrun that goes on asks again
        assert cam.target("one")["limits"]["would_refuse"] == "rate_limited"
