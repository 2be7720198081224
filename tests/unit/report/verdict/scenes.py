"""Stalled iterations made by hand: threads that stand in stacks, and the kernel's word on them."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from model.capture import Capture, Iteration, Outcome, PartOutcome, ProcessIdentity, Window, WindowEnd
from model.events import Trigger, TriggerKind
from model.history import History
from model.manifest import Rendering
from model.samples import Frame, Row, Span, State, TableBuilder, Thread
from model.signals import Name, Signal, Signals, ThreadReading
from report import slices
from report.drawing import Drawing
from report.evidence.code import Line
from report.evidence.loglines import Tail
from report.evidence.looks import Look, Sighting
from report.tree import trees, weights

PID = 4242
STALL_S = 10.0
END_US = 10_000_000
STEP_US = 10_000  # 100 Hz
OWN = "/srv/scaler/loop.py"
LIB = "/usr/lib/python3.11"
PACKAGES = "/opt/venv/lib/python3.11/site-packages"

SLEEP, FUTEX, SOCKET, POLL = "hrtimer_nanosleep", "futex_do_wait", "wait_woken", "poll_schedule_timeout"
PIPE, CHILD, DISK, STOP = "anon_pipe_write", "do_wait", "folio_wait_bit_common", "do_signal_stop"


def own(function: str, line: int = 10, file: str = OWN) -> Frame:
    return Frame(function, file, line)


def lib(file: str, function: str, line: int = 5) -> Frame:
    return Frame(function, f"{LIB}/{file}", line)


def package(file: str, function: str, line: int = 5) -> Frame:
    return Frame(function, f"{PACKAGES}/{file}", line)


RUN_ONCE = (own("<module>", 90), own("run_once", 70))


@dataclass(frozen=True)
class Stand:
    """A thread in a stack for a share of the stall; without `wchan` it runs. `lines`: what it moves over."""

    share: float
    frames: tuple[Frame, ...]
    wchan: str = ""
    state: State | None = None
    lines: int = 1
    letter: str = ""

    @property
    def seen(self) -> State:
        return self.state or (State.WAITING if self.wchan else State.RUNNING_GIL)

    def at(self, step: int) -> tuple[Frame, ...]:
        leaf = self.frames[-1]
        return (*self.frames[:-1], leaf._replace(line=leaf.line + step % self.lines))


def running(share: float, *frames: Frame, lines: int = 5, state: State = State.RUNNING_GIL) -> Stand:
    return Stand(share, (*RUN_ONCE, *frames), state=state, lines=lines)


def waiting(
    share: float, wchan: str, *frames: Frame, state: State = State.WAITING, letter: str = "S"
) -> Stand:
    return Stand(share, (*RUN_ONCE, *frames), wchan, state, letter=letter)


def scene(
    threads: Mapping[str, Sequence[Stand]],
    *,
    signals: Mapping[Name, float] | None = None,
    before: Mapping[Name, float] | None = None,
    cpu: Mapping[str, tuple[float, float]] | None = None,  # by thread: cores, and share in the run queue
    code: Sequence[Line] = (),
    logs: Sequence[str] = (),
    history: History | None = None,
    outcome: Outcome = Outcome.COMPLETE,
    told: bool = True,
) -> Drawing:
    """A drawing of one iteration of ten seconds, sampled at 100 Hz; `told`: there are looks and readings."""
    made = _Made()
    for number, (name, stands) in enumerate(threads.items()):
        made.thread(Thread(PID + number, name, PID), stands, (cpu or {}).get(name, (None, None)))
    made.rows.sort(key=lambda row: row.time_us)
    made.builder.add(Span(0, END_US, 100), made.rows)
    table = made.builder.freeze(0, END_US)
    by_key = weights(table)
    readings = {number: tuple(said) for number, said in made.readings.items()} if told else {}
    looks = [Look(at_us, tuple(seen)) for at_us, seen in sorted(made.looks.items())] if told else []
    return Drawing(
        capture=_capture(outcome, history),
        whole=table,
        table=table,
        weights=by_key,
        trees=trees(table, by_key),
        looks=tuple(looks),
        top_stacks=(),
        rendering=Rendering(rendered=True),
        artifacts=(),
        logs=(Tail("app.log", tuple(logs), True),) if logs else (),
        signals=Signals(series=_series(signals or {}, before or {}), threads=readings),
        code={(line.file, line.line): line for line in code},
    )


def captured(drawing: Drawing, **about: object) -> Drawing:
    """The same with another capture."""
    return replace(drawing, capture=msgspec.structs.replace(drawing.capture, **about))


def asked_for(drawing: Drawing) -> Drawing:
    """The same, captured by hand while no iteration ran."""
    trigger = Trigger(target="demo", kind=TriggerKind.MANUAL, reason="asked", at_s=0.0)
    return captured(drawing, iteration=None, trigger=trigger)


def sampled_for(drawing: Drawing, until_us: int) -> Drawing:
    """The same, of which only the beginning was sampled."""
    looks = tuple(look for look in drawing.looks if look.at_us < until_us)
    table = slices.between(drawing.whole, 0, until_us)
    return replace(drawing, whole=table, table=table, looks=looks)


def failed(outcome: Outcome, detail: str) -> tuple[PartOutcome, ...]:
    """What became of the sampler."""
    return (PartOutcome(name="pyspy", outcome=outcome, seconds=0.1, detail=detail),)


class _Made:
    """What a scene is put together from."""

    def __init__(self) -> None:
        self.builder = TableBuilder()
        self.rows: list[Row] = []
        self.looks: dict[int, list[Sighting]] = {}
        self.readings: dict[int, list[ThreadReading]] = {}

    def thread(
        self, thread: Thread, stands: Sequence[Stand], rates: tuple[float | None, float | None]
    ) -> None:
        number, at_us, step = self.builder.thread(thread.os_id, thread.name, PID), 0, 0
        for stand in stands:
            until_us = min(END_US, at_us + round(stand.share * END_US))
            for moment_us in range(at_us, until_us, STEP_US):
                frames = stand.at(step)
                step += 1
                self.rows.append(Row(moment_us, number, self.builder.stack(frames), stand.seen))
                if moment_us % 1_000_000 == 0:
                    owns = stand.seen in (State.RUNNING_GIL, State.WAITING_GIL)
                    seen = Sighting(thread, frames, stand.seen, owns, stand.wchan)
                    self.looks.setdefault(moment_us, []).append(seen)
                if moment_us % 250_000 == 0:
                    letter = stand.letter or ("S" if stand.wchan else "R")
                    reading = ThreadReading(moment_us, letter, stand.wchan or None, None, *rates)
                    self.readings.setdefault(thread.os_id, []).append(reading)
            at_us = until_us


def _series(within: Mapping[Name, float], before: Mapping[Name, float]) -> dict[str, Signal]:
    found = {}
    for name in {*within, *before}:
        times, values = array("q"), array("d")
        if name in before:
            times.extend([-30_000_000, -20_000_000])
            values.extend([before[name]] * 2)
        if name in within:
            times.extend(range(500_000, 10_000_000, 1_000_000))
            values.extend([within[name]] * 10)
        found[name] = Signal(name, "", "", times, values)
    return found


def _capture(outcome: Outcome, history: History | None) -> Capture:
    return Capture(
        id="20261121T085811Z-demo-0a1b2c",
        target="demo",
        labels={},
        triggered_at="2026-11-21T08:58:11.250Z",
        wall_minus_monotonic_s=1_795_251_491.25,
        process=ProcessIdentity(
            pid=PID, start_ticks=100, uid=1000, gid=1000, executable="/usr/bin/python3.11", name="python3.11"
        ),
        trigger=Trigger(target="demo", kind=TriggerKind.OVERRUN, reason="it runs longer than 2 s", at_s=2.0),
        iteration=Iteration(id="17", started_s=0.0, ended_s=None),
        window=Window(started_s=0.0, ended_s=STALL_S, collection_time_s=10.0, end=WindowEnd.COLLECTION_TIME),
        history=history,
        outcome=outcome,
    )
