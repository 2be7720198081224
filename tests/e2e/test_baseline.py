"""Healthy iterations of a real target: their durations, their baseline, and a stall compared with both."""

import subprocess
from pathlib import Path

import msgspec

from model import coding
from model.baseline import Baseline
from model.manifest import Manifest
from tests.daemon import Daemon, daemon, loopcam, looping, target, tell, until
from tests.reports import assert_valid_report


def baseline(cam: Daemon) -> Baseline | None:
    """The target's baseline, once there is one."""
    file = cam.spool / "state" / "baselines" / "one.json"
    try:
        return coding.decode(file.read_bytes(), Baseline)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def stalled(cam: Daemon, child: subprocess.Popen[str], count: int) -> Manifest:
    """The report of another stall, the count-th."""
    tell(child, "stall")
    until(lambda: len(cam.said("capture started")) >= count, "captured")
    tell(child, "go")
    return assert_valid_report(cam.stored(count)[-1])


def assert_told(manifest: Manifest) -> None:
    """What is new and what vanished are both told."""
    history, comparison = manifest.capture.history, manifest.comparison
    assert history is not None
    assert history.iterations > 5
    assert 0.01 < history.median_s < 1
    assert history.recent
    assert comparison is not None
    assert comparison.times_median is not None
    assert comparison.times_median > 2
    main = {one.function: one for one in comparison.moved if one.thread == "MainThread"}
    assert (main["the_culprit"].stalled_share > 0.9, main["the_culprit"].healthy_share) == (True, 0)
    assert (main["as_usual"].stalled_share, main["as_usual"].healthy_share > 0.2) == (0, True)


def test_a_stall_is_compared_with_healthy_iterations_also_after_a_restart(tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    options = {"max_loop_time": "3s", "collection_time": "1s", "cooldown": "1s"}
    with daemon(tmp_path, target("one", process={"pidfile": str(pidfile)}, **options)) as cam:
        cam.configure(listen=cam.url.removeprefix("http://"))  # the target must find it again
        with looping(cam.url, "one") as child:
            pidfile.write_text(str(child.pid))
            known = until(lambda: baseline(cam), "the first healthy sample is folded")
            [era] = known.eras
            assert era.iterations > 5
            assert era.sampled_s < era.lasted_s * 1.05 + 0.2
            assert {"MainThread", "commands"} >= set(era.groups)
            first = stalled(cam, child, 1)
            assert_told(first)
            assert [one.path for one in first.artifacts if one.kind == "baseline"] == [
                "evidence/baseline.json"
            ]
            assert cam.stop() == 0
            cam.start()
            until(lambda: cam.target("one")["state"] == "active", "it is heard again")
            second = stalled(cam, child, 2)
            assert_told(second)
            assert first.capture.history is not None
            assert second.capture.history is not None
            assert second.capture.history.iterations > first.capture.history.iterations
            assert second.capture.code_version == first.capture.code_version == era.code_version
        one, other = cam.stored(2)
        told = loopcam("diff", str(one), str(other))
        assert told.returncode == 0, told.stderr
        assert "MainThread" in told.stdout
        shown = loopcam("reports", "show", str(one))
        assert "times the median" in shown.stdout
