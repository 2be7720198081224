"""What a simulation says: a line each interval, a summary, and the whole as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from daemon.demo.simulator.course import Course, Times, share, times
from daemon.demo.simulator.looks import Look
from daemon.demo.simulator.sla import Judgement, signed
from model.errors import LoopcamError
from model.units import ByteSize, Percent, Seconds, counted


class Progress:
    """Tells how it goes, each time of what came since the last one."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._told = 0
        self._last: Look | None = None

    def line(self, look: Look) -> str:
        """Iterations and CPU since the last line; everything else since the beginning, or now."""
        ordered_s = self._course.durations_s(self._told)
        self._told += len(ordered_s)
        taken = times(ordered_s)
        cpu = share(self._last, look) if self._last else 0.0
        self._last = look
        seen, api, process = look.seen, look.api, look.process
        return ", ".join([
            f"{Seconds(round(look.at_s))!s:>6}: {counted(len(ordered_s), 'iteration')}"
            f" p50 {_shown(taken.p50_s)} p99 {_shown(taken.p99_s)}",
            f"overruns {seen.overruns} captures {seen.captures} delivered {seen.delivered}",
            f"calls {api.calls} errors {api.errors} throttled {api.throttled} unreachable {api.unreachable}",
            f"nodes {api.nodes} pods {api.pods} pending {api.pending}",
            f"daemon {ByteSize(process.pss_bytes)} {process.descriptors} descriptors {Percent(cpu)} CPU",
        ])  # fmt: skip


def summary(course: Course, judgements: Sequence[Judgement]) -> Iterator[str]:
    """The lines at the end."""
    taken, last = times(course.durations_s()), course.looks[-1]
    seen, api = last.seen, last.api
    yield (
        f"Iterations    {course.iterations} in {Seconds(round(last.at_s))}: p50 {_shown(taken.p50_s)}, "
        f"p99 {_shown(taken.p99_s)}, longest {_shown(taken.max_s)}; {course.failed} given up"
    )
    yield (
        f"API           {counted(api.calls, 'call')}, {counted(api.errors, 'error')},"
        f" {api.throttled} throttled,"
        f" {api.unreachable} lost in {counted(api.outages, 'outage')};"
        f" {counted(api.failed_nodes, 'node')} failed"
    )
    yield f"Back-off      {course.retries} times, {_shown(course.backed_off_s)} asleep"
    yield (
        f"Overruns      {seen.overruns} seen, {course.missed} missed; {counted(seen.captures, 'capture')}, "
        f"{seen.refused} refused; {counted(seen.delivered, 'report')} delivered, {seen.undelivered} not"
    )
    yield f"Daemon        {_daemon(course)}"
    for one in judgements:
        yield f"SLA           {one.demand}: {one.measured}{'' if one.kept else '   BROKEN'}"


def _daemon(course: Course) -> str:
    last = course.looks[-1].process
    now = f"{ByteSize(last.pss_bytes)}, {last.descriptors} descriptors, {Percent(course.cpu_share())} CPU"
    if not course.settled:
        return f"{now}; too short to tell whether it grew"
    return (
        f"{now}; grew by {signed(course.growth_bytes())} and {course.growth_descriptors():+} descriptors; "
        f"{counted(course.zombies(), 'zombie')}"
    )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The whole as data. Sizes are in bytes, times in seconds since the beginning."""

    options: Mapping[str, object]
    iterations: int
    durations: Times
    failed: int
    retries: int
    backed_off_s: float
    missed: int
    zombies: int
    cpu_share: float
    growth_bytes: float | None
    growth_descriptors: int | None
    judgements: Sequence[Judgement]
    looks: Sequence[Look]


def told(course: Course, judgements: Sequence[Judgement], options: Mapping[str, object]) -> Told:
    """All of it."""
    return Told(
        options=options,
        iterations=course.iterations,
        durations=times(course.durations_s()),
        failed=course.failed,
        retries=course.retries,
        backed_off_s=course.backed_off_s,
        missed=course.missed,
        zombies=course.zombies(),
        cpu_share=course.cpu_share(),
        growth_bytes=course.growth_bytes() if course.settled else None,
        growth_descriptors=course.growth_descriptors() if course.settled else None,
        judgements=judgements,
        looks=course.looks,
    )


def write(file: Path, whole: Told) -> None:
    """Raises LoopcamError."""
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")
    except OSError as error:
        raise LoopcamError(
            f"--json {file}: {error.strerror}", remedy="give a file in a folder of yours"
        ) from error


def _shown(value_s: float) -> str:
    return str(Seconds(float(f"{value_s:.3g}")))
