"""One daemon watches Go autoscalers by their addresses: metrics to watch, pprof to explain."""

from collections.abc import Callable
from pathlib import Path

import pytest

from model.capture import Outcome
from tests.autoscaler import Autoscaler
from tests.daemon import Daemon, Json, daemon, until

Start = Callable[..., Autoscaler]


def watched(name: str, *addresses: str, **options: object) -> dict[str, object]:
    metrics = {"preset": "cluster-autoscaler", "interval": "500ms", "idle_allowance": "5s"}
    times = {"max_loop_time": "4s", "collection_time": "2s", "cooldown": "1h"}
    return {
        "name": name,
        "address": list(addresses),
        "iterations": [{"metrics": metrics}],
        **times,
        **options,
    }


def instance(name: str, autoscaler: Autoscaler) -> str:
    """What the target of one address of several is called."""
    host, _, port = autoscaler.address.rpartition(":")
    return f"{name}-{host}-{port}"


def state(cam: Daemon, name: str) -> Json:
    return next((one["state"] for one in cam.get("/v1/status")["targets"] if one["name"] == name), None)


def test_the_one_that_stalls_is_captured_and_named(autoscaler: Start, tmp_path: Path) -> None:
    stalls, healthy, waits = autoscaler(), autoscaler(), autoscaler("-standby")
    addresses = [one.address for one in (stalls, healthy, waits)]
    with daemon(tmp_path, watched("scalers", *addresses, first_loop_time="4s", address_refresh="1s")) as cam:
        names = [instance("scalers", one) for one in (stalls, healthy, waits)]
        until(lambda: [state(cam, name) for name in names[:2]] == ["active", "active"], "both loop")
        until(lambda: state(cam, names[2]) == "standby", "a replica that never loops is on standby")
        stalls.stall("mutex")
        manifest = cam.report()
        assert manifest.capture.target == names[0]
        assert manifest.capture.process is None
        assert manifest.capture.address == stalls.address
        assert manifest.capture.outcome is Outcome.COMPLETE
        assert manifest.capture.trigger.certainty == "certain"
        assert manifest.top_stacks[0].function == "main.(*autoscaler).refreshNodeGroups"
        assert cam.metric("loopcam_overruns_total", target=names[1]) == 0
        assert cam.metric("loopcam_overruns_total", target=names[2]) == 0


def test_a_name_is_looked_up_and_what_vanishes_is_silent_not_stalled(
    autoscaler: Start, tmp_path: Path
) -> None:
    one = autoscaler()
    port = one.address.rpartition(":")[2]
    with daemon(tmp_path, watched("scaler", f"dns:localhost:{port}", max_loop_time="3s")) as cam:
        name = "scaler-127.0.0.1"
        until(lambda: state(cam, name) == "active", "it loops")
        assert "scaler" not in [target["name"] for target in cam.get("/v1/status")["targets"]]
        until(lambda: cam.metric("loopcam_capture_possible", target=name) == 1, "a capture is possible")
        one.program.kill()
        until(lambda: not cam.source(name, "metrics")["up"], "its source hears nothing")
        assert cam.metric("loopcam_overruns_total", target=name) == 0
        assert "connection refused" in cam.source(name, "metrics")["detail"]


@pytest.mark.parametrize(("flag", "reason"), [("-profiling=false", "unsupported"), ("-profiling", "ok")])
def test_whether_a_capture_would_work_is_known_before_it_is_needed(
    autoscaler: Start, tmp_path: Path, flag: str, reason: str
) -> None:
    one = autoscaler(flag)
    with daemon(tmp_path, watched("scaler", one.address)) as cam:
        until(lambda: cam.target("scaler")["reason"] == reason, "it is known")
        remedy = "start cluster-autoscaler with --profiling=true" if reason != "ok" else ""
        assert cam.target("scaler")["remedy"] == remedy
