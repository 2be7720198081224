"""What else brings a capture, with a whole daemon and real processes."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.events import PlanName, TriggerKind
from tests.daemon import daemon, looping, target, until
from tests.reports import assert_valid_report

SLOW = {"max_loop_time": "1h"}
TAKEN = ("complete", "partial")  # on a busy machine a short window may be over before the first sample


@contextmanager
def spinning() -> Iterator["subprocess.Popen[str]"]:
    """A process that computes and nothing else."""
    code = "print('ready', flush=True)\nwhile True: sum(range(1000))"
    child = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.fixture
def stuck() -> Iterator[int]:
    with looping() as child:
        yield child.pid


def test_a_light_capture_and_then_the_full_one_of_the_same_iteration(tmp_path: Path, stuck: int) -> None:
    early = [{"early": {"after": "300ms", "collection_time": "600ms"}}]
    with daemon(tmp_path, target("one", stuck, max_loop_time="6s", triggers=early)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        light, full = (assert_valid_report(one).capture for one in cam.stored(2))
        assert (light.trigger.kind, light.trigger.plan) == (TriggerKind.EARLY, PlanName.LIGHT)
        assert light.trigger.reason.endswith("an overrun at 6s")
        assert light.window.collection_time_s == 0.6
        assert (full.trigger.kind, full.trigger.plan) == (TriggerKind.OVERRUN, PlanName.FULL)
        assert (light.trigger.iteration, full.trigger.iteration) == ("17", "17")
        assert full.recording is not None
        assert cam.metric("loopcam_triggers_total", kind="early") == 1
        assert cam.metric("loopcam_overruns_total") == 1
        assert cam.target("one")["limits"]["would_refuse"] in ("cooldown", "busy")


def test_an_overrun_ends_the_light_capture_that_is_in_progress(tmp_path: Path, stuck: int) -> None:
    """An adaptive threshold, or a slow disk, may bring it earlier than the configuration foresees."""
    early = [{"early": {"after": "300ms", "collection_time": "1m"}}]
    with daemon(tmp_path, target("one", stuck, max_loop_time="2m", triggers=early)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        until(cam.recorded_a_while, "the light one runs")
        shorter = [{"early": {"after": "300ms", "collection_time": "500ms"}}]
        cam.configure(targets=[target("one", stuck, max_loop_time="1s", triggers=shorter)])
        light, full = (assert_valid_report(one).capture for one in cam.stored(2))
        assert light.window.end == "escalated"
        assert light.outcome in TAKEN
        assert (full.trigger.plan, full.trigger.iteration) == (PlanName.FULL, "17")
        assert cam.metric("loopcam_refusals_total", reason="busy") == 0


def test_an_iteration_that_takes_longer_than_usual_has_overrun(tmp_path: Path, stuck: int) -> None:
    adaptive = [{"adaptive": {"needs": 5, "last": 5, "floor": "300ms"}}]
    with daemon(tmp_path, target("one", stuck, triggers=adaptive, **SLOW)) as cam:
        cam.finds("one")
        assert cam.target("one")["triggers"][0]["says"].startswith("not in effect: too few iterations")
        for iteration in range(5):
            cam.beat("start", "one", iteration)
            cam.beat("end", "one", iteration)
        assert " (3 times the median of the last 5 iterations, " in cam.target("one")["triggers"][0]["says"]
        cam.beat("start", "one", "slow")
        trigger = cam.report().capture.trigger
        assert (trigger.kind, trigger.iteration) == (TriggerKind.OVERRUN, "slow")
        assert trigger.threshold_s is not None
        assert 0.3 <= trigger.threshold_s < 3600
        assert "(3 times the median of the last 5 iterations, " in trigger.reason


def test_a_busy_process_is_captured_between_its_iterations(tmp_path: Path) -> None:
    cpu = [{"cpu": {"above": "10%", "over": "2s"}}]
    with spinning() as busy, daemon(tmp_path, target("one", busy.pid, triggers=cpu, **SLOW)) as cam:
        capture = cam.report().capture
        assert (capture.trigger.kind, capture.trigger.plan) == (TriggerKind.CPU, PlanName.FULL)
        assert re.fullmatch(r"CPU share \d.*% of a core over \d+s, limit 10%", capture.trigger.reason)
        assert capture.iteration is None
        assert capture.outcome in TAKEN
        (armed,) = cam.target("one")["triggers"]
        assert (armed["name"], armed["kind"]) == ("cpu", "cpu")
        assert "; fires above 10% over 2s" in armed["says"]
        assert "<h2>Triggers</h2>" in cam.get("/")


def test_what_there_is_of_a_process_that_ended_is_a_report(tmp_path: Path) -> None:
    with looping() as child, daemon(tmp_path, target("one", child.pid, triggers=["exit"], **SLOW)) as cam:
        cam.finds("one")
        cam.beat("start", "one", 17)
        child.kill()  # and nobody waits for it yet
        capture = cam.report().capture
        assert (capture.trigger.kind, capture.outcome) == (TriggerKind.EXIT, "target_exited")
        assert capture.trigger.reason.startswith("the process ended while iteration 17 was in flight for ")
        assert capture.trigger.reason.endswith("; it was ended by SIGKILL")
        assert (capture.recording, capture.pid) == (None, child.pid)
        assert {one.kind for one in capture.evidence} <= {"signals"}  # of before its end
        assert cam.metric("loopcam_refusals_total") == 0


def test_a_line_and_silence_of_a_log(tmp_path: Path, stuck: int) -> None:
    log = tmp_path / "x.log"
    log.write_text("begin 0\ndone 0\npanic: of old\n")
    source = {"path": str(log), "start": "begin (?P<iteration>[0-9]+)", "end": "done", "format": "plain"}
    options = {"iterations": [{"log": source}], "max_loop_time": "1h"}
    line = target("noisy", stuck, triggers=[{"line": {"match": "panic|done 2 badly"}}], **options)
    silence = target("mute", stuck, triggers=[{"silence": {"after": "2s"}}], **options)
    with daemon(tmp_path, line, silence, captures_at_once=2) as cam:
        cam.finds("noisy", "mute")
        until(lambda: cam.source("noisy")["up"] and cam.source("mute")["up"], "both read")
        append(log, "begin 1\n")
        until(lambda: cam.target("mute")["in_flight"], "an iteration")
        append(log, "done 1\nbegin 2\ndone 2 badly\n")  # an end, and a reason
        triggers = [assert_valid_report(one).capture.trigger for one in cam.stored(2)]
        told = {one.kind: one.reason for one in triggers}
        assert told[TriggerKind.LINE].startswith("a line of the log matches panic|done 2 badly; ")
        assert told[TriggerKind.SILENCE].endswith(", the loop stopped; limit 2s")
        assert cam.metric("loopcam_triggers_total", kind="line") == 1
        assert cam.metric("loopcam_overruns_total") == 0


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)
