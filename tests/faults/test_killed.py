import json
import random
from collections.abc import Callable
from pathlib import Path
from time import sleep

import pytest

from model.manifest import Manifest
from tests.daemon import Daemon, daemon, target, until
from tests.reports import assert_valid_report
from tests.tally import Tally, Times

MOMENTS, SOAK_MOMENTS = 8, 200  # at which it is killed, over the life of a report


def outcome(cam: Daemon) -> list[Manifest]:
    """Start again and wait until nothing is left to do; gives what was stored, each whole and once."""
    cam.start()
    until(lambda: not list((cam.spool / "incoming").iterdir()), "orphans are taken up")
    until(lambda: cam.sink("file")["pending"] == 0, "all is delivered")
    found = cam.stored(len(cam.entries()))
    assert [one.name for one in found] == cam.entries()
    assert not list((cam.spool / "damaged").iterdir())
    return [assert_valid_report(one) for one in found]


@pytest.mark.fault("S1")
def test_killed_at_any_moment_it_loses_and_doubles_nothing(
    tmp_path: Path, stuck: int, tally: Tally, times: Times
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    with daemon(tmp_path, target("one", stuck, cooldown="400ms"), shutdown_grace="5s") as cam:
        accepted: set[str] = set()
        tally.tries = times(MOMENTS, SOAK_MOMENTS)
        for round_ in range(tally.tries):
            cam.beat("start", "one", round_)
            until(lambda: cam.said("capture started", cam.logs[-1:]), "a capture")
            sleep(moments.uniform(0, 1.6))
            cam.kill()
            accepted |= {line["report"] for line in cam.said("report accepted")}
            until(lambda: not cam.children(), "every child is gone", within_s=5)
            cam.launch()
            sleep(moments.uniform(0, 0.8))  # a start is killed, too
            cam.kill()
            cam.start()
            until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
        cam.kill()
        manifests = outcome(cam)
        tally.lost = len(accepted - {one.id for one in manifests})
        tally.duplicated = len(manifests) - len({one.id for one in manifests})
        assert (tally.lost, tally.duplicated) == (0, 0)
        started = {line["report"] for line in cam.said("capture started")}
        assert {one.id for one in manifests} <= started
        assert len(manifests) >= tally.tries * 0.75  # killed before anything was looked at, there is nothing
        for manifest in manifests:
            adopted = "adopted" in manifest.capture.notes
            assert manifest.capture.window.end == ("daemon_killed" if adopted else "collection_time")


def recording(cam: Daemon) -> bool:
    return cam.recorded_a_while()


def accepted(cam: Daemon) -> bool:
    return bool(cam.said("report accepted"))


def drawing(cam: Daemon) -> bool:
    return bool(list(cam.spool.glob("reports/*/report/.rendering-*")))


def drawn(cam: Daemon) -> bool:
    return bool(list(cam.spool.glob("reports/*/report/manifest.json")))


def storing(cam: Daemon) -> bool:
    return bool(list(cam.reports.rglob(".*.partial")))


def stored(cam: Daemon) -> bool:
    return bool(cam.said("report stored"))


def comes(cam: Daemon, moment: Callable[[Daemon], bool], number: int) -> bool:
    """Have one more overrun and wait for a moment of its report; some are short, and can be missed."""
    cam.beat("start", "one", number)
    while not moment(cam):  # without a pause
        if len(cam.said("report stored")) > number:
            cam.beat("end", "one", number)
            until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
            return moment is stored
    return True


@pytest.mark.fault("S1")
@pytest.mark.parametrize("moment", [recording, accepted, drawing, drawn, storing, stored])
def test_killed_at_this_moment_the_report_arrives_once(
    tmp_path: Path, stuck: int, moment: Callable[[Daemon], bool]
) -> None:
    times = {"collection_time": "30s", "cooldown": "1m"} if moment is recording else {"cooldown": "400ms"}
    with daemon(tmp_path, target("one", stuck, **times)) as cam:
        assert any(comes(cam, moment, number) for number in range(5))
        cam.kill()
        until(lambda: not cam.children(), "every child is gone", within_s=5)
        manifests = outcome(cam)
        assert manifests
        for manifest in manifests:
            assert manifest.rendering.rendered
            if moment is recording or not manifest.capture.notes:  # not the next capture, which just began
                assert manifest.top_stacks[0].function == "the_culprit"
        if moment is recording:
            assert manifests[0].capture.notes == ("adopted",)
            assert manifests[0].capture.outcome == "partial"
            assert cam.metric("loopcam_captures_total", target="one", outcome="partial") == 1


@pytest.mark.fault("T3")
def test_the_target_lives_on_when_the_daemon_is_killed(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="1m")) as cam:
        cam.beat("start", "one")
        until(lambda: any("record" in line for line in cam.children().values()), "it records")
        cam.kill()
        state = Path(f"/proc/{stuck}/stat").read_text().rpartition(")")[2].split()[0]
        assert state in "RS"
        until(lambda: not cam.children(), "the sampler is gone", within_s=5)


@pytest.mark.fault("D7")
def test_an_iteration_that_was_open_is_no_overrun_after_a_restart(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, max_loop_time="1h")) as cam:
        cam.beat("start", "one", "17")
        cam.kill()
        cam.configure(targets=[target("one", stuck)])
        cam.start()
        cam.beat("end", "one", "17")
        assert cam.metric("loopcam_stray_events_total", reason="end_without_start") == 1
        assert cam.metric("loopcam_overruns_total") == 0
        cam.beat("start", "one", "18")
        cam.beat("end", "one", "18")
        assert cam.metric("loopcam_iterations_total", target="one") == 1
        assert not cam.entries()


def test_cooldown_and_captures_an_hour_survive_a_kill(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, captures_per_hour=2, collection_time="2s")) as cam:
        cam.beat("start", "one", 1)
        until(lambda: [*cam.spool.glob("incoming/*/opened.json")], "it begins, which is after it was counted")
        cam.kill()
        cam.start()
        limits = cam.target("one")["limits"]
        assert limits["would_refuse"] == "cooldown"
        assert 3500 < limits["cooldown_left_s"] <= 3600
        assert limits["captures_left_this_hour"] == 1
        assert cam.ask("POST", "/v1/collect")[0] == 202  # by hand: it spends, and ignores the cooldown
        until(lambda: len(cam.said("report accepted")) >= 1, "taken")
        cam.kill()
        cam.start()
        assert cam.target("one")["limits"]["captures_left_this_hour"] == 0
        status, answer = cam.ask("POST", "/v1/collect")
        assert status == 409
        assert "rate_limited" in answer["error"]
        cam.beat("start", "one", 2)
        until(lambda: cam.metric("loopcam_refusals_total", reason="cooldown"), "refused")


def test_limits_that_cannot_be_read_mean_one_full_cooldown(tmp_path: Path, stuck: int) -> None:
    limits = tmp_path / "spool" / "state" / "limits.json"
    limits.parent.mkdir(parents=True)
    limits.write_bytes(b"\xff\x00 not json")
    with daemon(tmp_path, target("one", stuck, cooldown="3s")) as cam:
        cam.beat("start", "one", 1)
        until(lambda: cam.metric("loopcam_refusals_total", reason="cooldown"), "refused at first")
        cam.kill()
        cam.start()
        until(lambda: not cam.target("one")["limits"]["would_refuse"], "one cooldown, and no longer", 4)
        cam.beat("start", "one", 2)
        cam.stored(1)
        assert json.loads(limits.read_text())["targets"]["one"]
