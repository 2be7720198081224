import os
import signal
from pathlib import Path

from tests.daemon import Daemon, daemon, looping, target, until


def hup(cam: Daemon) -> None:
    cam.process.send_signal(signal.SIGHUP)


def reloads(cam: Daemon, result: str) -> float:
    return cam.metric("loopcam_config_reloads_total", result=result)


def test_a_bad_configuration_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        good = cam.file.read_text()
        cam.file.write_text(good.replace("max_loop_time", "max_lop_time"))
        until(lambda: reloads(cam, "failure") == 1, "refused when the file changed")
        assert cam.metric("loopcam_config_last_reload_successful") == 0
        said = cam.said("configuration refused, the old one stays")[0]["faults"]
        assert "targets[0].max_lop_time" in said
        assert "max_loop_time" in said
        hup(cam)
        until(lambda: reloads(cam, "failure") == 2, "refused on SIGHUP")
        cam.file.unlink()
        hup(cam)
        until(lambda: reloads(cam, "failure") == 3, "refused when it is gone")
        cam.beat("start", "one")
        cam.stored(1)
        cam.file.write_text(good)
        until(lambda: reloads(cam, "success") == 1, "taken when it is good again")
        assert cam.metric("loopcam_config_last_reload_successful") == 1


def test_a_target_that_stays_keeps_its_iteration_and_its_limits(tmp_path: Path) -> None:
    with looping() as one, looping() as other:
        targets = [target("one", one.pid), target("other", other.pid)]
        with daemon(tmp_path, *targets) as cam:
            cam.beat("start", "one", 1)
            cam.stored(1)
            cam.beat("end", "one", 1)
            cam.beat("start", "one", 2)
            started = cam.target("one")["in_flight"]
            cam.configure(targets=[target("one", one.pid, max_loop_time="30m"), target("new", other.pid)])
            until(lambda: reloads(cam, "success") == 1, "taken when the file changed")
            kept = cam.target("one")
            assert kept["in_flight"]["iteration"] == "2"
            assert kept["in_flight"]["age_s"] >= started["age_s"]
            assert kept["in_flight"]["threshold_s"] == 1800
            assert kept["iterations"] == 1
            assert kept["limits"]["would_refuse"] == "cooldown"
            assert not cam.samples("loopcam_iterations_total", target="other")
            assert not cam.samples("loopcam_target_state", target="other")
            assert cam.metric("loopcam_iterations_total", target="one") == 1
            cam.finds("new")
            assert cam.ask("POST", "/v1/heartbeat/start?target=other")[0] == 404
            cam.beat("start", "new")
            cam.stored(2)


def test_a_new_sink_is_used_and_one_that_is_gone_has_no_series(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, cooldown="400ms")) as cam:
        cam.beat("start", "one", 1)
        cam.stored(1)
        cam.beat("end", "one", 1)
        cam.configure(sinks=[{"file": {"path": str(tmp_path / "elsewhere")}, "name": "second"}])
        hup(cam)
        until(lambda: reloads(cam, "success") == 1, "taken on SIGHUP")
        assert not cam.samples("loopcam_deliveries_total", sink="file")
        until(lambda: not cam.target("one")["limits"]["would_refuse"], "the cooldown is over")
        cam.beat("start", "one", 2)
        cam.stored(1, tmp_path / "elsewhere")
        cam.stored(1)
        assert cam.metric("loopcam_deliveries_total", sink="second", result="delivered") == 1


def test_a_changed_sink_takes_over_what_the_old_one_could_not_deliver(tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("")
    sinks = [{"file": {"path": str(tmp_path / "no-folder" / "reports")}}]
    with looping() as child, daemon(tmp_path, target("one", child.pid), sinks=sinks) as cam:
        cam.beat("start", "one")
        until(lambda: cam.metric("loopcam_deliveries_total", result="retry"), "it cannot be delivered")
        assert "Not a directory" in cam.sink("file")["last_error"]
        cam.configure(sinks=[{"file": {"path": str(tmp_path / "reports")}}])
        cam.stored(1)


def test_a_configmaps_symlink_swap_is_seen(tmp_path: Path) -> None:
    with looping() as child:
        cam = Daemon(tmp_path, [target("one", child.pid)])
        mount = tmp_path / "mount"
        text = cam.file.read_text()
        for version, name in (("first", "one"), ("second", "two")):
            (mount / version).mkdir(parents=True)
            (mount / version / "loopcam.yaml").write_text(text.replace('"one"', f'"{name}"'))
        (mount / "..data").symlink_to("first")
        (mount / "loopcam.yaml").symlink_to("..data/loopcam.yaml")
        cam.file = mount / "loopcam.yaml"
        try:
            cam.start()
            assert [one["name"] for one in cam.get("/v1/status")["targets"]] == ["one"]
            (mount / "..data_tmp").symlink_to("second")
            os.replace(mount / "..data_tmp", mount / "..data")
            until(lambda: cam.get("/v1/status")["targets"][0]["name"] == "two", "taken up")
        finally:
            cam.close()


def test_what_takes_effect_at_the_next_start_only_is_told(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid)) as cam:
        cam.configure(listen="127.0.0.1:1", spool={"path": str(tmp_path / "other")})
        until(lambda: reloads(cam, "success") == 1, "taken")
        told = [line["option"] for line in cam.said("takes effect at the next start")]
        assert told == ["listen", "spool.path"]
        assert not (tmp_path / "other").exists()


def test_the_switch_file_ends_a_capture_and_refuses_others(tmp_path: Path) -> None:
    switch = tmp_path / "disable"
    with looping() as child:
        patient = target("one", child.pid, collection_time="1m", cooldown="1m")
        with daemon(tmp_path, patient, capture_disabled_file=str(switch)) as cam:
            cam.beat("start", "one", 1)
            until(cam.recorded_a_while, "it records")
            switch.touch()
            until(lambda: not any("py-spy" in line for line in cam.children().values()), "detached", 5)
            capture = cam.report().capture
            assert (capture.window.end, capture.outcome) == ("disabled", "partial")
            assert cam.ask("POST", "/v1/collect")[0] == 409
            assert cam.metric("loopcam_refusals_total", reason="disabled") >= 1
            assert cam.get("/v1/status")["disabled"] is True
            assert cam.target("one")["limits"]["would_refuse"] == "disabled"
            assert cam.samples("loopcam_capture_possible") == [({"target": "one", "reason": "disabled"}, 0.0)]
            assert "disabled by the switch file" in cam.get("/")
            switch.unlink()
            assert cam.ask("POST", "/v1/collect")[0] == 202


def test_a_target_that_goes_in_its_capture_leaves_no_series(tmp_path: Path) -> None:
    with looping() as one, looping() as other:
        targets = [target("one", one.pid, collection_time="1m"), target("other", other.pid)]
        with daemon(tmp_path, *targets) as cam:
            cam.beat("start", "one", 1)
            until(cam.recorded_a_while, "it records")
            cam.configure(targets=targets[1:])
            until(lambda: reloads(cam, "success") == 1, "taken when the file changed")
            (running,) = [path.name for path in (cam.spool / "incoming").iterdir()]
            assert cam.ask("DELETE", f"/v1/captures/{running}")[0] < 300
            cam.stored(1)
            until(lambda: cam.said("report stored"), "it is stored")
            assert 'target="one"' not in cam.get("/metrics")
