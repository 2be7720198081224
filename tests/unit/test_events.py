import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.captures import Captures
from daemon.config.load import parse
from daemon.delivery.deliveries import Deliveries
from daemon.events import Events
from daemon.limits.admission import Admission
from daemon.limits.file import LimitsFile
from daemon.targets.fleet import Fleet
from daemon.telemetry.series import Telemetry
from model.errors import LoopcamError
from model.events import Event, EventKind
from tests.unit.spool.entries import opened_spool
from tests.virtual_time import VirtualLoop, run

CONFIG = """
targets:
  - {{name: demo, process: {{pidfile: {folder}/none.pid}}, max_loop_time: 2s}}
  - name: silent
    process: {{pidfile: {folder}/none.pid}}
    max_loop_time: 2s
    iterations: [{{heartbeat: {{mode: beat, idle_allowance: 1s}}}}]
spool: {{path: {folder}/spool}}
"""


class Scene:
    """Events of targets whose processes are not there: every trigger is refused, and that is counted."""

    def __init__(self, folder: Path, loop: VirtualLoop) -> None:
        self.loop = loop
        config = parse(CONFIG.format(folder=folder), "a test")
        self.telemetry = Telemetry("1.2.3")
        spool = opened_spool(folder / "spool")
        self.close = spool.close
        admission = Admission(config, LimitsFile(folder / "limits.json"), spool)
        deliveries = Deliveries(config.sinks, spool, lambda sink, entry, delivery: None)
        captures = Captures(admission, spool, deliveries, self.telemetry)
        self.hurried = 0
        self.fleet = Fleet(config.targets, lambda target: None)
        self.events = Events(self.fleet, captures, self.telemetry, self._hurry)

    def _hurry(self) -> None:
        self.hurried += 1

    def say(self, kind: EventKind, target: str = "demo", iteration: str | None = None) -> None:
        at_s = self.loop.time()
        self.events.take(Event(source="heartbeat", target=target, kind=kind, at_s=at_s, iteration=iteration))

    def count(self, name: str, **labels: str) -> float:
        text = self.telemetry.writer()[0]().decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def overruns(self) -> float:
        return self.count("loopcam_overruns_total")


def played(folder: Path, play: Callable[[Scene], Coroutine[object, object, None]]) -> Scene:
    async def main(loop: VirtualLoop) -> Scene:
        scene = Scene(folder, loop)
        try:
            await play(scene)
        finally:
            scene.events.deadlines.stop()
            scene.close()
        return scene

    return run(main)


def test_an_overrun_is_counted_once_however_often_it_fires(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.START)
        await asyncio.sleep(10)
        scene.say(EventKind.END)

    scene = played(tmp_path, play)
    assert scene.overruns() == 1
    assert scene.count("loopcam_refusals_total", target="demo", reason="no_process") == 3
    assert scene.count("loopcam_iterations_total", target="demo") == 1
    assert scene.count("loopcam_iteration_duration_seconds_sum", target="demo") == 10


def test_an_overrun_that_was_seen_late_is_counted_as_well(tmp_path: Path) -> None:
    """Its first trigger is not of the first level."""

    async def play(scene: Scene) -> None:
        scene.say(EventKind.START)
        scene.loop.jump(9)
        await asyncio.sleep(1)

    scene = played(tmp_path, play)
    assert scene.overruns() == 1
    assert scene.count("loopcam_refusals_total", target="demo") == 1


def test_an_iteration_in_time_is_no_overrun(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        for number in range(5):
            scene.say(EventKind.START, iteration=str(number))
            await asyncio.sleep(1.5)
            scene.say(EventKind.END, iteration=str(number))
            await asyncio.sleep(30)

    scene = played(tmp_path, play)
    assert scene.overruns() == 0
    assert scene.count("loopcam_iterations_total", target="demo") == 5


def test_an_overrun_that_ended_before_we_looked_is_told(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.START)
        scene.loop.jump(2.1)  # and the end is read before the timer runs
        scene.say(EventKind.END)
        await asyncio.sleep(60)

    scene = played(tmp_path, play)
    assert scene.overruns() == 1
    assert scene.count("loopcam_capture_notes_total", note="overran_unseen") == 1
    assert scene.count("loopcam_refusals_total") == 0


def test_nobody_is_blamed_for_what_ended_during_our_own_pause(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.START)
        scene.loop.jump(8)
        scene.say(EventKind.END)
        await asyncio.sleep(60)

    scene = played(tmp_path, play)
    assert scene.overruns() == 0
    assert scene.count("loopcam_capture_notes_total", note="observer_paused") == 1


def test_silence_of_a_beating_target_is_an_inferred_overrun(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.BEAT, "silent")
        await asyncio.sleep(3.5)

    scene = played(tmp_path, play)
    assert scene.count("loopcam_overruns_total", target="silent", certainty="inferred") == 1


def test_events_that_do_not_fit_are_counted_by_their_reason(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.END, iteration="1")
        scene.say(EventKind.START, iteration="1")
        scene.say(EventKind.START, iteration="2")
        scene.say(EventKind.START, iteration="2")

    scene = played(tmp_path, play)
    for reason in ("end_without_start", "late_start", "duplicate_start"):
        assert scene.count("loopcam_stray_events_total", target="demo", reason=reason) == 1
    assert scene.count("loopcam_events_total", target="demo", source="heartbeat", event="start") == 3


def test_an_event_of_another_mode_is_refused_and_says_which_there_are(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        with pytest.raises(LoopcamError, match="mode beat, which has no event start") as refused:
            scene.say(EventKind.START, "silent")
        assert refused.value.remedy.startswith("send one of beat, idle")

    assert played(tmp_path, play).count("loopcam_events_total") == 0


def test_an_event_of_a_target_without_a_process_makes_us_look_for_it(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.say(EventKind.START)

    assert played(tmp_path, play).hurried == 1


def test_a_process_that_turns_out_to_be_old_moves_the_deadline(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        watch = scene.fleet["demo"].watch
        watch.adopt(msgspec.structs.replace(watch.rules, first_loop_time_s=600.0))
        scene.say(EventKind.START)
        await asyncio.sleep(0.1)
        watch.process_found(fresh=False)
        scene.events.reconfigured()
        await asyncio.sleep(2)

    assert played(tmp_path, play).overruns() == 1
