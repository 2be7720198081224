"""The whole diagnosis: facts gathered, judged, and each process really looked at."""

import os
from collections.abc import Iterator

import msgspec

from collectors import SAMPLERS
from collectors.contract import Sampler
from collectors.pyspy import PySpy
from daemon.capture.choice import Sampling
from daemon.capture.plan import sampling
from daemon.config.parts import COLLECTOR_FAMILY
from daemon.config.settings import Config, Selector, Target
from daemon.doctor import addresses, bounds, gather, ourselves, places, probes, process, remedies
from daemon.doctor.access import Obstacle, obstacles
from daemon.doctor.facts import Own
from daemon.doctor.findings import Diagnosis, Finding, Level, Remedy, Try
from daemon.doctor.headline import headline
from daemon.doctor.trial import tried
from daemon.evidence import version
from daemon.targets.find import find
from daemon.targets.units import Units
from model.capture import Outcome
from model.errors import CollectorError, TargetError
from model.units import Seconds

OURSELVES = "a process of our own"
_REFUSED = {Obstacle.PYTHON_FILES}  # that a sampler may do without


class _Patient(msgspec.Struct, frozen=True, kw_only=True):
    """A process to look at, and by what."""

    subject: str
    pid: int
    how: Sampling


def diagnosis(
    pid: int | None, config: Config | None, *, reach: bool = False, probe: bool = False
) -> Diagnosis:
    """Of one process, or of a configuration's targets, or of ourselves alone."""
    findings: list[Finding] = []
    tries: list[Try] = []
    samplers = {kind: _sampler(kind) for kind in SAMPLERS}
    findings += [_installed(kind, sampler) for kind, sampler in samplers.items()]
    program = _program(samplers["pyspy"])
    own = gather.own(program)
    findings = [*ourselves.judged(own), *_bounds(own, config), *findings]
    if config is not None:
        findings += places.judged(config, own, reach=reach)
    if config is not None and probe:
        findings += probes.judged(config)
    for patient in _patients(own, pid, config, findings):
        _examine(own, patient, findings, tries)
    worked = all(one.outcome in (Outcome.COMPLETE, Outcome.TARGET_STOPPED) for one in tries)
    free = not any(finding.level is Level.PROBLEM for finding in findings)
    works = worked and free
    return Diagnosis(
        version=version(),
        works=works,
        headline=headline(findings, tries, config, own.place, works=works),
        place=own.place,
        findings=tuple(findings),
        tries=tuple(tries),
    )


def _bounds(own: Own, config: Config | None) -> Iterator[Finding]:
    targets = config.targets if config else ()
    hows = [how for target in targets if (how := sampling(target)) is not None]
    return bounds.judged(own, targets=len(targets), blocking=any(how.looker.pauses_target() for how in hows))


def _patients(
    own: Own, pid: int | None, config: Config | None, findings: list[Finding]
) -> Iterator[_Patient]:
    if pid is not None:
        yield _Patient(subject=f"process {pid}", pid=pid, how=_usual(pid))
    if config is not None:
        yield from _targets(own, config, findings)
    if pid is None and (config is None or all(target.process.peer for target in config.targets)):
        yield _Patient(subject=OURSELVES, pid=os.getpid(), how=_usual(os.getpid()))


def _targets(own: Own, config: Config, findings: list[Finding]) -> Iterator[_Patient]:
    """The targets whose processes are there; what is to be said of the others."""
    units = Units()
    found = find({target.name: target.process for target in config.targets if target.process.given}, units)
    for target in config.targets:
        how = sampling(target)
        if target.address:
            findings += addresses.judged(target)
        if not target.process.given:
            continue
        if target.name not in found:
            findings.append(_missing(own, target, units))
        elif how is not None:
            yield _Patient(subject=target.name, pid=found[target.name], how=how)
        else:
            what = "it takes no stacks: no right to look is needed"
            findings.append(Finding(check="access", level=Level.OK, what=what, subject=target.name))


