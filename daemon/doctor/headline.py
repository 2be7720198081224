"""The whole diagnosis in one line: ready, or what to add at this very place."""

from collections.abc import Sequence

import yaml

from daemon.config.settings import Config
from daemon.doctor.facts import Place
from daemon.doctor.findings import Finding, Level, Remedy, Try
from model.units import counted

# For each place its own lines first, then what else may help there.
ORDER = {
    Place.KUBERNETES: ("kubernetes", "command"),
    Place.CONTAINER: ("docker", "command", "kubernetes"),
    Place.SYSTEMD: ("systemd", "command"),
    Place.HAND: ("command", "systemd", "docker"),
}
_VERBS = {"command": "what helps:"}
_NAMES = {"pyspy": "py-spy"}
_NAMED = 3  # targets; of more only the number is told


def here(remedy: Remedy, place: Place) -> tuple[str, str]:
    """Which way of a remedy is that of this place, and its lines; empty where there is none."""
    return next(((way, lines) for way in ORDER[place] if (lines := getattr(remedy, way))), ("", ""))


def headline(
    findings: Sequence[Finding], tries: Sequence[Try], config: Config | None, place: Place, *, works: bool
) -> str:
    """READY and what with, or NOT READY, why, and what to add here."""
    if not works:
        return _not_ready(findings, config, place)
    subjects = [target.name for target in config.targets] if config else [one.subject for one in tries]
    who = ", ".join(subjects) if len(subjects) <= _NAMED else counted(len(subjects), "target")
    samplers = dict.fromkeys(_NAMES.get(one.sampler, one.sampler) for one in tries if one.rate_hz)
    parts = [who, *samplers, *([_sinks(findings, config)] if config else [])]
    return f"READY: {', '.join(parts)}"


def _not_ready(findings: Sequence[Finding], config: Config | None, place: Place) -> str:
    problems = [one for one in findings if one.level is Level.PROBLEM]
    if not problems:
        return "NOT READY: a capture would not work"
    names = [target.name for target in config.targets] if config else []
    theirs = {one.subject for one in problems if one.subject in names}
    first = next((one for one in problems if one.subject not in names), problems[0])
    said_already = first.subject == "loopcam" or first.what.startswith(first.subject)
    whose = "" if said_already else f"{first.subject}: "
    if first.subject in theirs and len(names) > 1:
        whose = f"{len(theirs)} of {len(names)} targets: {whose}"
    way, lines = here(first.remedy, place)
    help_ = f", {_VERBS.get(way, 'add')} {one_line(way, lines)}" if lines else ""
    return f"NOT READY: {whose}{' '.join(first.what.split())}{help_}"


def _sinks(findings: Sequence[Finding], config: Config) -> str:
    """How many sinks there are, and how many of them something speaks against."""
    number = len(config.sinks)
    of_sinks = [one for one in findings if one.subject.startswith("sink ")]
    lame = {one.subject for one in of_sinks if one.level in (Level.WARNING, Level.PROBLEM)}
    return f"{number - len(lame)} of {number} sinks" if lame else counted(number, "sink")


def one_line(way: str, lines: str) -> str:
    """The lines of a remedy in one: YAML in its flow style, settings of a unit one after the other."""
    if way == "kubernetes" and isinstance(parsed := yaml.safe_load(lines), dict):
        each = (
            yaml.safe_dump({key: value}, default_flow_style=True, sort_keys=False, width=10_000)
            for key, value in parsed.items()
        )
        return "; ".join(one.strip().removeprefix("{").removesuffix("}") for one in each)
    kept = (line.partition("  #")[0].strip() for line in lines.splitlines())
    return "; ".join(line for line in kept if line and not line.startswith("["))
