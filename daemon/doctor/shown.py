"""A diagnosis as text for a terminal."""

from collections.abc import Iterator
from functools import partial

import msgspec

from daemon.doctor.findings import Diagnosis, Finding, Level, Remedy, Try
from daemon.doctor.headline import here
from model.units import counted

_TITLES = {"kubernetes": "Kubernetes", "systemd": "systemd", "docker": "docker run", "command": "by hand"}
_COLOURS = {Level.OK: "\x1b[32m", Level.NOTE: "", Level.WARNING: "\x1b[33m", Level.PROBLEM: "\x1b[31m"}


def text(diagnosis: Diagnosis, *, colours: bool, all_places: bool = False) -> str:
    """The answer in one line, what was found about each subject, what was tried, and the verdict last.

    What mends something is told for the place that we are in; for all others only where that is asked for.
    """
    lines = [diagnosis.headline, ""]
    ways = tuple(_TITLES) if all_places else ()
    about = partial(_about, diagnosis, colours=colours, ways=ways)
    said: dict[Remedy, str] = {}  # by their check
    subjects = [*(one.subject for one in diagnosis.findings), *(one.subject for one in diagnosis.tries)]
    for subject in dict.fromkeys(subjects):
        lines += [subject, *about(subject, said), ""]
    if said and not all_places:
        lines += ["--all-places tells what helps in other places, too", ""]
    verdict = "a capture would work" if diagnosis.works else "a capture would NOT work"
    return "\n".join((*lines, f"verdict: {verdict}"))


def _about(
    diagnosis: Diagnosis, subject: str, said: dict[Remedy, str], *, colours: bool, ways: tuple[str, ...]
) -> Iterator[str]:
    for finding in diagnosis.findings:
        if finding.subject == subject:
            yield from _finding(finding, colours=colours)
            if finding.level is not Level.OK and finding.remedy != Remedy():
                chosen = ways or (here(finding.remedy, diagnosis.place)[0],)
                yield from _helps(finding, said, chosen)
    for one in diagnosis.tries:
        if one.subject == subject:
            yield from _try(one)


def _finding(finding: Finding, *, colours: bool) -> Iterator[str]:
    before, after = (_COLOURS[finding.level], "\x1b[0m") if colours else ("", "")
    yield f"  {before}{finding.level:8}{after} {finding.check:14} {finding.what}"
    if finding.why:
        yield f"{'':26}{finding.why}"


def _helps(finding: Finding, said: dict[Remedy, str], ways: tuple[str, ...]) -> Iterator[str]:
    if finding.remedy in said:
        yield f"{'':26}what helps: see {said[finding.remedy]} above"
        return
    said[finding.remedy] = finding.check
    for way, title in _TITLES.items():
        if way in ways and (lines := getattr(finding.remedy, way).splitlines()):
            yield f"{'':26}{title}:"
            yield from (f"{'':30}{line}" for line in lines)


def _try(one: Try) -> Iterator[str]:
    took = f"{one.milliseconds:g} ms, {one.cpu_milliseconds:g} ms of CPU"
    if one.rate_hz is None:
        yield f"  {'tried':8} {one.sampler:14} {one.outcome}: {one.detail} ({took})"
        return
    size = f"{counted(one.threads or 0, 'thread')}, {counted(one.frames or 0, 'frame')}"
    yield f"  {'tried':8} {'one look':14} {size}: {took}"
    yield f"  {'cost':8} {one.sampler:14} {one.rate_hz} Hz, {one.cpu_share:.1%} of a core in a capture"
    if one.reason:
        yield f"{'':26}{one.reason}"


def json(diagnosis: Diagnosis) -> str:
    """The same for programs."""
    return msgspec.json.format(msgspec.json.encode(diagnosis), indent=2).decode()