def _usual(pid: int) -> Sampling:
    """How stacks are taken of a target that nothing is configured of."""
    target = Target(name="target", process=Selector(pid=pid), max_loop_time=Seconds(1))
    return Sampling(name="pyspy", looker=PySpy()) if (how := sampling(target)) is None else how


def _missing(own: Own, target: Target, units: Units) -> Finding:
    if target.process.peer:
        what = "its process is the first that sends a heartbeat: give --pid to look at it"
        return Finding(check="process", level=Level.NOTE, what=what, subject=target.name)
    if target.process.unit is not None:
        absent = units.absence(target.process.unit)
        mend = Remedy(command=absent.remedy)
        return Finding(
            check="process", level=Level.PROBLEM, what=absent.detail, remedy=mend, subject=target.name
        )
    why = "nothing that is to be seen from here fits its `process`"
    mend = remedies.shared_processes()
    if own.others_visible:
        mend = Remedy(command="start it, or mend its `process`")
    what = "its process is not there"
    return Finding(check="process", level=Level.PROBLEM, what=what, why=why, remedy=mend, subject=target.name)


def _examine(own: Own, patient: _Patient, findings: list[Finding], tries: list[Try]) -> None:
    try:
        subject = gather.subject(patient.pid)
        before = obstacles(own, subject)
        allowed = not set(before) - _REFUSED
        one = tried(patient.how, patient.pid, patient.subject, predicted=allowed)
    except TargetError as error:
        findings.insert(0, _out_of_sight(own, str(error), patient.subject))  # nothing else matters then
        return
    tries.append(one)
    findings += _reconciled(process.judged(own, subject, patient.subject), one)


def _out_of_sight(own: Own, what: str, subject: str) -> Finding:
    why = "it ended, or it lives in a PID namespace that is not ours"
    mend = Remedy() if own.others_visible else remedies.shared_processes()
    return Finding(check="process", level=Level.PROBLEM, what=what, why=why, remedy=mend, subject=subject)


def _reconciled(found: tuple[Finding, ...], one: Try) -> Iterator[Finding]:
    """The kernel has the last word: what it allowed is no problem, what it refused is one."""
    worked = one.outcome == Outcome.COMPLETE
    for finding in found:
        if worked and finding.level is Level.PROBLEM:
            yield msgspec.structs.replace(finding, level=Level.NOTE)
        else:
            yield finding
    if worked or any(finding.level is Level.PROBLEM for finding in found):
        return
    if one.outcome == Outcome.NOT_PERMITTED:
        what, why = (
            "the kernel refused",
            "the ids and capabilities allow it: seccomp, AppArmor or SELinux do not",
        )
        mend = remedies.sandbox()
    elif one.outcome == Outcome.TARGET_STOPPED:
        return
    else:
        what, why, mend = one.detail, "that is what the sampler said", Remedy(command=one.remedy)
    yield Finding(check="look", level=Level.PROBLEM, what=what, why=why, remedy=mend, subject=one.subject)


def _sampler(kind: str) -> Sampler:
    made = COLLECTOR_FAMILY.find(kind)()
    assert isinstance(made, Sampler)  # noqa: S101  # every name of SAMPLERS is one
    return made


def _program(sampler: Sampler) -> str:
    try:
        return sampler.trial(1).argv[0]
    except CollectorError:  # told by `_installed`
        return ""


def _installed(kind: str, sampler: Sampler) -> Finding:
    """Whether a sampler's program is there; py-spy is needed, others are for choice."""
    try:
        what = f"{kind} {sampler.version()}: {_program(sampler)}"
    except CollectorError as error:
        level = Level.PROBLEM if kind == "pyspy" else Level.NOTE
        mend = Remedy(command=error.remedy)
        return Finding(check="sampler", level=level, what=f"{kind}: {error}", remedy=mend)
    return Finding(check="sampler", level=Level.OK, what=what)
