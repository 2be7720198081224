"""A target that is not there costs a selector and its listeners; on first sight all of it starts, once."""

from pathlib import Path

import pytest

from tests.daemon import Daemon, looping, target, until

LOG_MARKS = {"start": "Starting main loop", "end": "Main loop done"}
SAMPLERS = ("py-spy", "austin")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (path := tmp_path / "target.log").write_text("I am older than you\n")
    return path


def test_nothing_is_started_before_the_target_is_there_and_all_of_it_once_it_is(
    tmp_path: Path, log: Path
) -> None:
    pidfile = tmp_path / "target.pid"
    absent = target(
        "one",
        process={"pidfile": str(pidfile)},
        max_loop_time="1h",
        dashcam="continuous",
        iterations=["heartbeat", {"log": {"path": str(log), **LOG_MARKS}}],
        collectors=["pyspy", "host"],
    )
    cam = Daemon(tmp_path, [absent])
    try:
        cam.start()
        settled(cam)
        before, threads = opened(cam), len(tasks(cam))
        assert cam.children() == {}
        assert [path for path in before if "/proc/" in path or "pidfd" in path] == []
        assert before.count(str(log)) == 1  # it listens, so that no first line is missed
        assert not (cam.spool / "ring").exists()
        settled(cam)
        assert opened(cam) == before
        with looping() as child:
            pidfile.write_text(str(child.pid))
            until(lambda: cam.target("one")["dashcam"]["sampling"], "the dashcam records")
            until(lambda: samplers(cam), "a sampler runs")
            settled(cam)
            assert len(samplers(cam)) <= 1
            after = opened(cam)
            assert after.count(str(log)) == 1
            assert sum("pidfd" in path for path in after) <= 2  # the target's, and the sampler's
            assert len(tasks(cam)) <= threads + 2
            assert cam.metric("loopcam_captures_total") == 0
    finally:
        cam.close()


def settled(cam: Daemon) -> None:
    """Wait until it has looked for processes twice more."""
    looks = ticks(cam)
    until(lambda: ticks(cam) >= looks + 2, "it looks again")


def opened(cam: Daemon) -> list[str]:
    """What its descriptors lead to, but for connections that come and go."""
    folder, found = Path(f"/proc/{cam.process.pid}/fd"), []
    for one in folder.iterdir():
        try:
            found.append(str(one.readlink()))
        except FileNotFoundError:
            continue
    return sorted(path for path in found if not path.startswith("socket:"))


def tasks(cam: Daemon) -> list[Path]:
    return list(Path(f"/proc/{cam.process.pid}/task").iterdir())


def samplers(cam: Daemon) -> list[str]:
    return [line for line in cam.children().values() if any(name in line for name in SAMPLERS)]


def ticks(cam: Daemon) -> float:
    return cam.metric("loopcam_lateness_seconds_count")
