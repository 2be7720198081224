"""Host signals in reports of a whole daemon: with their lead-up, after an exit, and after a killed daemon."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from model.capture import Outcome
from model.manifest import Manifest
from model.signals import Name, Signals
from report.evidence import host
from tests.daemon import Daemon, daemon, looping, target, until, whole_reports

FILE = "evidence/host.signals.jsonl"


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def signals_of(cam: Daemon, manifest: Manifest) -> Signals:
    (folder,) = whole_reports(cam.reports)
    faults: list[str] = []
    found = host.signals(folder, manifest.capture, faults)
    assert faults == []
    return found


def times_s(found: Signals) -> Sequence[float]:
    return [at_us / 1e6 for at_us in found.series[Name.RSS].times_us]


def test_a_report_has_the_time_before_its_trigger(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, max_loop_time="2s")) as cam:
        cam.finds("one")
        cam.beat("start", "one", 1)
        manifest = cam.report()
        found = signals_of(cam, manifest)
    window = manifest.capture.window
    before = [at_s for at_s in times_s(found) if at_s < window.started_s]
    within = [at_s for at_s in times_s(found) if window.started_s <= at_s]
    assert before[0] < window.started_s - 1
    assert len(within) >= 2
    assert found.threads[stuck][-1].state in "RSD"
    (part,) = (part for part in manifest.capture.parts if part.name == "host")
    assert part.outcome is Outcome.COMPLETE


def test_of_a_process_that_ended_there_is_what_was_read_before(tmp_path: Path) -> None:
    with (
        looping() as child,
        daemon(tmp_path, target("one", child.pid, triggers=["exit"], max_loop_time="4s")) as cam,
    ):
        cam.finds("one")
        cam.beat("start", "one", 17)
        until(lambda: cam.target("one")["in_flight"], "an iteration")
        child.kill()
        manifest = cam.report()
        assert [one.path for one in manifest.capture.evidence if one.kind == "signals"] == [FILE]
        assert times_s(signals_of(cam, manifest))


def test_rows_of_the_window_survive_a_killed_daemon(tmp_path: Path, stuck: int) -> None:
    with daemon(tmp_path, target("one", stuck, collection_time="1m", cooldown="1m")) as cam:
        cam.finds("one")
        assert cam.ask("POST", "/v1/collect")[0] == 202
        until(cam.recorded_a_while, "it records")
        cam.kill()
        cam.start()
        manifest = cam.report()
        assert "adopted" in manifest.capture.notes
        found = signals_of(cam, manifest)
    assert times_s(found)[-1] > manifest.capture.window.started_s
