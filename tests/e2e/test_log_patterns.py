"""A whole daemon with patterns of users: the evil, the dear, and a log of a container."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon import Daemon, daemon, looping, target, until

STAMP = "2026-11-21T10:00:00.123456789Z"


def logged(name: str, pid: int, path: Path, **options: object) -> dict[str, object]:
    return target(name, pid, iterations=[{"log": {"path": str(path), **options}}], max_loop_time="1h")


def heard(cam: Daemon, name: str) -> float:
    return cam.metric("loopcam_events_total", target=name, source="log")


def listens(cam: Daemon, name: str, log: Path, line: bytes) -> None:
    """Wait until a new line is heard, which is what counts; what was there before does not."""

    def written() -> bool:
        with log.open("ab") as file:
            file.write(line)
        return heard(cam, name) > 0

    until(written, f"{name} is heard")


@pytest.mark.parametrize(
    ("pattern", "evil", "good"),
    [
        (r"(a+)+$", b"a" * 60_000 + b"!\n", b"aaa\n"),
        (
            r".*?duration=.*?ms.*?loop.*?end$",
            b"duration=ms loop " * 3_500 + b"\n",
            b"duration=1ms loop end\n",
        ),
        (r"(x+x+)+y", b"x" * 60_000 + b"\n", b"xxy\n"),
    ],
    ids=["nested", "lazy", "overlapping"],
)
def test_the_daemon_goes_on_under_a_pattern_that_stalls_others(tmp_path, pattern, evil, good):
    log = tmp_path / "app.log"
    log.touch()
    with looping() as child:
        scaler = logged("scaler", child.pid, log, beat=pattern, idle_allowance="1h")
        with daemon(tmp_path, scaler) as cam:
            cam.finds("scaler")
            listens(cam, "scaler", log, good)
            before = heard(cam, "scaler")
            with log.open("ab") as file:
                file.write(evil * 20 + good)
            until(lambda: heard(cam, "scaler") > before, "the line behind it is heard")
            assert cam.source("scaler")["up"]


def test_a_selector_that_stalls_others_finds_its_process(tmp_path):
    mark = f"only-{os.getpid()}-"
    argument = mark + "a" * 3000
    code = "import sys; sys.stdin.read()"
    evil, good = (
        subprocess.Popen([sys.executable, "-c", code, argument + end], stdin=subprocess.PIPE)
        for end in ("!", "")
    )
    try:
        wanted = {**target("scaler"), "process": {"match": f"{mark}(a+)+$"}}
        with daemon(tmp_path, wanted) as cam:
            cam.finds("scaler")
            assert cam.target("scaler")["pid"] == good.pid
    finally:
        for child in (evil, good):
            child.kill()
            child.communicate()


def test_a_pattern_that_costs_too_much_is_disabled_and_others_go_on(tmp_path):
    log, luck = tmp_path / "app.log", random.Random(7)
    log.touch()
    dear = "(?:a|b)*a(?:a|b){700}[cd]"
    with looping() as child:
        scaler = logged("scaler", child.pid, log, start="begins", end=["ends", dear])
        with daemon(tmp_path, scaler) as cam:
            cam.finds("scaler")
            listens(cam, "scaler", log, b"it begins\nit ends\n")

            def flooded() -> bool:
                with log.open("ab") as file:
                    file.writelines(bytes(luck.choices(b"ab", k=1000)) + b"\n" for _ in range(300))
                return not cam.source("scaler")["up"]

            until(flooded, "the pattern is disabled")
            source = cam.source("scaler")
            assert source["detail"] == f"matching took too long, disabled: {dear}"
            assert "tried again 5m" in source["remedy"]
            assert cam.metric("loopcam_log_patterns_disabled_total", target="scaler", source="log") == 1
            (warning,) = cam.said("pattern disabled: matching took too long")
            assert warning["pattern"] == dear
            before = heard(cam, "scaler")
            with log.open("ab") as file:
                file.write(b"it begins\nit ends\n")
            until(lambda: heard(cam, "scaler") == before + 2, "the other patterns go on")


def test_a_standby_replica_of_a_preset_is_on_standby_until_it_starts(tmp_path):
    """Lines of a container, with the message of each in parts."""
    log = tmp_path / "0.log"
    log.touch()
    klog = "I0929 06:59:22.973759       1 "

    def write(message: str) -> None:
        half = len(message) // 2
        with log.open("a") as file:
            file.write(f"{STAMP} stderr P {message[:half]}\n{STAMP} stderr F {message[half:]}\n")

    with looping() as child:
        scaler = logged("scaler", child.pid, log, preset="cluster-autoscaler")
        with daemon(tmp_path, scaler) as cam:
            cam.finds("scaler")
            waits = f"{klog}leaderelection.go:250] attempting to acquire leader lease kube-system/ca..."

            def waiting() -> bool:
                write(waits)
                return bool(cam.target("scaler")["state"] == "standby")

            until(waiting, "it is on standby")
            write(f"{klog}static_autoscaler.go:187] Starting main loop")
            until(lambda: cam.target("scaler")["state"] != "standby", "it has started")
            write(f"{klog}metrics.go:391] Function main took 6.5s to complete")
            until(lambda: cam.target("scaler")["iterations"] > 0, "its end")
            assert cam.metric("loopcam_iteration_duration_seconds_sum", target="scaler") == 6.5
            assert cam.metric("loopcam_overruns_total") == 0
