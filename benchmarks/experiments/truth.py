"""Whether a profile is true: shares by function beside the target's own timers."""

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.apparatus.processes import child, program, said
from benchmarks.apparatus.profilers import austin_runs, loopcam, py_spy
from benchmarks.apparatus.slots import Slots
from benchmarks.figures import Row, often
from benchmarks.programs.loop import FUNCTIONS
from model import coding
from model.manifest import Manifest
from model.report import MANIFEST_FILE

RECORD_S = 10
NAMES = tuple(function.__name__ for function in FUNCTIONS)

Shares = dict[str, float]


@dataclass(frozen=True)
class Error:
    """The function whose share is furthest from its timer, in points of the loop's time."""

    function: str
    points: float
    timed: float  # per cent
    interval: float  # what chance alone explains in 95 of 100 profiles of so many samples
    samples: float


def measure(folder: Path, times: float) -> list[Row]:
    """One profile after the other of the same loop."""
    file, seconds = folder / "timers", often(RECORD_S, times)
    slots = Slots(file, len(NAMES))
    with child(program("loop", str(file))) as target:
        said(target.stdout)
        time.sleep(1)
        ours = {name: _ours(slots, target.pid, seconds, folder / name, name) for name in _samplers()}
        raw = folder / "raw"
        timed = _timed(slots, py_spy(target.pid, seconds, raw, "-f", "raw", "--idle", "--threads"), seconds)
        other = _error(timed, _shares(_lines(raw)), sum(weight for _, weight in _main(_lines(raw))))
    return [_row(name, error, other) for name, error in ours.items()]


def _samplers() -> tuple[str, ...]:
    return ("pyspy", "austin") if austin_runs() else ("pyspy",)


def _ours(slots: Slots, pid: int, seconds: int, folder: Path, sampler: str) -> Error:
    """A profile of ours by one sampler, beside the timers of the same time."""
    timed = _timed(slots, loopcam(pid, seconds, folder, sampler), seconds)
    report = next(folder.rglob(MANIFEST_FILE)).parent
    return _error(timed, _shares(_lines(report / "profile.collapsed")), _samples(report))


def _row(sampler: str, ours: Error, other: Error) -> Row:
    return Row(
        figure=f"largest error of a function's share ({sampler})",
        unit="points",
        ours=abs(ours.points),
        other=abs(other.points),
        beside="py-spy record, blocking",
        note=f"ours {_words(ours)}; py-spy {_words(other)}",
        chance=ours.interval,
    )


def _words(error: Error) -> str:
    return (
        f"{error.points:+.1f} in {error.function} ({error.timed:.1f} % by its timer), "
        f"{error.samples:.0f} samples, of which chance explains {error.interval:.1f}"
    )


def _timed(slots: Slots, profiler: AbstractContextManager[object], seconds: float) -> Shares:
    """Shares of the wall time by the target's own timers, while a profiler records."""
    with profiler:
        before, started_s = slots.read(), time.monotonic()
        time.sleep(seconds)
        after, gone_s = slots.read(), time.monotonic() - started_s
    spent_s = ((end - start) / 1e9 for start, end in zip(before, after, strict=True))
    return {name: s / gone_s for name, s in zip(NAMES, spent_s, strict=True)}


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines()


def _main(lines: Iterable[str]) -> Iterable[tuple[list[str], float]]:
    """Stacks of the main thread and their weights; either file begins a stack with its thread's name."""
    for line in lines:
        stack, _, weight = line.rpartition(" ")
        thread, *frames = stack.split(";")
        if "MainThread" in thread:
            yield [frame.partition(" ")[0] for frame in frames], float(weight)


def _shares(lines: Iterable[str]) -> Shares:
    stacks = list(_main(lines))
    total = sum(weight for _, weight in stacks)
    return {name: sum(weight for frames, weight in stacks if name in frames) / total for name in NAMES}


def _samples(report: Path) -> float:
    """Instants sampled: each segment's rate, for as long as it lasted."""
    recording = coding.decode((report / MANIFEST_FILE).read_bytes(), Manifest).capture.recording
    segments = recording.segments if recording else ()
    return sum(one.rate_hz * (one.ended_s - one.started_s) for one in segments)


def _error(timed: Shares, sampled: Shares, samples: float) -> Error:
    worst = max(NAMES, key=lambda name: abs(sampled[name] - timed[name]))
    share = timed[worst]
    chance = 1.96 * (share * (1 - share) / samples) ** 0.5
    return Error(worst, 100 * (sampled[worst] - share), 100 * share, 100 * chance, samples)
