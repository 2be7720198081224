"""What the doctor says: findings, tries, and the whole diagnosis."""

from enum import StrEnum

import msgspec

from daemon.doctor.facts import Place


class Level(StrEnum):
    """How much a finding matters: a problem forbids a capture."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


class Remedy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The lines that mend it, by where one runs it; empty where there is no such way."""

    kubernetes: str = ""
    systemd: str = ""
    docker: str = ""
    command: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    check: str
    level: Level
    what: str
    why: str = ""
    remedy: Remedy = Remedy()
    subject: str = "loopcam"  # or a target's name, or `process N`


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """What a real look at a process gave, and what a capture would cost."""

    subject: str
    pid: int
    predicted: bool  # whether the rights, as far as they can be seen, allow it
    outcome: str
    detail: str = ""
    remedy: str = ""
    milliseconds: float = 0.0
    cpu_milliseconds: float = 0.0
    threads: int | None = None
    frames: int | None = None
    sampler: str = ""
    rate_hz: int | None = None
    cpu_share: float | None = None  # of one core, while a capture runs
    reason: str = ""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Everything; `works` says whether a capture would."""

    schema: int = 1
    version: str
    works: bool
    headline: str = ""  # READY, or NOT READY and what to add here
    place: Place = Place.HAND
    findings: tuple[Finding, ...]
    tries: tuple[Try, ...]
