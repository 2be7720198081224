import json
from pathlib import Path

from tests.daemon import daemon, looping, target, tell, until, whole_reports
from tests.e2e.conftest import Bucket
from tests.reports import assert_valid_report
from tests.servers import put_only


def test_an_overrun_becomes_a_report_in_a_folder_and_in_a_bucket(tmp_path: Path, bucket: Bucket) -> None:
    scaler = target("scaler", process={"pidfile": str(tmp_path / "pid")})
    with (
        put_only(bucket.url) as guard,
        daemon(
            tmp_path,
            scaler,
            sinks=[
                {"file": {"path": str(tmp_path / "reports")}},
                bucket.sink(prefix="{cluster}/", endpoint_url=guard.url),
            ],
            labels={"cluster": "prod-1"},
        ) as cam,
    ):
        with looping(cam.url, "scaler") as child:
            (tmp_path / "pid").write_text(str(child.pid))
            cam.finds("scaler")
            tell(child, "stall")
            manifest = cam.report()
            tell(child, "go")
        until(lambda: cam.metric("loopcam_deliveries_total", result="delivered") == 2, "two are counted")
        assert cam.metric("loopcam_overruns_total", target="scaler", certainty="certain") == 1
        assert cam.metric("loopcam_captures_total", target="scaler", outcome="complete") == 1

    top = manifest.top_stacks[0]
    assert top.function == "the_culprit"
    assert top.function_share > 0.9
    assert manifest.capture.outcome == "complete"
    assert manifest.capture.labels == {"cluster": "prod-1"}
    assert manifest.capture.process.pid == child.pid

    last = f"prod-1/{manifest.path}/manifest.json"
    assert guard.requests[-1].target.startswith(f"/{bucket.name}/{last}")
    assert len(guard.requests) == len(bucket.keys()) == len(manifest.artifacts) + 1
    assert bucket.head(last)["Metadata"]["loopcam-label-cluster"] == "prod-1"
    assert bucket.head(f"prod-1/{manifest.path}/report.html")["ContentType"].startswith("text/html")
    folder = bucket.download(tmp_path / "bucket")
    assert assert_valid_report(folder / "prod-1" / manifest.path) == manifest


def test_several_targets_share_a_daemon_and_each_has_its_own_limits(tmp_path: Path) -> None:
    with looping() as one, looping() as other:
        targets = [target("one", one.pid), target("other", other.pid, max_loop_time="1h")]
        with daemon(tmp_path, *targets, captures_at_once=2) as cam:
            cam.finds("one", "other")
            cam.beat("start", "other", 1)
            cam.beat("start", "one", 1)
            assert cam.report().capture.target == "one"
            assert cam.target("one")["limits"]["would_refuse"] == "cooldown"
            assert cam.target("other")["limits"]["would_refuse"] is None
            assert cam.target("other")["in_flight"]["fires_in_s"] > 3000
            assert cam.metric("loopcam_overruns_total", target="other") == 0


def test_a_stall_is_captured_again_at_growing_ages(tmp_path: Path) -> None:
    with looping() as child:
        impatient = target("one", child.pid, max_loop_time="400ms", collection_time="100ms", cooldown="100ms")
        with daemon(tmp_path, impatient) as cam:
            cam.finds("one")
            cam.beat("start", "one", "long")
            until(lambda: len(whole_reports(cam.reports)) >= 3, "three reports")  # where we are late, four
            found = [json.loads((one / "capture.json").read_text()) for one in whole_reports(cam.reports)]
            cam.beat("end", "one", "long")
            triggers = sorted((one["trigger"] for one in found), key=lambda one: one["at_s"])
            levels = [one["level"] for one in triggers]
            assert levels[0] == 0
            assert levels == sorted(set(levels))  # one that fell into a slow capture before it was refused
            for one in triggers:
                assert one["at_s"] - one["started_s"] >= 0.4 * 2 ** one["level"]
            assert cam.metric("loopcam_overruns_total", target="one") == 1


def test_growing_ages_within_the_cooldown_are_refused_and_counted(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        cam.finds("one")
        cam.beat("start", "one")
        cam.stored(1)
        refused = until(lambda: cam.metric("loopcam_refusals_total", reason="cooldown"), "a refusal")
        assert refused >= 1
        assert cam.target("one")["in_flight"]["fired"] >= 2
        assert "the cooldown ends in" in cam.said("not captured again")[0]["why"]


def test_the_oldest_overrun_is_captured_and_the_others_are_busy(tmp_path: Path) -> None:
    with looping() as one, looping() as other:
        slow = {"collection_time": "1500ms", "max_loop_time": "1s"}
        targets = [target("young", one.pid, **slow), target("old", other.pid, **slow)]
        with daemon(tmp_path, *targets) as cam:
            cam.finds("young", "old")
            cam.beat("start", "old")
            cam.beat("start", "young")
            with cam.paused(3):  # so that both are due at the same time
                pass
            until(lambda: cam.metric("loopcam_refusals_total", target="young", reason="busy"), "busy")
            manifest = cam.report()
            assert manifest.capture.target == "old"
            assert manifest.capture.notes == ("observer_paused",)
