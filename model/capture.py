"""What a capture was: the content of `capture.json`, written once and never changed."""

from enum import StrEnum

import msgspec

from model.artifacts import Artifact
from model.events import Trigger
from model.history import History, measured
from model.signals import SIGNALS_KIND
from model.units import duration

FORMAT = 1
COMPANIONS = (SIGNALS_KIND, "baseline")  # kinds of evidence that go with other evidence


class Outcome(StrEnum):
    """How a capture, or one part of it, ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    ENDED_BEFORE_ATTACH = "ended_before_attach"
    TARGET_EXITED = "target_exited"
    TARGET_STOPPED = "target_stopped"
    NOT_PERMITTED = "not_permitted"
    UNSUPPORTED = "unsupported"
    NOTHING = "nothing"  # a collector had nothing to take; never the outcome of a whole capture
    FAILED = "failed"


class WindowEnd(StrEnum):
    """Why a collection window ended."""

    COLLECTION_TIME = "collection_time"
    ITERATION_ENDED = "iteration_ended"
    TARGET_EXITED = "target_exited"
    SHUTDOWN = "shutdown"
    DAEMON_KILLED = "daemon_killed"
    DISABLED = "disabled"
    CANCELLED = "cancelled"
    KNOWN_STALL = "known_stall"  # no report comes of it
    ESCALATED = "escalated"  # a light capture when its iteration overran, or a drill: one that counts follows


class ProcessIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """The process that was looked at. Its arguments and environment stay out: they carry secrets."""

    pid: int
    start_ticks: int  # /proc/PID/stat field 22
    uid: int
    gid: int
    executable: str
    name: str  # /proc/PID/comm


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One self-contained recording of a sampler. Times are monotonic seconds."""

    path: str  # relative to the report's directory
    sampler: str
    rate_hz: int
    started_s: float  # the sampler's own time zero: when it said that it was ready
    ended_s: float
    missed: int = 0  # samples that the sampler says it could not take
    taken: int | None = None  # samples taken, one per thread and instant, where the sampler says
    behind: bool = False  # the sampler said that it fell behind its rate
    cpu_s: float | None = None  # CPU time that the sampler took, from its start to its end


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """One look at all threads. Times are monotonic seconds."""

    path: str  # the sampler's own words
    states_path: str | None  # scheduler states of the same threads, from /proc
    sampler: str
    at_s: float
    cpu_s: float | None = None  # CPU time that it took


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a recorder took, with what, and why at that rate. Looks may be another sampler's."""

    sampler: str  # that recorded most segments
    version: str
    rate_hz: int  # at the end
    rate_reason: str
    blocking: bool
    choice: str = ""  # why this sampler
    cpu_share: float | None = None  # of one core, over the window, looks included
    adjusted: tuple[str, ...] = ()  # what was changed on the way, and why
    segments: tuple[Segment, ...] = ()
    dumps: tuple[Dump, ...] = ()


class PartOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one recorder or collector fared."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""
    remedy: str = ""

    @property
    def well(self) -> bool:
        """Whether it took all that there was to take."""
        return self.outcome in (Outcome.COMPLETE, Outcome.NOTHING)

    @property
    def said(self) -> str:
        """How it fared, why, and what to do, in a line."""
        said = f"{self.name}: {self.outcome}" + (f": {self.detail}" if self.detail else "")
        return f"{said} ({self.remedy})" if self.remedy else said


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The collection window. Times are monotonic seconds."""

    started_s: float
    ended_s: float
    collection_time_s: float
    end: WindowEnd


class Iteration(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the iteration when the capture closes."""

    id: str | None
    started_s: float
    ended_s: float | None  # None: still in flight


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that happened, from trigger to evidence."""

    format: int = FORMAT
    id: str
    target: str
    labels: dict[str, str]
    triggered_at: str  # RFC 3339, UTC
    wall_minus_monotonic_s: float  # add to a monotonic time to get Unix time
    process: ProcessIdentity | None = None  # None: only its HTTP was within reach
    code_version: str = ""  # equal for processes that run the same code, as far as their files tell
    address: str = ""  # HOST:PORT of its HTTP, where one is configured
    trigger: Trigger
    iteration: Iteration | None
    window: Window
    history: History | None = None  # of healthy iterations, where enough were seen
    outcome: Outcome
    notes: tuple[str, ...] = ()  # such as observer_paused, adopted
    recording: Recording | None = None
    parts: tuple[PartOutcome, ...] = ()
    evidence: tuple[Artifact, ...] = ()
    signature: str = ""  # a quick one, of the first look's stacks; empty where they told nothing
    loopcam_version: str = ""
    host: str = ""

    @property
    def tells(self) -> bool:
        """Whether there is evidence beside what goes with it, or what was asked for was nothing else."""
        if any(each.kind not in COMPANIONS for each in self.evidence):
            return True
        return all(part.well for part in self.parts) and bool(self.evidence)

    @property
    def lacking(self) -> tuple[str, ...]:
        """What of it could not be taken, and why."""
        return tuple(part.said for part in self.parts if not part.well)

    @property
    def lasted_s(self) -> float | None:
        """How long the iteration took, or had taken at the end of the window; None without one."""
        if self.iteration is None:
            return None
        ended_s = self.iteration.ended_s
        return (self.window.ended_s if ended_s is None else ended_s) - self.iteration.started_s

    @property
    def slowness(self) -> str:
        """The iteration's time against that of healthy ones, in words; empty where nothing is known."""
        lasted_s = self.lasted_s
        if self.history is None or lasted_s is None:
            return ""
        so_far = "so far " if self.iteration is not None and self.iteration.ended_s is None else ""
        return f"{so_far}{duration(lasted_s)}, {measured(self.history, lasted_s)}"

    @property
    def pid(self) -> int:
        """The process number; 0 where no process was held."""
        return self.process.pid if self.process else 0

    @property
    def whereabouts(self) -> str:
        """Where the target is, for a reader: its process and this host, or its address."""
        return f"pid {self.process.pid} on {self.host}" if self.process else f"at {self.address}"
